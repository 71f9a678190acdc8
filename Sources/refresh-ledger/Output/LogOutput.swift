public import ArgumentParser
public import Logging
import Synchronization

/// The log lines of this process.
enum LogOutput {
  static let levelVariable = SettingKey.environmentPrefix + "LOG_LEVEL"
  private static let label = "refresh-ledger"

  /// Returns a logger with the level of the command line, or else of the environment, or else `info`.
  static func logger(
    level: Logger.Level?, environment: [String: String], to stream: OutputWriter
  ) throws(CommandError) -> Logger {
    var logger = Logger(label: label, factory: { StreamLogHandler(label: $0, stream: stream) })
    logger.logLevel = .info
    if let level {
      logger.logLevel = level
    } else if let text = environment[levelVariable], !text.isEmpty {
      guard let level = Logger.Level(rawValue: text.lowercased()) else {
        let all = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandError(.configuration, "\(levelVariable): the level is not known; write one of \(all)")
      }
      logger.logLevel = level
    }
    return logger
  }

  /// Returns the line of a warning in the log.
  static func line(_ warning: String) -> String {
    let text = WrittenText()
    Logger(label: label, factory: { StreamLogHandler(label: $0, stream: text) }).warning("\(warning)")
    return text.text.withLock { $0 }
  }
}

private final class WrittenText: TextOutputStream, Sendable {
  let text = Mutex("")

  func write(_ string: String) { text.withLock { $0 += string } }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
