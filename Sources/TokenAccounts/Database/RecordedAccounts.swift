#if Postgres
/// The accounts of one kind as they were read from records, and as of which change.
struct RecordedAccounts<Entry: AccountEntry>: Sendable {
  private(set) var document = AccountDocument<Entry>()
  /// Every change up to this one is in `document`.
  private(set) var newest = Int64.min

  /// Before the first read.
  init() {}

  /// The accounts with newer records in the place of those that had their names; nil if others were removed, so that
  /// all have to be read. Parses the newer ones alone.
  ///
  /// - Parameter count: of all records.
  func replacing(
    _ records: [AccountRecord], count: Int, path: String
  ) throws(AccountError) -> RecordedAccounts? {
    var new = self
    for record in records { new.document.put(try RecordedAccounts.entry(of: record, path: path)) }
    guard new.document.entries.count == count else { return nil }
    new.note(records)
    return new
  }

  /// The accounts of records that are all there are, in the order of the records. An entry that this has of a record
  /// already is not parsed again.
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
