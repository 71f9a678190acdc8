import TokenLedger
import WriteAheadLog

extension DataFolderOption {
  /// The ledger of the folder, replayed with a bar, for a command that writes; nil while another process has it open. A folder
  /// without a log is 66.
  func openLedger() async throws(CommandFailure) -> RefreshLedger? {
    _ = try LogSurvey.requireLog(in: logFolder)
    var bar = ProgressBar(label: "replaying the log")
    do throws(LedgerFailure) {
      return try await RefreshLedger.open(folder: logFolder) { bar.show($0.bytesRead, of: $0.bytesTotal) }.ledger
    } catch {
      if case .log(.locked) = error { return nil }
      throw CommandFailure(error)
    }
  }
}
