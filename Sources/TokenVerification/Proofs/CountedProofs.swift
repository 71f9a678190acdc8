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
      guard sweptSecond < now.seconds else { return }
      sweptSecond = now.seconds
      for second in bySecond.keys where second < now.seconds {
        for digest in bySecond.removeValue(forKey: second) ?? [] { ends[digest] = nil }
      }
    }
  }

  /// The most proofs in the list, about 100 bytes each: those of a minute in which 8,700 a second are accepted.
  package static let countMax = 1 << 19

  private let parts: InlineArray<16, Mutex<Part>>
  private let partMax: Int

  package init(countMax: Int = CountedProofs.countMax) {
    parts = InlineArray { _ in Mutex(Part()) }
    partMax = max(1, countMax / 16)
  }

  /// Counts a proof, once.
  package func count(_ proof: KeyProof, at now: Timestamp) -> Outcome {
    guard now < proof.end else { return .replayed }
    return parts[Int(proof.useDigest.lastByte & 15)].withLock { part in
      part.forget(at: now)
      if let end = part.ends[proof.useDigest], now < end { return .replayed }
      guard part.ends.count < partMax else { return .full }
      part.ends[proof.useDigest] = proof.end
      part.bySecond[proof.end.seconds, default: []].append(proof.useDigest)
      return .counted
    }
  }
}
