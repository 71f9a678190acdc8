import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("Used proofs")
struct UsedProofsTests {
  private static let start = Timestamp(milliseconds: 1_767_225_600_000)

  private static func digest(_ number: UInt64) -> Digest256 {
    let bytes = (0..<4).flatMap { _ in (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) } }
    return Digest256(bytes) ?? .zeroes
  }

  @Test("are known until their end, and take no more room than those of one window")
  func window() {
    var proofs = UsedProofs()
    for number in 1...20_000 as ClosedRange<UInt64> {
      let now = Self.start.advanced(byMilliseconds: Int64(number) * 10)
      proofs.insert(Self.digest(number), until: now.advanced(byMilliseconds: 5_000), at: now)
      #expect(proofs.end(of: Self.digest(number)) != nil)
      if number > 400 { #expect(proofs.end(of: Self.digest(number - 400)) != nil) }
    }
    #expect(proofs.count < 1_000)
    let end = Self.start.advanced(byMilliseconds: 300_000)
    while !proofs.forget(at: end, budget: 64) {}
    #expect(proofs.count == 0)
    #expect(proofs.entries.count < 1_000)
  }

  @Test("whose end is moved are kept until the later one")
  func moved() {
    var proofs = UsedProofs()
    let (digest, now) = (Self.digest(1), Self.start)
    proofs.insert(digest, until: now.advanced(byMilliseconds: 1_000), at: now)
    proofs.insert(digest, until: now.advanced(byMilliseconds: 9_000), at: now)
    #expect(proofs.count == 1)
    proofs.forget(at: now.advanced(byMilliseconds: 5_000), budget: 64)
    #expect(proofs.end(of: digest) == now.advanced(byMilliseconds: 9_000))
    proofs.forget(at: now.advanced(byMilliseconds: 10_000), budget: 64)
    #expect(proofs.end(of: digest) == nil)
  }
}
