import RotationModel

#if Postgres
import TokenLedgerPostgres
#endif

/// Where the sessions, the accounts and the keys of a server are kept: the section `store`. All but ``kind`` is for a
/// database.
struct StoreSettings {
  var kind = StoreKind.embedded
  /// The database as a URL or a connection string of libpq, which can hold a password: it goes into no output. Empty
  /// with ``StoreKind/embedded``.
  var database = ""
  /// The schema that has the tables.
  var schema = StoreSettings.standardSchema
  /// How many connections change sessions, beside the one that follows the other instances.
  var connections = 2
  var standby = StandbySetting.required
  /// The paths of the files that seal the keys in the database, the first of them new ones; empty if the keys are in
  /// ``keyFolder``.
  var masterKeys: [String] = []
  /// The folder of the key files, which every instance has alike; empty if the keys are in the database.
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

  /// Refuses what libpq would not read.
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

/// `store.kind`.
enum StoreKind: String, CaseIterable {
  case embedded
  case postgres
}

/// `store.standby`, and the option of the commands on a database.
enum StandbySetting: String, CaseIterable {
  case required
  case none
}

/// `store.onStale`.
enum StaleSetting: String, CaseIterable {
  case serve
  case refuse
}
