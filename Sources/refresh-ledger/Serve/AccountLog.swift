import Logging
import TokenEngine

/// Tells the log what happened to the account files.
enum AccountLog {
  static func observer(_ logger: Logger) -> @Sendable (AccountFileEvent) -> Void {
    { event in
      switch event {
      case .reloaded(let path, let entries): logger.info("\(path) was read again: \(entries) entries")
      case .ended(let kind, let names): logger.notice("the sessions of \(names.count) \(kind.rawValue)s end")
      case .refused(let failure): logger.error("what was read before stays in force: \(failure)")
      }
    }
  }
}
