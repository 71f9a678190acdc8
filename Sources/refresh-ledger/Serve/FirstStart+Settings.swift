import SystemPackage
import TokenAccounts
import TokenEngine
import TokenHTTP
import TokenSigning

extension FirstStart {
  /// What a start makes in a data folder, and `init` too, whose keys are there already.
  static func make(
    users: SubjectFile, clients: ClientFile, folder: FilePath, settings: ServerSettings
  ) throws(CommandFailure) -> FirstStart {
    let expired: String
    do throws(KeyFailure) { expired = try ExpiredToken.make(dataFolder: folder, options: settings.engine) } catch {
      throw CommandFailure(error)
    }
    do throws(AccountFailure) {
      return try FirstStart(users: users, clients: clients, wire: settings.http.wire, expiredToken: expired)
    } catch {
      throw CommandFailure(error)
    }
  }
}
