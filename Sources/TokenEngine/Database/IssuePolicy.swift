internal import RotationModel

/// The issuing rules of an engine as text for people; instances on one ledger should have the same.
struct IssuePolicy: Sendable, Hashable, CustomStringConvertible {
  let description: String

  init(_ options: EngineOptions) {
    func text(_ duration: Duration) -> String { DurationText.format(duration) ?? "\(duration)" }
    description = """
      access=\(text(options.accessLifetime)) idle=\(text(options.idleLifetime)) absolute=\(text(options.absoluteLifetime)) \
      grace=\(text(options.grace)) reuse=\(options.reuse.rawValue) algorithm=\(options.algorithm.rawValue)\
      \(options.dpop.description.isEmpty ? "" : " \(options.dpop)")
      """
  }
}
