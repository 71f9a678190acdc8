import Testing

@testable import TokenSigning

@Suite struct OpenSSLRandomTests {
  @Test("A copy never repeats what the original gave, across several fillings")
  func copies() {
    var original = OpenSSLRandom()
    var copy = original
    var seen: Set<UInt64> = []
    for _ in 0..<2000 {
      seen.insert(original.next())
      seen.insert(copy.next())
    }
    #expect(seen.count == 4000)
  }

  @Test("Half of the bits are ones, within six deviations")
  func balance() {
    var random = OpenSSLRandom()
    let ones = (0..<4096).reduce(0) { sum, _ in sum + random.next().nonzeroBitCount }
    #expect(abs(ones - 131_072) < 6 * 256)
  }
}
