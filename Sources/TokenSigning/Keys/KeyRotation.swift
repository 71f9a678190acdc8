/// The life of the keys of one file: next, current, retiring, gone. Pure: each takes the keys and returns those to write.
enum KeyRotation {
  /// The next key becomes current, the current one retiring, and `newNext` the next one. Where no key is next,
  /// `makeCurrent` makes the one that becomes current.
  static func rotated(
    _ records: [KeyRecord], newNext: KeyRecord, nowMilliseconds: Int64, makeCurrent: () -> KeyRecord
  ) -> [KeyRecord] {
    let current = records.first { $0.state == .next } ?? makeCurrent()
    let retired = records.filter { $0.state == .current }.map { $0.retiring(at: nowMilliseconds) }
    return [newNext, current.asCurrent] + retired + records.filter { $0.state == .retiring }
  }

  /// This key as the next one, in place of the one that was.
  static func replacingNext(_ records: [KeyRecord], with key: KeyRecord) -> [KeyRecord] {
    [key] + records.filter { $0.state != .next }
  }

  /// Without this key; nil when none has the id.
  ///
  /// - Parameters:
  ///   - tokenMilliseconds: the longest that a token of these keys lives.
  ///   - force: whether it goes although tokens that it signed may still live.
  static func retired(
    _ records: [KeyRecord], id: String, tokenMilliseconds: Int64, nowMilliseconds: Int64, force: Bool, path: String
  ) throws(KeyChangeFailure) -> [KeyRecord] {
    guard let key = records.first(where: { $0.id.hasSameBytes(as: id) }) else { throw .unknownKey(path: path, id: id) }
    guard key.state == .retiring else { throw .notRetiring(path: path, id: id, state: key.state) }
    if !force {
      guard let retiredAt = key.retiredAt else { throw .tokensAlive(path: path, id: id, untilMilliseconds: nil) }
      let (until, overflow) = retiredAt.addingReportingOverflow(tokenMilliseconds)
      guard !overflow, until <= nowMilliseconds else {
        throw .tokensAlive(path: path, id: id, untilMilliseconds: overflow ? .max - 999 : until)
      }
    }
    return records.filter { !$0.id.hasSameBytes(as: id) }
  }
}
