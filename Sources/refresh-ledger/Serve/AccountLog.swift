import Logging
import Synchronization
import TokenAccounts

/// Tells the log what happens to the account files, once the start has made what was missing in them.
final class AccountLog: Sendable {
  private let logger: Logger
  private let hasBegun = Atomic(false)

  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Says what the start made. What it wrote into the files was no news until then.
  func begin(after first: FirstStart) {
    hasBegun.store(true, ordering: .relaxed)
    let made = first.made
    guard !made.isEmpty else { return }
    logger.notice("first start: made \(made.joined(separator: " and ")), whose secrets are on the standard output")
  }

  func tell(_ event: AccountFileEvent) {
    switch event {
    case .reloaded(let path, let entries):
      guard hasBegun.load(ordering: .relaxed) else { return }
      logger.info("\(path) was read again: it has \(FigureText.entries(entries))")
    case .ended(let kind, let names):
      logger.notice("the sessions of \(FigureText.counted(names.count, kind.rawValue)) end")
    case .refused(let failure): logger.error("what was read before stays in force: \(failure)")
    }
  }
}
