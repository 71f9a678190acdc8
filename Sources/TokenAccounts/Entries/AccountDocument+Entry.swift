internal import FoundationEssentials
internal import Platform

extension AccountDocument {
  /// A single entry, with all checks of one in a file.
  private struct Single: Decodable {
    let entry: Entry

    init(from decoder: any Decoder) throws { entry = try AccountDocument.entry(from: decoder) }
  }

  /// Reads the entry in a record of this name.
  ///
  /// Errors name `path`, the file or the database that is read.
  static func entry(json: [UInt8], name: String, path: String) throws(AccountError) -> Entry {
    func malformed(_ what: String, _ fix: String) -> AccountError {
      .malformed(path: path, what: "\(Entry.kind.rawValue) \(AccountText.quoted(name)), \(what)", fix: fix)
    }
    if let fault = JSONCheck.fault(in: json, elementsMax: 1) {
      throw malformed("line \(fault.line) \(fault.what)", "correct it or restore it from a copy")
    }
    let entry: Entry
    do {
      entry = try JSONDecoder().decode(Single.self, from: Data(json)).entry
    } catch {
      let fault = AccountDocument.fault(of: error)
      throw malformed(fault.what, fault.fix)
    }
    guard entry.name.hasSameBytes(as: name) else {
      throw malformed("has another name inside, \(AccountText.quoted(entry.name))", "remove it and add it again")
    }
    return entry
  }

  /// Returns the bytes of a record for an entry: an entry of the file in one line, with sorted members.
  static func json(of entry: Entry, path: String) throws(AccountError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let encoded = try? encoder.encode(entry) else {
      throw .malformed(
        path: path, what: "\(Entry.kind.rawValue) \(AccountText.quoted(entry.name)) cannot be encoded as JSON",
        fix: "restore it from a copy")
    }
    return Array(encoded)
  }
}
