import TokenEngine
import TokenSigning

/// The findings on keys that were read, wherever they are kept.
struct KeyFindings {
  let keys: TokenKeys
  /// The settings of the server, or nil if they are not completely known.
  let settings: ServerSettings?
  /// The options that name the place of the keys.
  let options: String

  func findings() -> [DoctorFinding] {
    guard let current = keys.access.first(where: { $0.state == .current }) else { return [] }
    let retiring = (keys.access + keys.refresh).filter { $0.state == .retiring }
    let next = keys.access.first { $0.state == .next }
    var words = ["access tokens are signed with \(current.algorithm.rawValue), key \(current.id)"]
    words.append(next.map { "next is \($0.id)" } ?? "no next key yet")
    words.append(retiring.isEmpty ? "none is retiring" : "\(retiring.count) retiring")
    var findings = [DoctorFinding.ok("keys", words.joined(separator: "; "))]
    guard let settings else { return findings }
    if current.algorithm != settings.engine.algorithm {
      let wanted = settings.engine.algorithm.rawValue
      findings.append(
        .warning(
          "keys", "tokens.algorithm is \(wanted), but the keys are for \(current.algorithm.rawValue)",
          fix: "refresh-ledger keys rotate \(options) --alg \(wanted)"))
    }
    return findings + overdue(settings)
  }

  /// Returns the findings on retiring keys whose tokens have all expired.
  private func overdue(_ settings: ServerSettings) -> [DoctorFinding] {
    let now = SessionClock.system.now().milliseconds
    func isOver(_ key: SigningKey, _ lifetime: Duration) -> Bool {
      key.state == .retiring && key.retiredAt.map { $0 + lifetime.wholeMilliseconds < now } ?? false
    }
    let over =
      keys.access.filter { isOver($0, settings.engine.accessLifetime) }
      + keys.refresh.filter { isOver($0, settings.engine.absoluteLifetime) }
    return over.map {
      .note(
        "keys", "all tokens that \($0.id) signed have expired, by the configured lifetimes",
        fix: "refresh-ledger keys retire \($0.id) \(options)")
    }
  }
}
