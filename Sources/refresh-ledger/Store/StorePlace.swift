#if Postgres
import TokenLedgerPostgres
#endif

/// The name of a data folder or of a database, for people, never with a password.
enum StorePlace: Equatable {
  case folder(String)
  case database(String, schema: String)

  init(_ settings: StoreSettings, folder: String) {
    switch settings.kind {
    case .embedded: self = .folder(folder)
    case .postgres: self = .database(settings.databaseName, schema: settings.schema)
    }
  }

  /// The words for a line about the place of a server's data.
  var words: String {
    switch self {
    case .folder(let path): "data in \(path)"
    case .database(let name, StoreSettings.standardSchema): "database \(name)"
    case .database(let name, let schema): "database \(name), schema \(schema)"
    }
  }

  /// The options that name the place, for lines that are pasted into a shell.
  var options: String {
    switch self {
    case .folder(let path): "--data \(ShellText.quoted(path))"
    case .database(let name, StoreSettings.standardSchema): "--database \(ShellText.quoted(name))"
    case .database(let name, let schema):
      "--database \(ShellText.quoted(name)) --schema \(ShellText.quoted(schema))"
    }
  }
}

extension StoreSettings {
  /// The name of the database for people, without its password.
  var databaseName: String {
    #if Postgres
    // A text that libpq does not parse was refused with the settings.
    return (try? DatabaseAddress(database)).map { "\($0)" } ?? "?"
    #else
    return "?"
    #endif
  }
}
