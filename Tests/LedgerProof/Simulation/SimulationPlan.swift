internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// What stays the same through one simulation, chosen by its seed.
struct SimulationPlan {
  let durability: Durability
  let lives: Int
  let segmentBytesMax: Int
  let preallocationBytes: Int
  let stagedBytesMax: Int
  let bias: ReadyJobs.Bias
  /// Whether reads and writes are cut short and interrupted.
  let isRough: Bool
  let temper: SimulatedTime.Temper
  /// 0 for any number.
  let sessionsPerSubjectMax: Int
  private let lifetimes: [Lifetimes]
  private let graces: [Int64]

  static let interval = Duration.milliseconds(500)
  static let clients = ["web", "app"]
  static let subjects = ["ann", "bob", "eve"]
  static let scopes = ["", "read", "read write"]
  static let versions: [AccountVersion] = [.unknown, .none, AccountVersion("1"), AccountVersion("2")]
  static let purposes = ["reset", "invite"]

  init(using random: inout SeededGenerator) {
    durability =
      switch random.next() % 8 {
      case 0: .none
      case 1: .interval(Self.interval)
      default: .always
      }
    lives = Int.random(in: 3...6, using: &random)
    segmentBytesMax = Int.random(in: 300...6_000, using: &random)
    preallocationBytes = 256 * Int.random(in: 0...8, using: &random)
    stagedBytesMax = random.next() % 8 == 0 ? Int.random(in: 20...200, using: &random) : 1 << 20
    bias = ReadyJobs.Bias(rawValue: UInt8(random.next() % 4)) ?? .none
    isRough = random.next() % 4 == 0
    temper = [.calm, .stepped, .stepped, .held, .held, .absurd][Int(random.next() % 6)]
    let milliseconds: [Int64] = [3, 40, 700, 5_000, 3_600_000, 365 * 86_400_000]
    lifetimes = (0..<3).compactMap { _ in
      Lifetimes(
        idleMilliseconds: milliseconds[Int(random.next() % 6)],
        absoluteMilliseconds: milliseconds[Int(2 + random.next() % 4)])
    }
    sessionsPerSubjectMax = random.next() % 4 == 0 ? Int.random(in: 1...4, using: &random) : 0
    graces = random.next() % 2 == 0 ? [0] : [0, 5, 300, 10_000]
  }

  var options: LedgerOptions {
    var options = LedgerOptions(
      durability: durability, segmentBytesMax: segmentBytesMax, stagedBytesMax: stagedBytesMax,
      sessionsPerSubjectMax: sessionsPerSubjectMax)
    options.preallocationBytes = preallocationBytes
    options.identity = LogIdentity(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F)
    return options
  }

  func grant(using random: inout SeededGenerator) -> SessionGrant? {
    guard let lifetimes = lifetimes.randomElement(using: &random) else { return nil }
    var grant = SessionGrant(
      subject: Self.pick(Self.subjects, &random), client: Self.pick(Self.clients, &random),
      scope: Self.pick(Self.scopes, &random), lifetimes: lifetimes,
      rotation: random.next() % 6 == 0 ? .never : .always, label: random.next() % 4 == 0 ? "phone" : nil,
      subjectVersion: Self.versions[Int(random.next() % 4)], clientVersion: Self.versions[Int(random.next() % 4)])
    switch random.next() % 8 {
    case 0, 1: grant.keys.lifelong = Self.key(using: &random)
    case 2: grant.keys.ofLastUse = Self.key(using: &random)
    default: break
    }
    if random.next() % 8 == 0 { grant.attributes = Array(repeating: 7, count: 1 + Int(random.next() % 20)) }
    return grant
  }

  private static func key(using random: inout SeededGenerator) -> Digest256? {
    Digest256(Array(repeating: UInt8(1 + random.next() % 3), count: Digest256.byteCount))
  }

  /// Mostly the proof that the session asks for, and mostly a new one.
  private static func proof(for opened: Session, using random: inout SeededGenerator) -> KeyProof? {
    let isAsked = opened.keys.ofAccess != nil
    guard random.next() % 8 != 0 ? isAsked : !isAsked else { return nil }
    let number = random.next() % 4 == 0 ? random.next() % 16 : random.next()
    let bytes = (0..<UInt64(Digest256.byteCount)).map { UInt8(truncatingIfNeeded: number >> ($0 % 8 * 8) | 1) }
    let own = random.next() % 8 == 0 ? key(using: &random) : opened.keys.ofAccess
    guard let digest = Digest256(bytes), let key = own ?? key(using: &random) else { return nil }
    let end = opened.openedAt.advanced(byMilliseconds: 1 + Int64(random.next() % 16) * 60_000)
    return KeyProof(key: key, useDigest: digest, end: end)
  }

  func oneTimeGrant(using random: inout SeededGenerator) -> OneTimeGrant {
    let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: Int(random.next() % 24))
    let lifetime = lifetimes.randomElement(using: &random)?.idleMilliseconds ?? 1
    return OneTimeGrant(
      purpose: Self.pick(Self.purposes, &random), subject: Self.pick(Self.subjects, &random), payload: payload,
      lifetimeMilliseconds: lifetime)
  }

  /// A presentation of a token of `opened`, of which `latest` is the newest generation that clients have.
  func request(for opened: Session, latest: UInt32, using random: inout SeededGenerator) -> RotationRequest {
    var generation = opened.rotation == .never ? 0 : latest
    switch random.next() % 16 {
    case 0..<3 where latest > 0: generation = latest - 1
    case 3 where latest > 1: generation = UInt32(random.next() % UInt64(latest))
    default: break
    }
    var request = RotationRequest(
      token: TokenID(session: opened.id, generation: generation),
      client: random.next() % 32 == 0 ? Self.pick(Self.clients, &random) : opened.client,
      graceMilliseconds: graces.randomElement(using: &random) ?? 0,
      reuse: random.next() % 3 == 0 ? .revokeSession : .refuse,
      narrowedScope: random.next() % 8 == 0 ? "read" : nil)
    request.proof = Self.proof(for: opened, using: &random)
    if random.next() % 64 == 0 {
      request.notBefore = opened.openedAt.advanced(byMilliseconds: Int64(random.next() % 3) - 1)
    }
    if random.next() % 32 == 0 {
      request.subjectVersion = Self.versions[1 + Int(random.next() % 3)]
      request.clientVersion = Self.versions[1 + Int(random.next() % 3)]
      request.revokesOutdated = random.next() % 2 == 0
    }
    if random.next() % 8 == 0, let lifetimes = lifetimes.randomElement(using: &random) {
      request.terms = SessionTerms(lifetimes: lifetimes, rotation: random.next() % 8 == 0 ? .always : opened.rotation)
    }
    return request
  }

  /// Mostly a narrow one.
  func scope(using random: inout SeededGenerator) -> SessionScope {
    let (subject, client) = (Self.pick(Self.subjects, &random), Self.pick(Self.clients, &random))
    return switch random.next() % 10 {
    case 0: .all
    case 1, 2: .client(client)
    case 3...5: .subjectAtClient(subject: subject, client: client)
    default: .subject(subject)
    }
  }

  var scopes: [SessionScope] {
    [.all] + Self.subjects.map { .subject($0) } + Self.clients.map { .client($0) }
      + Self.subjects.flatMap { subject in
        Self.clients.map { .subjectAtClient(subject: subject, client: $0) }
      }
  }

  private static func pick(_ choices: [String], _ random: inout SeededGenerator) -> String {
    choices[Int(random.next() % UInt64(choices.count))]
  }
}
