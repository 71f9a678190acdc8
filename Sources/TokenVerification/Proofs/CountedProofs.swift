package import RotationModel
internal import Synchronization

/// The proofs that were accepted with an access token in this process, each until its end.
///
/// The list is bounded: while it is full, no further proof can be counted, and none is forgotten early. It is cut into
/// parts, so that verifiers on several cores seldom wait for one another.
package final class CountedProofs: Sendable {
  package enum Outcome: Sendable, Hashable {
    case counted
    case replayed
    case full
  }

  private struct Part {
    var ends: [Digest256: Timestamp] = [:]
    /// The proofs by the second of their ends.
    var bySecond: [Int64: [Digest256]] = [:]
    var sweptSecond = Int64.min

    mutating func forget(at now: Timestamp) {
      // Not only forwards: a clock that was ahead for a moment must not keep everything from being forgotten.
      guard sweptSecond != now.seconds else { return }
      sweptSecond = now.seconds
      for second in bySecond.keys where second < now.seconds {
        for digest in bySecond.removeValue(forKey: second) ?? [] {
          if let end = ends[digest], end <= now { ends[digest] = nil }
        }
      }
    }
  }

  /// The most proofs that a list has for each second for which it remembers one, about 100 bytes each.
  private static let countPerSecond = 8_192
  /// The most proofs in any list.
  package static let countMax = 1 << 23

  private let parts: InlineArray<16, Mutex<Part>>
  private let partMax: Int

  package init(countMax: Int) {
    parts = InlineArray { _ in Mutex(Part()) }
    partMax = max(1, countMax / 16)
  }

  /// - Parameter windowSeconds: The time for which a proof is accepted after it was made. The list is so long that
  ///   8,192 proofs can be accepted in each second of it, up to ``countMax``.
  package convenience init(windowSeconds: Int64) {
    let seconds = Int(clamping: windowSeconds) + Int(KeyProof.memoryMilliseconds / 1000)
    let (count, isTooMany) = seconds.multipliedReportingOverflow(by: Self.countPerSecond)
    self.init(countMax: isTooMany ? Self.countMax : min(Self.countMax, count))
  }

  /// Counts a proof, once.
  package func count(_ proof: KeyProof, at now: Timestamp) -> Outcome {
    guard now < proof.end else { return .replayed }
    return parts[Int(proof.useDigest.lastByte & 15)].withLock { part in
      part.forget(at: now)
      if let end = part.ends[proof.useDigest], now < end { return .replayed }
      guard part.ends.count < partMax else { return .full }
      let end = proof.rememberedEnd(at: now)
      part.ends[proof.useDigest] = end
      part.bySecond[end.seconds, default: []].append(proof.useDigest)
      return .counted
    }
  }
}
