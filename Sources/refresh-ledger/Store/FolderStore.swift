import TokenAccounts
import TokenEngine
import TokenLedger
import TokenSigning
import WriteAheadLog

/// A data folder.
///
/// Sessions are read from its log beside a running server and without its lock, and revoked with the log open.
struct FolderStore: CommandStore {
  let data: DataFolderOption

  var place: String { data.path }

  func users() throws(CommandError) -> any SubjectDirectory { try data.users() }
  func clients() throws(CommandError) -> any ClientDirectory { try data.clients() }

  func keys() throws(CommandError) -> any KeySource { FolderKeys(folder: try data.keyFolder()) }

  func sessions(
    of scope: SessionScope, isCounted: Bool, _ page: ([Session], Int) throws(CommandError) -> Void
  ) throws(CommandError) -> String {
    var reader = LedgerRecordReader()
    let survey = try LogSurvey(folder: data.logFolder, label: "reading the log") {
      (frame, payload) throws(RecordError) in
      try reader.read(frame, payload)
    }
    let sessions = reader.sessions(of: scope, at: SessionClock.system.now())
    try page(sessions, sessions.count)
    let summary = survey.summary
    return "as of record \(summary.lastSequence) of log \(summary.identity?.description ?? "-"), epoch \(summary.epoch)"
  }

  func story(of session: SessionID) throws(CommandError) -> SessionStory? {
    var life = SessionLife(of: session)
    var reader = LedgerRecordReader()
    _ = try LogSurvey(folder: data.logFolder, label: "reading the log") { (frame, payload) throws(RecordError) in
      try reader.read(frame, payload) { life.take($0) }
    }
    guard !life.entries.isEmpty else { return nil }
    return SessionStory(
      session: reader.session(session, at: SessionClock.system.now()).map(SessionRow.init),
      life: life.entries.map { LogRecordLine($0.record) }, table: try life.table())
  }

  func revoke(_ session: SessionID) async throws(CommandError) -> Bool {
    try await withLedger { (ledger) throws(LedgerError) in try await ledger.revoke(session) }
  }

  func revoke(_ scope: SessionScope) async throws(CommandError) -> Int {
    try await withLedger { (ledger) throws(LedgerError) in try await ledger.revoke(scope) }
  }

  func close() {}

  private func withLedger<Outcome>(
    _ work: (RefreshLedger) async throws(LedgerError) -> Outcome
  ) async throws(CommandError) -> Outcome {
    guard let ledger = try await data.openLedger() else {
      throw CommandError(.temporary, "\(data.path): a server has the log open; ask it with --url, or stop it first")
    }
    do throws(LedgerError) {
      let outcome = try await work(ledger)
      try await ledger.close()
      return outcome
    } catch {
      try? await ledger.close()
      throw CommandError(error)
    }
  }
}
