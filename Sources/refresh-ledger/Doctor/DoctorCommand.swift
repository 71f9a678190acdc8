import ArgumentParser
import Platform
import SystemPackage
import TokenEngine

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Checks a server's configuration and its data folder or database, and says what is wrong and how to fix it.",
    discussion: """
      Works whether the server runs or not. Changes nothing, except that it writes a file of 1 MiB to the data folder \
      to measure the disk, and removes it again. Exits with 1 if there is a problem; a warning is not a problem.
      """)

  @OptionGroup var place: StoreOptions

  @Flag(help: "Print one JSON object for each finding.")
  var json = false

  func run() async throws {
    var report = FindingReport(isJSON: json)
    let (settings, configured) = try readSettings()
    guard let settings else {
      try report.tell([configured])
      return try report.end()
    }
    switch settings.store.kind {
    case .embedded:
      // This is checked before any output: the user may have mistyped the name.
      try DataFolder.require(place.data.path)
      try report.tell([configured])
      try examine(place.data, settings, &report)
    case .postgres:
      try report.tell([configured])
      #if Postgres
      try report.tell(DatabaseProbe(settings, isWhole: true).findings())
      #endif
      try report.tell(DoctorCertificate(settings: settings).findings())
      try report.tell(DoctorSystem(settings: settings, isServed: false).findings())
    }
    try report.end()
  }

  private func examine(
    _ data: DataFolderOption, _ settings: ServerSettings, _ report: inout FindingReport
  ) throws(CommandError) {
    try report.tell(DoctorIssuer(folder: data.path, settings: settings).findings())
    let holder = LockHolder.find(folder: data.logFolder.string)
    try report.tell(DoctorFolder(data: data).findings())
    try report.tell([serverFinding(holder)])
    try report.tell(DoctorAccounts(data: data, settings: settings).findings())
    try report.tell(DoctorCertificate(settings: settings).findings())
    try report.tell(DoctorSystem(settings: settings, isServed: holder != nil).findings())
    try report.tell(DoctorDisk(data: data, settings: settings).findings())
    try report.tell(DoctorLog(data: data, settings: settings, isServed: holder != nil).findings())
  }

  /// Reads the settings as `serve` would.
  ///
  /// If it would refuse them, they are the defaults with the section `store`, or nil if that cannot be read either.
  private func readSettings() throws(CommandError) -> (ServerSettings?, DoctorFinding) {
    let from = place.database.configPath ?? "the defaults"
    do throws(CommandError) {
      let settings = try place.settings()
      let variables = Terminal.environment.keys.filter { $0.hasPrefix(SettingKey.environmentPrefix) }.count
      let rest = variables == 0 ? "" : ", and \(variables) environment variables"
      return (settings, .ok("configuration", "\(from)\(rest): every setting is good"))
    } catch {
      // If the file does not exist, the user may have mistyped its name.
      guard error.status == .configuration else { throw error }
      var settings = ServerSettings.standard
      guard let store = place.readableStore() else { return (nil, .problem("configuration", error.description)) }
      settings.store = store
      return (settings, .problem("configuration", error.description + "; the checks below use the defaults"))
    }
  }

  private func serverFinding(_ holder: Int32?) -> DoctorFinding {
    guard let holder else { return .note("server", "no server has the log open, as far as this system shows") }
    return .note("server", "process \(holder) has the log open")
  }
}

/// The process that has a log open, found without taking its lock: a server that starts meanwhile would be refused
/// because of that.
enum LockHolder {
  /// Returns the process that holds the lock of the log in `folder`, or nil if this system shows none.
  static func find(folder: String) -> Int32? {
    guard let status = FileStatus("\(folder)/lock"),
      let bytes = try? InputFile.read("/proc/locks", "list of locks", bytesMax: 4 << 20)
    else { return nil }
    return holder(of: status.number, in: String(decoding: bytes, as: UTF8.self))
  }

  /// Returns the process that holds the lock of the file with this number.
  ///
  /// The device is not compared, since some file systems show a different one here.
  static func holder(of number: UInt64, in locks: String) -> Int32? {
    for line in locks.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE", let holder = Int32(words[4]),
        words[5].split(separator: ":").last.flatMap({ UInt64($0) }) == number
      else { continue }
      return holder
    }
    return nil
  }
}
