import ArgumentParser
import Logging
import Platform

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: """
      Runs the server. SIGTERM and SIGINT end it once the requests under way are finished; SIGHUP reads users, \
      clients, keys and certificate again.
      """,
    discussion: """
      Every setting can be given in the file, in the environment (http.port is REFRESH_LEDGER_HTTP_PORT) and, if it \
      has one, with an option here. An option takes precedence over the environment, and the environment over the \
      file. docs/configuration.md lists the settings.
      """)

  @OptionGroup var place: StoreOptions

  @Option(help: "The address to listen on: http.host.")
  var host: String?

  @Option(help: "The port to listen on: http.port; 0 for any free port.")
  var port: String?

  @Option(help: "The lowest level that is logged.")
  var logLevel: Logger.Level?

  func run() async throws {
    ServeSignals.prepare()
    let output = try ServeOutput()
    do {
      try await serve(output)
    } catch let failure as CommandError {
      output.finish(failure.description)
      Program.exit(failure.status.rawValue)
    } catch {
      output.finish()
      throw error
    }
    output.finish()
  }

  private func serve(_ output: ServeOutput) async throws {
    var flags: [SettingKey: String] = [:]
    flags[.httpHost] = host
    flags[.httpPort] = port
    let environment = Terminal.environment
    let logger = try LogOutput.logger(level: logLevel, environment: environment, to: output.errors)
    try await Server(
      settings: place.settings(flags), configurationPath: place.database.configPath, dataPath: place.data.path,
      logger: logger,
      output: output,
      notification: ServiceNotification(environment: environment, logger: logger)
    ).run()
  }
}

/// The effect on a server of signals that nothing handles.
enum ServeSignals {
  static func prepare() {
    // A closed pipe, a terminal of another job and a file that cannot grow are errors of the write: they do not end the
    // process.
    for signal in [Signal.brokenPipe, .foreignTerminal, .fileSize] { signal.ignore() }
    // Swift's backtracer, if there is a toolchain, takes these for a crash, stops all threads and then continues as if
    // nothing had happened. The watchdog of systemd sends the first one to end the process.
    Signal.abort.restoreDefault()
    if !Signal.quit.isIgnored { Signal.quit.restoreDefault() }
    // This holds until the account files are followed: a reload must not end a server that is still starting.
    Signal.hangUp.ignore()
    // The signal asks for a link of the console; it must not end a server without one.
    Signal.user1.ignore()
  }
}
