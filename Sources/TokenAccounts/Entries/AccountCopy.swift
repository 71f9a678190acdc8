/// A copy of all accounts of one kind for moving them from a file to a database or back, each as the bytes that a
/// database keeps of it.
package struct AccountCopy: Sendable {
  /// One account: its name in NFC, and its entry as JSON.
  package struct Record: Sendable {
    package var name: String
    package var body: [UInt8]

    package init(name: String, body: [UInt8]) {
      self.name = name
      self.body = body
    }
  }

  package let records: [Record]

  /// Creates a copy; the store that receives it checks the records.
  package init(_ records: [Record]) {
    self.records = records
  }

  init<Entry: AccountEntry>(_ entries: [Entry], path: String) throws(AccountError) {
    var records: [Record] = []
    records.reserveCapacity(entries.count)
    for entry in entries {
      records.append(Record(name: entry.name, body: try AccountDocument.json(of: entry, path: path)))
    }
    self.records = records
  }

  /// Returns the entries.
  ///
  /// Each is checked as one that was read from the file or the database at `path`, and so are their names.
  func entries<Entry: AccountEntry>(path: String) throws(AccountError) -> [Entry] {
    guard records.count <= AccountText.entriesMax else { throw .full(Entry.kind, path: path) }
    var entries: [Entry] = []
    var names: Set<String> = []
    entries.reserveCapacity(records.count)
    for record in records {
      guard names.insert(record.name).inserted else { throw .exists(Entry.kind, name: record.name) }
      entries.append(try AccountDocument<Entry>.entry(json: record.body, name: record.name, path: path))
    }
    return entries
  }
}
