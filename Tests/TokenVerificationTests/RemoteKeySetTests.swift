import Testing
import TokenTestInputs

@testable import TokenSigning
@testable import TokenVerification

@Suite("Keys that are fetched")
struct RemoteKeySetTests {
  /// An address at which keys can be fetched.
  private final class Address: Sendable {
    struct Gone: Error {}

    let served: Changing<[UInt8]?>
    let count = Changing(0)

    init(_ issuer: Issuer) { served = Changing(issuer.jwks) }

    func fetch() async throws -> [UInt8] {
      count.change { $0 += 1 }
      guard let bytes = served.value else { throw Gone() }
      return bytes
    }
  }

  private let clock = ManualClock()
  private let old: Issuer
  private let new: Issuer
  private let address: Address

  init() {
    (old, new) = (Issuer(clock: clock), Issuer(clock: clock))
    address = Address(old)
  }

  private func keys(_ change: (inout RemoteKeySet.Options) -> Void = { _ in }) -> RemoteKeySet {
    var options = RemoteKeySet.Options()
    change(&options)
    let address = address
    return RemoteKeySet(options: options, clock: clock.pacedClock) { try await address.fetch() }
  }

  private func verifier(_ keys: RemoteKeySet) -> AccessTokenVerifier {
    AccessTokenVerifier(keys: keys, issuer: Issuer.name, clock: clock.sessionClock)
  }

  private func refusal(of token: String, by verifier: AccessTokenVerifier) async -> BadToken? {
    do throws(BadToken) {
      _ = try await verifier.verify(token)
      return nil
    } catch {
      return error
    }
  }

  /// The refusal of a token while time passes.
  private func judged(_ token: String, by verifier: AccessTokenVerifier) async -> BadToken? {
    let isOver = Changing(false)
    async let refused = refusal(of: token, by: verifier)
    async let ticking: Void = {
      while !isOver.value {
        clock.advance(milliseconds: 100)
        try? await Task.sleep(for: .milliseconds(2))
      }
    }()
    let refusal = await refused
    isOver.change { $0 = true }
    await ticking
    return refusal
  }

  @Test("are fetched once for all who ask at the same time, and kept")
  func once() async {
    let verifier = verifier(keys { $0.waitersMax = 100 })
    let token = old.access()
    await withTaskGroup(of: BadToken?.self) { group in
      for _ in 0..<100 { group.addTask { await self.refusal(of: token, by: verifier) } }
      for await refusal in group { #expect(refusal == nil) }
    }
    #expect(await refusal(of: token, by: verifier) == nil)
    #expect(address.count.value == 1)
  }

  @Test("are waited for by every request of a process that has just started")
  func coldStart() async {
    let verifier = verifier(keys { $0.waitersMax = 1 })
    let token = old.access()
    await withTaskGroup(of: BadToken?.self) { group in
      for _ in 0..<200 { group.addTask { await self.refusal(of: token, by: verifier) } }
      for await refusal in group { #expect(refusal == nil) }
    }
  }

  @Test("are waited for no longer by a task that is cancelled")
  func cancelledWaiter() async {
    let fetches = Changing(0)
    let keys = RemoteKeySet(clock: clock.pacedClock) {
      fetches.change { $0 += 1 }
      try await Task.sleep(for: .seconds(3600))
      return []
    }
    let waiting = Task { try? await keys.keys(newerThan: nil) }
    #expect(await becomesTrue { fetches.value == 1 })
    waiting.cancel()
    #expect(await waiting.value == nil)
  }

  @Test("are fetched anew for a key that is not among them, at once if the last fetch is long ago")
  func rotation() async {
    let verifier = verifier(keys())
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    address.served.change { $0 = new.jwks }
    clock.advance(milliseconds: 1000)
    #expect(await refusal(of: new.access(), by: verifier) == nil)
    #expect(address.count.value == 2)
    #expect(await judged(old.access(), by: verifier) == .unknownKey)
  }

  @Test("are fetched at most once in an interval, however many tokens name made-up keys")
  func boundedRate() async {
    let verifier = verifier(keys { $0.ageMax = .seconds(100_000) })
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    let tokens = (0..<5).map { _ in Issuer(clock: clock).access() }
    await withTaskGroup(of: BadToken?.self) { group in
      for token in tokens { group.addTask { await self.refusal(of: token, by: verifier) } }
      #expect(await becomesTrue { clock.sleeperCount > 0 })
      #expect(address.count.value == 1)
      group.addTask {
        // Each interval lets one fetch through.
        for _ in 0..<20 where self.address.count.value < 3 {
          self.clock.advance(milliseconds: 1000)
          try? await Task.sleep(for: .milliseconds(20))
        }
        return .unknownKey
      }
      for await refusal in group { #expect(refusal == .unknownKey) }
    }
    #expect(address.count.value <= 3)
  }

  @Test("go on verifying while the issuer is away; only a token with an unknown key cannot be judged")
  func away() async {
    let keys = keys()
    let verifier = verifier(keys)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    address.served.change { $0 = nil }
    clock.advance(milliseconds: 3_600_000)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    #expect(await becomesTrue { keys.status.fault != nil })
    clock.advance(milliseconds: 1000)
    #expect(await judged(new.access(), by: verifier) == .unverifiable)
    address.served.change { $0 = new.jwks }
    #expect(await judged(new.access(), by: verifier) == nil)
    #expect(keys.status.fault == nil)
  }

  @Test("that were never had let nothing be judged")
  func never() async {
    address.served.change { $0 = nil }
    #expect(await refusal(of: old.access(), by: verifier(keys())) == .unverifiable)
  }

  @Test("are fetched anew in the background once they are old, and nobody waits")
  func age() async {
    let keys = keys { $0.ageMax = .seconds(60) }
    let verifier = verifier(keys)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    clock.advance(milliseconds: 59_999)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    #expect(address.count.value == 1)
    clock.advance(milliseconds: 1)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    #expect(await becomesTrue { address.count.value == 2 })
  }

  @Test("stay as they are if what is fetched is no key set")
  func malformed() async {
    let keys = keys { $0.ageMax = .seconds(60) }
    let verifier = verifier(keys)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    address.served.change { $0 = Array("<html>".utf8) }
    clock.advance(milliseconds: 60_000)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    #expect(await becomesTrue { keys.status.fault != nil })
    if case .malformed? = keys.status.fault {} else { Issue.record("\(String(describing: keys.status.fault))") }
    #expect(await refusal(of: old.access(), by: verifier) == nil)
  }

  @Test("whose fetch does not come back are given up on in time")
  func hanging() async {
    let clock = clock
    let keys = RemoteKeySet(clock: clock.pacedClock) {
      try await Task.sleep(for: .seconds(100_000))
      return []
    }
    let verifier = verifier(keys)
    async let refused = refusal(of: old.access(), by: verifier)
    #expect(await becomesTrue { clock.sleeperCount > 0 })
    clock.advance(milliseconds: 10_000)
    #expect(await refused == .unverifiable)
  }

  @Test("are waited for by so many callers at most")
  func crowd() async {
    let clock = clock
    let keys = keys { $0.waitersMax = 2 }
    let verifier = verifier(keys)
    #expect(await refusal(of: old.access(), by: verifier) == nil)
    let stranger = new.access()
    await withTaskGroup(of: BadToken?.self) { group in
      for _ in 0..<2 { group.addTask { await self.refusal(of: stranger, by: verifier) } }
      #expect(await becomesTrue { clock.sleeperCount > 0 })
      try? await Task.sleep(for: .milliseconds(100))
      #expect(await refusal(of: stranger, by: verifier) == .unverifiable)
      clock.advance(milliseconds: 1000)
      for await refusal in group { #expect(refusal == .unknownKey) }
    }
  }
}
