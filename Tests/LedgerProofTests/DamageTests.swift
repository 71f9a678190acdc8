import LedgerTesting
import Testing

@testable import LedgerProof

/// Small shares of `ledger-proof damage`; the command runs all of it.
@Suite("Damage to reference logs")
struct DamageToReferenceLogsTests {
  private func expectNoViolation(_ proof: some Proof, _ numbers: some Sequence<UInt64>) async -> ProofTally {
    var tally = ProofTally()
    for number in numbers {
      await proof.run(number, into: &tally, trace: nil)
    }
    for violation in tally.violations {
      Issue.record("\(violation.what); \(violation.evidence); \(proof.replayCommand(violation.number))")
    }
    return tally
  }

  @Test(
    "Damage anywhere is refused at its place, or leaves a prefix that cannot be told from a crash", arguments: 0..<5)
  func everyKindOfDamage(log: UInt64) async {
    let proof = DamageProof()
    let shares = stride(from: UInt64(7 * log), to: DamageProof.shares, by: 577)
    let tally = await expectNoViolation(proof, shares.map { log * DamageProof.shares + $0 })
    #expect(tally["single-bit flips"] > 30)
    #expect(tally["verdict: refused with its place"] > 50)
  }

  @Test("Every share of a log's damages is another one, and together they are all", arguments: [5])
  func shares(number: Int) async throws {
    let log = try await ReferenceLog.make(number)
    let damages = Damage.all(of: log)
    #expect(damages.filter { if case .flip = $0 { true } else { false } }.count == log.bytes * 8)
    #expect(Set(damages).count == damages.count)
  }

  @Test("The reference logs hold every kind of record, and are the same every time", arguments: 0..<10)
  func referenceLogs(number: Int) async throws {
    let log = try await ReferenceLog.make(number)
    let again = try await ReferenceLog.make(number)
    #expect(log.files == again.files)
    #expect((2_000...12_288).contains(log.bytes), "\(log.summary)")
    if log.ending == .checkpointed {
      #expect(Set([65, 68, 69, 70, 71, 72, 73, 74]).isSubset(of: log.recordKinds.keys), "\(log.summary)")
    } else {
      // The end of a mark, 16, takes a month; 2, 3 and 11 are of format 1. A log that ends with its first segment lacks
      // the last kinds.
      let kinds = Set(log.recordKinds.keys)
      let all = Set<UInt8>(1...21).subtracting([2, 3, 11, 16])
      #expect(log.ending == .unsealed ? kinds.count > 10 : kinds == all, "\(log.summary)")
      #expect(log.segments.count > 1)
    }
  }

  @Test("A power failure before any change of the disk is never refused and loses nothing", arguments: 0..<5)
  func crashImages(number: UInt64) async {
    _ = await expectNoViolation(CrashImageProof(), [number])
  }

  @Test("The specified checksum is that of RFC 3720, appendix B.4")
  func checksum() {
    #expect(SpecifiedChecksum.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(SpecifiedChecksum.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    #expect(SpecifiedChecksum.crc32c(Array(0..<32)) == 0x46DD_794E)
    let whole = SpecifiedChecksum.crc32c(Array(0..<32))
    let first = SpecifiedChecksum.crc32c(Array(0..<13))
    #expect(SpecifiedChecksum.crc32c(Array(13..<32), seed: first) == whole)
  }
}
