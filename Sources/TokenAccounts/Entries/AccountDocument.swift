internal import FoundationEssentials
internal import Platform
internal import TokenLedger
internal import TokenSigning

/// The document in an account file: `{"version": 1, "users": [...]}`.
///
/// Unknown members are refused, since a misspelt `enabled` must not leave a user enabled.
struct AccountDocument<Entry: AccountEntry>: Sendable {
  /// The entries in the order of the file.
  private(set) var entries: [Entry] = []
  /// The positions of the entries by name.
  private var positions: [String: Int] = [:]
  /// The names that the file has in another Unicode normal form than NFC, unchanged.
  private(set) var otherSpellings: [String] = []
  /// The names by their lower-case forms; nil if several names have the same form.
  private var lowered: [String: String?] = [:]

  /// The entry of a name in any spelling, since a token of an older release can carry another one.
  ///
  /// A name that is too long is not even hashed.
  subscript(name: String) -> Entry? {
    let name = NameForm.typed(name)
    guard name.utf8.count <= AccountText.nameBytesMax, let position = positions[name] else { return nil }
    return entries[position]
  }

  /// Returns the name itself if an entry has it, and else the name of the only entry that is equal to it in lower case.
  ///
  /// The call takes the same time in each case.
  func name(ignoringCase name: String) -> String? {
    guard name.utf8.count <= AccountText.nameBytesMax else { return nil }
    let alike = lowered[name.lowercased()] ?? nil
    return self[name]?.name ?? alike
  }

  private mutating func noteLowered(_ name: String) {
    let key = name.lowercased()
    lowered.updateValue(lowered[key] == nil ? name : nil, forKey: key)
  }

  /// Makes the change of one entry; a new entry is added at the end.
  mutating func make(_ change: AccountChange<Entry>, path: String) throws(AccountError) {
    let found = self[change.name]
    let new = try change.result(of: found, count: entries.count, path: path)
    switch (found, new) {
    case (_, let new?): put(new)
    case (let found?, nil): remove(found)
    case (nil, nil): break
    }
  }

  /// Adds an entry at the end.
  ///
  /// The caller must have checked that the name is free.
  private mutating func append(_ entry: Entry) {
    positions[entry.name] = entries.count
    noteLowered(entry.name)
    entries.append(entry)
  }

  /// Replaces the entry of the same name.
  private mutating func replace(_ entry: Entry) {
    if let position = positions[entry.name] { entries[position] = entry }
  }

  /// Removes an entry in time linear in the number of entries.
  private mutating func remove(_ entry: Entry) {
    guard let position = positions.removeValue(forKey: entry.name) else { return }
    entries.remove(at: position)
    for (index, entry) in entries.enumerated().dropFirst(position) { positions[entry.name] = index }
    lowered = [:]
    for entry in entries { noteLowered(entry.name) }
  }

  /// Replaces the entry of the same name, or adds the entry at the end if there is none.
  mutating func put(_ entry: Entry) {
    if positions[entry.name] == nil { append(entry) } else { replace(entry) }
  }

  /// Returns the events to report when `new` replaces this document and only entries of these names differ.
  func events(replacedBy new: AccountDocument, names: some Sequence<String>, path: String) -> [AccountFileEvent] {
    let ended = names.filter { self[$0]?.endsSessions(as: new[$0]) ?? false }
    let reloaded = AccountFileEvent.reloaded(path: path, entries: new.entries.count)
    return ended.isEmpty ? [reloaded] : [reloaded, .ended(Entry.kind, names: ended)]
  }
}

extension AccountDocument {
  /// Creates a document with these entries, whose names must differ, in this order.
  init(_ entries: [Entry]) {
    for entry in entries { append(entry) }
  }
}

extension AccountDocument: Codable {
  private static var version: Int { 1 }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyMember.self)
    for key in container.allKeys where !["version", Entry.listMember].contains(key.stringValue) {
      throw EntryError(
        what: "unknown member \(AccountText.quoted(key.stringValue))",
        fix: "the members are version and \(Entry.listMember)")
    }
    let version = try container.decode(Int.self, forKey: AnyMember("version"))
    guard version == AccountDocument.version else {
      throw EntryError(what: "version \(version) is not known", fix: "use version \(AccountDocument.version)")
    }
    var spellings: [String] = []
    var list = try container.nestedUnkeyedContainer(forKey: AnyMember(Entry.listMember))
    while !list.isAtEnd {
      let number = list.currentIndex + 1
      do {
        let (entry, spelling) = try AccountDocument.namedEntry(from: list.superDecoder())
        if let position = positions[entry.name] {
          let isSame = spellings[position].hasSameBytes(as: spelling)
          throw EntryError(
            what: "\(AccountText.quoted(entry.name)) is there twice"
              + (isSame ? "" : ", in two spellings (Unicode forms), first as \(Entry.kind.rawValue) \(position + 1)"),
            fix: "remove one of them")
        }
        if !spelling.hasSameBytes(as: entry.name) { otherSpellings.append(spelling) }
        spellings.append(spelling)
        guard entries.count < AccountText.entriesMax else {
          throw EntryError(what: "one more than the file may hold", fix: "keep \(AccountText.entriesMax) or fewer")
        }
        append(entry)
      } catch {
        let fault = AccountDocument.fault(of: error)
        throw EntryError(what: "\(Entry.kind.rawValue) \(number), \(fault.what)", fix: fault.fix)
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyMember.self)
    try container.encode(AccountDocument.version, forKey: AnyMember("version"))
    try container.encode(entries, forKey: AnyMember(Entry.listMember))
  }

  /// Decodes an entry and the spelling of its name.
  ///
  /// The errors give that name.
  private static func namedEntry(from decoder: any Decoder) throws -> (Entry, spelling: String) {
    let name = try? decoder.container(keyedBy: AnyMember.self)
      .decode(String.self, forKey: AnyMember(Entry.nameMember))
    do {
      let entry = try entry(from: decoder)
      return (entry, name ?? entry.name)
    } catch {
      let fault = fault(of: error)
      throw EntryError(what: "\(name.map { AccountText.quoted($0) + ", " } ?? "")\(fault.what)", fix: fault.fix)
    }
  }

  /// Decodes an entry, which must have no unknown member.
  static func entry(from decoder: any Decoder) throws -> Entry {
    let container = try decoder.container(keyedBy: AnyMember.self)
    for key in container.allKeys where !Entry.members.contains(key.stringValue) {
      throw EntryError(
        what: "unknown member \(AccountText.quoted(key.stringValue))",
        fix: "the members are \(Entry.members.joined(separator: ", "))")
    }
    return try Entry(from: decoder)
  }

  /// Returns the meaning of a decoder's error, without the values, which may be secret.
  static func fault(of error: any Error) -> EntryError {
    switch error {
    case let fault as EntryError: fault
    case AccountError.invalid(let field, let rule): EntryError(what: "member \(field)", fix: rule)
    case DecodingError.keyNotFound(let key, _):
      EntryError(what: "no member \(AccountText.quoted(key.stringValue))", fix: "add it")
    case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
      EntryError(
        what: "member \(AccountText.quoted(context.codingPath.last?.stringValue ?? "document")) is of another type",
        fix: "it must be \(AccountDocument.article(for: type))")
    default: EntryError(what: "is not valid JSON", fix: "correct it or restore it from a copy")
    }
  }

  private static func article(for type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is Int.Type: "a whole number"
    case is [Any].Type: "a list"
    default: "an object"
    }
  }
}

extension AccountDocument {
  /// Reads the bytes of a whole file.
  init(json: [UInt8], path: String) throws(AccountError) {
    // Editors on Windows put the byte order mark of UTF-8 before a text.
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = json.starts(with: mark) ? Array(json.dropFirst(mark.count)) : json
    // The document itself refuses one entry too many, with a better error.
    if let fault = JSONCheck.fault(in: text, elementsMax: AccountText.entriesMax + 1) {
      throw .malformed(
        path: path, what: "line \(fault.line) \(fault.what)", fix: "correct it or restore it from a copy")
    }
    do {
      self = try JSONDecoder().decode(AccountDocument.self, from: Data(text))
    } catch {
      let fault = AccountDocument.fault(of: error)
      throw .malformed(path: path, what: fault.what, fix: fault.fix)
    }
  }

  /// Returns the bytes of the file, with sorted members and one member to a line, so that people can read and compare
  /// them.
  func json(path: String) throws(AccountError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let encoded = try? encoder.encode(self) else {
      throw .malformed(path: path, what: "cannot be encoded as JSON", fix: "restore it from a copy")
    }
    return Array(encoded) + [UInt8(ascii: "\n")]
  }
}
