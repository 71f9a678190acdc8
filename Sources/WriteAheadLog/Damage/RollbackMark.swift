/// A file that says: this log may be older than what was served from it.
///
/// It stands in every backup and in a log that a repair cut, and keeps a server from opening them as if nothing had
/// happened: tokens that were spent after the last record would be live again.
enum RollbackMark {
  static let fileName = "rollback.mark"

  static func isSet(in storage: any LogStorage) throws(LogFailure) -> Bool {
    try storage.names().contains(fileName)
  }

  /// Durable on return.
  static func set(in storage: any LogStorage) throws(LogFailure) {
    try storage.open(fileName, for: .creating).sync()
    try storage.syncDirectory()
  }

  static func remove(in storage: any LogStorage) throws(LogFailure) {
    guard try isSet(in: storage) else { return }
    try storage.remove(fileName)
    try storage.syncDirectory()
  }
}
