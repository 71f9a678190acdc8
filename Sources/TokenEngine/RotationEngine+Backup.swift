internal import Platform
public import SystemPackage
internal import TokenLedger
internal import TokenSigning
internal import WriteAheadLog

/// Copies of an engine's folder, and their restoring.
extension RotationEngine {
  /// Copies the log, with everything that was acknowledged before the call, and the keys to a new folder, even while
  /// the engine works.
  ///
  /// The copy is durable on return.
  ///
  /// The copy is marked. Tokens that are consumed after it was made would be live again, so it opens only after
  /// ``restoreBackup(in:)``, which ends its sessions. The copy is as secret as the folder itself. The cost is reading
  /// and writing the log beside the engine; no request waits.
  ///
  /// - Parameters:
  ///   - folder: The new folder, created with mode 0700 if it does not exist. It must not hold a log or keys yet.
  ///   - includesKeys: False if the keys are kept elsewhere; without them no token verifies.
  /// - Throws: ``EngineError/log(_:)`` if the log cannot be read or copied, ``EngineError/keys(_:)`` for the keys, and
  ///   ``EngineError/invalid(field:limit:)`` for an engine in memory or on a ledger of the caller's.
  public func backUp(to folder: FilePath, includesKeys: Bool = true) async throws(EngineError) {
    guard recovery != nil else {
      throw .invalid(field: "ledger", limit: "that of an engine that was opened in a folder")
    }
    let keys = try keyFolder
    let source = FilePath(keys).removingLastComponent()
    try await BlockingWork.run { () throws(EngineError) in
      do { try PrivateFolder.make(folder) } catch {
        throw .keys("cannot create \(folder): \(error); name a folder whose parent exists and is writable")
      }
      do throws(LogError) {
        _ = try LogCopy.make(
          of: FolderStorage(path: source.appending("log")), in: FolderStorage(path: folder.appending("log")))
      } catch {
        throw .log(error)
      }
      guard includesKeys else { return }
      do { try KeyFiles(folder: keys).copy(to: folder.appending("keys").string) } catch { throw .keys("\(error)") }
    }
  }

  /// Makes a backup in the folder ready to be opened, by ending every session and one-time token in it.
  ///
  /// Tokens that were consumed after the backup are live in it, and nothing can tell which.
  ///
  /// The folder must not be open. The call takes as long as a start.
  ///
  /// - Returns: The number of sessions that ended.
  /// - Throws: ``EngineError/invalid(field:limit:)`` if there is no log, ``EngineError/log(_:)`` if it is damaged or
  ///   another process has it open.
  @discardableResult
  public static func restoreBackup(in folder: FilePath) async throws(EngineError) -> Int {
    guard FileStatus(folder.appending("log").string) != nil else {
      throw .invalid(field: "folder", limit: "one with a log in it")
    }
    do {
      return try await RefreshLedger.settle(folder: folder.appending("log"), keepsSessions: false).sessionsEnded
    } catch {
      throw .log(error)
    }
  }
}
