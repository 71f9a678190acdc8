#if Postgres
/// The accounts of one kind as they were read from records, with the last change that they cover.
struct RecordedAccounts<Entry: AccountEntry>: Sendable {
  private(set) var document = AccountDocument<Entry>()
  /// The number of the change up to which all are in `document`.
  private(set) var newest = Int64.min

  /// Creates the accounts before the first reading.
  init() {}

  /// Returns the accounts with newer records in place of those with their names, or nil if others were removed, so that
  /// all must be read.
  ///
  /// Only the newer records are parsed. `count` is the number of all records.
  func replacing(
    _ records: [AccountRecord], count: Int, path: String
  ) throws(AccountError) -> RecordedAccounts? {
    var new = self
    for record in records { new.document.put(try RecordedAccounts.entry(of: record, path: path)) }
    guard new.document.entries.count == count else { return nil }
    new.note(records)
    return new
  }

  /// Returns the accounts of all records, in the order of the records.
  ///
  /// Entries that these accounts already have of a record are not parsed again.
  func replaced(by all: [AccountRecord], path: String) throws(AccountError) -> RecordedAccounts {
    var entries: [Entry] = []
    entries.reserveCapacity(all.count)
    for record in all {
      if record.change <= newest, let known = document[record.name] {
        entries.append(known)
      } else {
        entries.append(try RecordedAccounts.entry(of: record, path: path))
      }
    }
    var new = self
    new.document = AccountDocument(entries)
    new.note(all)
    return new
  }

  static func entry(of record: AccountRecord, path: String) throws(AccountError) -> Entry {
    try AccountDocument.entry(json: record.body, name: record.name, path: path)
  }

  private mutating func note(_ records: [AccountRecord]) {
    newest = max(newest, records.lazy.map(\.change).max() ?? newest)
  }
}
#endif
