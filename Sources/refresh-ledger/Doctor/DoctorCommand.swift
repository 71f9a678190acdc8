import ArgumentParser
import Platform
import SystemPackage
import TokenEngine

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks a server's configuration and data folder, and says what is wrong and how to fix it.",
    discussion: """
      Works while the server runs and while it does not; changes nothing, save for a file of 1 MiB in the data folder that the \
      disk is measured with and that is removed again. Exit 1 if there is a problem. A warning is none.
      """)

  @OptionGroup var data: DataFolderOption

  @Option(name: .customLong("config"), help: "The configuration file of the server.")
  var configPath: String?

  @Flag(help: "Print one JSON object for each finding.")
  var json = false

  func run() throws {
    try DataFolder.require(data.path)
    var report = FindingReport(isJSON: json)
    let (settings, configured) = try readSettings()
    try report.tell([configured] + DoctorIssuer(folder: data.path, settings: settings).findings())
    let holder = LockHolder.find(folder: data.logFolder.string)
    try report.tell(DoctorFolder(data: data).findings())
    try report.tell([serverFinding(holder)])
    try report.tell(DoctorAccounts(data: data, settings: settings).findings())
    try report.tell(DoctorSystem(settings: settings, isServed: holder != nil).findings())
    try report.tell(DoctorDisk(data: data, settings: settings).findings())
    try report.tell(DoctorLog(data: data, settings: settings, isServed: holder != nil).findings())
    try report.end()
  }

  /// Reads the settings as `serve` would; they are the defaults if it would refuse them.
  private func readSettings() throws(CommandError) -> (ServerSettings, DoctorFinding) {
    let from = configPath ?? "the defaults"
    do throws(CommandError) {
      let sources = try SettingSources(
        flags: [:], environment: Terminal.environment, filePath: configPath)
      let settings = try ServerSettings(sources)
      let variables = Terminal.environment.keys.filter { $0.hasPrefix(SettingKey.environmentPrefix) }.count
      let rest = variables == 0 ? "" : ", and \(variables) variables of the environment"
      return (settings, .ok("configuration", "\(from)\(rest): every setting is good"))
    } catch {
      // A file that is not there is a slip of whoever typed its name.
      guard error.status == .configuration else { throw error }
      let settings = try ServerSettings(try SettingSources(flags: [:], environment: [:], filePath: nil))
      return (settings, .problem("configuration", error.description + "; what follows goes by the defaults"))
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
  /// The process that holds the lock of the log in `folder`; nil if this system shows none.
  static func find(folder: String) -> Int32? {
    guard let status = FileStatus("\(folder)/lock"),
      let bytes = try? InputFile.read("/proc/locks", "list of locks", bytesMax: 4 << 20)
    else { return nil }
    return holder(of: status.number, in: String(decoding: bytes, as: UTF8.self))
  }

  /// The process that holds the lock of the file with this number. Its device is not compared: some file systems show
  /// another one here.
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
