import LedgerTesting
import TokenLedger

/// One thing that is done to a ledger.
///
/// Sessions and one-time tokens are numbered in the order of their opening.
enum LedgerStep: Sendable {
  case advance(milliseconds: Int64)
  /// Sets the wall clock.
  case stepClock(milliseconds: Int64)
  case open(SessionGrant)
  /// Presents the live token.
  case rotate(session: Int, narrowedScope: String?)
  /// Presents a token that was rotated out, which revokes the session.
  case reuse(session: Int)
  case revoke(session: Int)
  /// Presents the predecessor of the live token in its grace window.
  case replay(session: Int)
  /// The live access token is seen, and the predecessor presented in its grace window.
  case replaySeen(session: Int)
  /// Presents the live token, with other lifetimes from now on.
  case move(session: Int, SessionTerms)
  case revokeAll(SessionScope)
  case revokeAccess(session: Int)
  case issue(OneTimeGrant)
  case consume(token: Int)

  /// Whether the ledger is asked for something.
  var isCall: Bool {
    switch self {
    case .advance, .stepClock: false
    default: true
    }
  }
}

/// What is done to a ledger, commit by commit; each inner array shares one frame.
///
/// The script follows from the seed.
struct LedgerScript: Sendable {
  private(set) var commits: [[LedgerStep]] = []
  private var random: SeededGenerator
  private var sessionCount = 0
  private var tokenCount = 0

  static let idleMilliseconds: Int64 = 1_500
  static let absoluteMilliseconds: Int64 = 1_000_000

  /// Begins with commits that make every kind of record, and goes on with `commitCount` random ones.
  init(seed: UInt64, commitCount: Int) {
    random = SeededGenerator(seed: seed &+ 0x5C12_1977)
    appendEveryKind()
    for _ in 0..<commitCount {
      let count = Int.random(in: 1...8, using: &random)
      commits.append((0..<count).map { _ in randomStep() })
    }
  }

  private mutating func appendEveryKind() {
    let first = open(idle: Self.idleMilliseconds)
    let second = open(idle: Self.absoluteMilliseconds)
    commits.append([first, second, .rotate(session: 1, narrowedScope: nil), .replay(session: 1)])
    commits.append([.rotate(session: 1, narrowedScope: "read")])
    commits.append([issue(payloadBytes: 700), issue(payloadBytes: 900), .consume(token: 0)])
    commits[2] += [.revokeAccess(session: 1), .move(session: 1, Self.otherTerms)]
    commits[2] += [.replaySeen(session: 1), open(idle: Self.absoluteMilliseconds, label: "phone")]
    // Past the end of session 0 but not past its tick: a verdict that only the clock proves.
    commits.append([.advance(milliseconds: 1_600), .rotate(session: 0, narrowedScope: nil)])
    commits.append([.advance(milliseconds: 2_000), .rotate(session: 1, narrowedScope: nil)])
    let third = open(idle: Self.absoluteMilliseconds)
    let fourth = open(idle: Self.absoluteMilliseconds)
    commits.append([third, fourth, .reuse(session: 1), .revoke(session: 2)])
    commits[5] += [.revokeAll(.subject("subject-1")), .revokeAll(.subjectAtClient(subject: "nobody", client: "web"))]
    commits.append([.stepClock(milliseconds: -10_000), .rotate(session: 3, narrowedScope: nil)])
  }

  private mutating func randomStep() -> LedgerStep {
    switch Int.random(in: 0..<27, using: &random) {
    case 0..<3: return open(idle: Bool.random(using: &random) ? Self.idleMilliseconds : Self.absoluteMilliseconds)
    case 3..<13:
      return .rotate(session: session(), narrowedScope: Int.random(in: 0..<4, using: &random) == 0 ? "a" : nil)
    case 13: return .reuse(session: session())
    case 14: return .revoke(session: session())
    case 15, 16: return issue(payloadBytes: [0, 40, 500, 1_024][Int.random(in: 0..<4, using: &random)])
    case 17: return .consume(token: Int.random(in: 0..<tokenCount, using: &random))
    case 18: return .replay(session: session())
    case 19: return .replaySeen(session: session())
    case 20: return .move(session: session(), Self.otherTerms)
    case 21: return .revokeAccess(session: session())
    case 22:
      let scopes: [SessionScope] = [
        .subject("subject-\(Int.random(in: 0..<50, using: &random))"), .client("app"), .all,
      ]
      return .revokeAll(scopes[Int.random(in: 0..<8, using: &random) == 0 ? 2 : Int.random(in: 0..<2, using: &random)])
    case 23: return open(idle: Self.absoluteMilliseconds, label: "tablet")
    case 24: return .stepClock(milliseconds: Int64.random(in: -20_000...20_000, using: &random))
    default: return .advance(milliseconds: Int64.random(in: 1...2_500, using: &random))
    }
  }

  private mutating func session() -> Int { Int.random(in: 0..<sessionCount, using: &random) }

  private mutating func open(idle: Int64, label: String? = nil) -> LedgerStep {
    sessionCount += 1
    let lifetimes =
      Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: Self.absoluteMilliseconds) ?? Self.shortest
    return .open(
      SessionGrant(
        subject: "subject-\(Int.random(in: 0..<50, using: &random))", client: "web", scope: "read write",
        lifetimes: lifetimes, label: label))
  }

  static let otherTerms = SessionTerms(
    lifetimes: Lifetimes(idleMilliseconds: 900_000, absoluteMilliseconds: absoluteMilliseconds) ?? shortest)

  static let shortest: Lifetimes = {
    guard let lifetimes = Lifetimes(idleMilliseconds: 1, absoluteMilliseconds: 1) else {
      preconditionFailure("a millisecond is a lifetime")
    }
    return lifetimes
  }()

  /// Random bytes, which fill frames with what does not compress, or zeroes.
  private mutating func issue(payloadBytes: Int) -> LedgerStep {
    tokenCount += 1
    let isZero = Int.random(in: 0..<5, using: &random) == 0
    let payload = (0..<payloadBytes).map { _ in isZero ? 0 : UInt8.random(in: 0...255, using: &random) }
    return .issue(
      OneTimeGrant(purpose: "reset", subject: "somebody", payload: payload, lifetimeMilliseconds: 3_000))
  }
}
