import TokenEngine
import TokenLedger

/// The history of some sessions in the log: each record that concerns one of them, in order, including wide
/// revocations.
struct SessionLife {
  /// A record, with the sessions among these that it concerns.
  struct Entry {
    var record: LedgerRecord
    var sessions: [SessionID]
  }

  private(set) var entries: [Entry] = []
  private let isWanted: (SessionID, _ subject: String?) -> Bool
  /// The wanted sessions that have not ended, with subject and client.
  private var live: [SessionID: (subject: String, client: String)] = [:]

  init(of session: SessionID) {
    isWanted = { id, _ in id == session }
  }

  init(ofSubject subject: String) {
    isWanted = { _, name in name.map { NameForm.selects(subject, $0) } ?? false }
  }

  mutating func take(_ record: LedgerRecord) {
    if let scope = record.revokes {
      let ended = live.filter { scope.contains(subject: $0.value.subject, client: $0.value.client) }.map(\.key)
      append(record, ended.sorted())
    } else if let session = record.session {
      guard isWanted(session, record.subject) || live[session] != nil else { return }
      append(record, [session])
      note(record, session)
    } else {
      let ended = record.ended.filter { isWanted($0.session, $0.subject) }.map(\.session)
      append(record, ended)
      for session in ended { live[session] = nil }
    }
  }

  /// Returns the entries since the last call, and forgets them.
  mutating func takeEntries() -> [Entry] {
    defer { entries = [] }
    return entries
  }

  private mutating func append(_ record: LedgerRecord, _ sessions: [SessionID]) {
    if !sessions.isEmpty { entries.append(Entry(record: record, sessions: sessions)) }
  }

  private mutating func note(_ record: LedgerRecord, _ session: SessionID) {
    if let client = record.facts.first(where: { $0.name == "client" })?.value, let subject = record.subject {
      live[session] = (subject, client)
    }
  }

  /// Returns the entries in lines for people.
  func table() throws(CommandError) -> String {
    var table = TextTable("SEQUENCE", "TIME", "SESSION", "EVENT", "FACTS")
    for entry in entries {
      for session in entry.sessions {
        table.append(
          "\(entry.record.sequence)", LogRecordLine.time(entry.record.time), session.text, entry.record.kind,
          entry.record.ended.isEmpty ? try LogRecordLine.facts(entry.record) : "")
      }
    }
    return table.text
  }
}
