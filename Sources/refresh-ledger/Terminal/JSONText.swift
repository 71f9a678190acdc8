import FoundationEssentials

/// What `--json` prints: members sorted, on one line.
enum JSONText {
  static func line(_ value: some Encodable) throws(CommandFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw CommandFailure(.internalFault, "cannot encode the answer as JSON; leave --json out")
    }
  }
}
