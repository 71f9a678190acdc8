import RotationModel

#if Postgres
import TokenLedgerPostgres
#endif

/// The section `store`: the place of a server's sessions, accounts and keys.
///
/// All settings but ``kind`` are for a database.
struct StoreSettings {
  var kind = StoreKind.embedded
  /// The database as a URL or a connection string of libpq.
  ///
  /// It can hold a password, so it must not be printed. It is empty with ``StoreKind/embedded``.
  var database = ""
  /// The schema that has the tables.
  var schema = StoreSettings.standardSchema
  /// The number of connections that change sessions, beside the one that follows the other instances.
  var connections = 2
  var standby = StandbySetting.required
  /// The paths of the files that seal the keys in the database, of which the first seals new keys; empty if the keys
  /// are in ``keyFolder``.
  var masterKeys: [String] = []
  /// The folder of the key files, which every instance has with the same contents; empty if the keys are in the
  /// database.
  var keyFolder = ""
  var requestDeadline = Duration.seconds(10)
  var staleAfter = Duration.seconds(5)
  var onStale = StaleSetting.serve
  var eventRetention = Duration.seconds(90 * 86_400)

  static let standardSchema = "refresh_ledger"
  static let connectionsLimit = 1...16
  static let masterKeysMax = 8
  static let requestDeadlineLimit = Limit.durations(.milliseconds(100)...(.seconds(60)))
  static let staleAfterLimit = Limit.durations(.milliseconds(200)...(.seconds(3600)))
  static let eventRetentionLimit = Limit.durations(.seconds(3600)...(.seconds(3660 * 86_400)))

  /// Checks that libpq can parse the text.
  static func checked(database text: String) throws(SettingError) -> String {
    guard !text.isEmpty else { return text }
    #if Postgres
    do { _ = try DatabaseAddress(text) } catch {
      throw SettingError(error.words.replacing("the database's address ", with: ""))
    }
    return text
    #else
    throw SettingError("cannot be used: this build has no PostgreSQL; take one with the package trait Postgres")
    #endif
  }
}

/// The values of `store.kind`.
enum StoreKind: String, CaseIterable {
  case embedded
  case postgres
}

/// The values of `store.standby`, and of the option of the commands on a database.
enum StandbySetting: String, CaseIterable {
  case required
  case none
}

/// The values of `store.onStale`.
enum StaleSetting: String, CaseIterable {
  case serve
  case refuse
}
