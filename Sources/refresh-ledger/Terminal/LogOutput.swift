public import ArgumentParser
public import Logging

/// Log lines: one each on the standard error output.
enum LogOutput {
  static let levelVariable = SettingKey.environmentPrefix + "LOG_LEVEL"

  /// A logger of the level that the command line names, else the environment, else `info`.
  static func logger(level: Logger.Level?, environment: [String: String]) throws(CommandFailure) -> Logger {
    var logger = Logger(label: "refresh-ledger", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = .info
    if let level {
      logger.logLevel = level
    } else if let text = environment[levelVariable], !text.isEmpty {
      guard let level = Logger.Level(rawValue: text.lowercased()) else {
        let all = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandFailure(.configuration, "\(levelVariable): the level is not known; write one of \(all)")
      }
      logger.logLevel = level
    }
    return logger
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
