/// One entry of an account file: what it is called, and the members its JSON object may have.
protocol AccountEntry: Codable, Sendable {
  static var kind: AccountKind { get }
  /// The member of the document that holds the entries.
  static var listMember: String { get }
  /// The member that names the entry.
  static var nameMember: String { get }
  /// Every member an entry can have.
  static var members: [String] { get }
  /// In NFC, whatever the file says: an account file is typed by people.
  var name: String { get }
  /// Whether what was opened in this entry's name ends when the file says `new` of that name instead; nil for nothing.
  func endsSessions(as new: Self?) -> Bool
}

/// Any member name, also those that are not expected.
struct AnyMember: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// A value in an account file that is refused: what is wrong in a few words, and the fix.
struct EntryError: Error {
  var what: String
  var fix: String
}
