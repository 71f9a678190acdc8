/// An entry of an account file, with its name and the members that its JSON object can have.
protocol AccountEntry: Codable, Sendable {
  static var kind: AccountKind { get }
  /// The member of the document that holds the entries.
  static var listMember: String { get }
  /// The member that names the entry.
  static var nameMember: String { get }
  /// The members that an entry can have.
  static var members: [String] { get }
  /// The name in NFC, whatever the file has, since people type account files.
  var name: String { get }
  /// Checks whether the sessions of this entry end when the file has `new`, or nil for no entry, in its place.
  func endsSessions(as new: Self?) -> Bool
}

/// The name of any member, including unexpected ones.
struct AnyMember: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// The error of a refused value in an account file: the fault in a few words, and the fix.
struct EntryError: Error {
  var what: String
  var fix: String
}
