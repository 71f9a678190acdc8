import ArgumentParser

/// The options that name a database and its use: settings of the section `store`, of which the configuration and the
/// environment can have the rest.
struct DatabaseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The database that instances share (store.database), such as postgresql://user@host/name.", valueName: "url"))
  var database: String?

  @Option(help: ArgumentHelp("With a database: the schema that has the tables (store.schema).", valueName: "name"))
  var schema: String?

  @Option(
    help: ArgumentHelp(
      "With a database: whether each commit must wait for a standby, required or none (store.standby).",
      valueName: "standby"))
  var standby: String?

  @Option(
    name: .customLong("master-key"),
    help: ArgumentHelp(
      """
      With a database: the files of the master keys that decrypt the signing keys in it, separated by commas \
      (store.masterKey).
      """, valueName: "files"))
  var masterKey: String?

  @Option(
    name: .customLong("key-folder"),
    help: ArgumentHelp(
      "With a database: the folder of the signing keys, if they are not in the database (store.keyFolder).",
      valueName: "folder"))
  var keyFolder: String?

  @Option(name: .customLong("config"), help: "A configuration file, YAML or JSON.")
  var configPath: String?

  /// The settings that the options name, for ``SettingSources``.
  var flags: [SettingKey: String] {
    var flags: [SettingKey: String] = [:]
    flags[.storeDatabase] = database
    flags[.storeSchema] = schema
    flags[.storeStandby] = standby
    flags[.storeMasterKey] = masterKey
    flags[.storeKeyFolder] = keyFolder
    return flags
  }

  /// Returns all sources of settings, for a command that needs those of a server.
  func sources(_ more: [SettingKey: String] = [:]) throws(CommandError) -> SettingSources {
    try SettingSources(
      flags: flags.merging(more) { own, _ in own }, environment: Terminal.environment, filePath: configPath)
  }

  /// Returns the sources of the sections `store` and `tokens`; other settings in the environment are ignored.
  func storeSources(_ more: [SettingKey: String] = [:]) throws(CommandError) -> SettingSources {
    try storeSources(more, filePath: configPath)
  }

  fileprivate func storeSources(
    _ more: [SettingKey: String], filePath: String?
  ) throws(CommandError) -> SettingSources {
    let environment = Terminal.environment.filter { name, _ in
      ["STORE_", "TOKENS_"].contains { name.hasPrefix(SettingKey.environmentPrefix + $0) }
    }
    return try SettingSources(
      flags: flags.merging(more) { own, _ in own }, environment: environment, filePath: filePath)
  }

  /// Returns the settings of a database, for a command that works on nothing else.
  func settings(_ more: [SettingKey: String] = [:]) throws(CommandError) -> ServerSettings {
    let settings = try ServerSettings(storeOf: storeSources(more))
    guard settings.store.kind == .postgres else {
      throw CommandError(
        .usage, "no database is named; name it with --database, REFRESH_LEDGER_STORE_DATABASE or store.database")
    }
    return settings
  }
}

/// The options that name either a data folder or a database.
struct StoreOptions: ParsableArguments {
  @OptionGroup var data: DataFolderOption
  @OptionGroup var database: DatabaseOptions

  func validate() throws {
    guard data.given == nil || database.database == nil else {
      throw ValidationError("name either a folder with --data or a database with --database")
    }
  }

  /// Refuses a folder or a database that was named beside a server.
  func refuse(beside url: String?) throws {
    guard url == nil || data.given == nil && database.flags.isEmpty && database.configPath == nil else {
      throw ValidationError("name either a server with --url, or a folder with --data, or a database with --database")
    }
  }

  /// Returns the settings of the server that works on it, checked as `serve` checks them.
  func settings(_ more: [SettingKey: String] = [:]) throws(CommandError) -> ServerSettings {
    let sources = try database.sources(more)
    let settings = try ServerSettings(sources)
    try refuseFolder(beside: settings.store, sources)
    return settings
  }

  /// Returns the place of sessions, accounts and keys, for a command that needs no other settings.
  func storeSettings() throws(CommandError) -> ServerSettings {
    let sources = try database.storeSources()
    let settings = try ServerSettings(storeOf: sources)
    try refuseFolder(beside: settings.store, sources)
    return settings
  }

  /// Returns the store of settings that are refused as a whole, with the file or, if that cannot be read, without it.
  ///
  /// Returns nil if the store itself is refused.
  func readableStore() -> StoreSettings? {
    for path in [database.configPath, nil] {
      let sources = try? database.storeSources([:], filePath: path)
      if let sources, let settings = try? ServerSettings(storeOf: sources) { return settings.store }
    }
    return nil
  }

  /// Refuses a folder on the command line if other settings name a database, since one of the two would be ignored.
  private func refuseFolder(beside store: StoreSettings, _ sources: SettingSources) throws(CommandError) {
    guard data.given != nil, store.kind == .postgres else { return }
    throw sources.fault(
      .storeDatabase, "cannot be used with --data: sessions are either in a folder or in a database; leave one out")
  }
}
