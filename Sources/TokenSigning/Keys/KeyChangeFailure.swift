/// Why keys were not changed. The description is one line: where, what, the fix. It never holds a key.
package enum KeyChangeFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// The files cannot be read or written, or the new key is none.
  case files(KeyFailure)
  /// Another program is changing the keys.
  case locked(path: String)
  /// The file holds as many keys as it may.
  case full(path: String)
  /// No key of the file has this key id.
  case unknownKey(path: String, id: String)
  /// The key to retire still signs, or has never signed.
  case notRetiring(path: String, id: String, state: SigningKey.State)
  /// Tokens that the key signed may live until then: milliseconds since the epoch, nil where the file does not say since
  /// when the key is retiring.
  case tokensAlive(path: String, id: String, untilMilliseconds: Int64?)

  package var description: String {
    switch self {
    case .files(let failure): failure.description
    case .locked(let path): "\(path): another program is changing the keys; try again"
    case .full(let path): "\(path): holds \(KeyFile.keysMax) keys; retire those whose tokens have expired"
    case .unknownKey(let path, let id): "\(path): has no key \(ByteWriter.jsonText(id)); list the keys for their ids"
    case .notRetiring(let path, let id, let state):
      "\(path): key \(ByteWriter.jsonText(id)) is \(state.rawValue), not retiring; rotate the keys first"
    case .tokensAlive(let path, let id, let until):
      "\(path): tokens that key \(ByteWriter.jsonText(id)) signed may be in use \(Self.moment(until))"
    }
  }

  private static func moment(_ until: Int64?) -> String {
    guard let until else {
      return "for as long as tokens last, as the file does not say since when; wait so long, then force it"
    }
    return "until \((until + 999) / 1000) (seconds since 1970); wait until then, or force it, and they are refused"
  }
}
