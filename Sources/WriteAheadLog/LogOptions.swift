internal import Platform

/// The moment from which a record counts as safe.
public enum Durability: Sendable, Hashable {
  /// After it is on disk: survives power loss.
  case always
  /// Once written to the operating system, which survives a kill of the process; synced every so often, so that power
  /// loss costs at most about this much time.
  case interval(Duration)
  /// Once written to the operating system; synced only when a segment ends and at close.
  case none
}

/// The limits and the promises of a log.
package struct LogOptions: Sendable {
  package var durability: Durability
  /// A segment that has reached this many bytes is followed by a new one.
  package var segmentBytesMax: Int
  /// Space is filled with zeroes ahead of the writing in steps of this many bytes.
  package var preallocationBytes: Int
  /// The most payload bytes that can wait for the disk: past them `reserve` refuses.
  package var stagedBytesMax: Int
  /// The number of callers waiting for the disk at which `reserve` refuses.
  package var waitersMax = 1 << 16
  /// Opens a log that may be older than what was served from it; see `CommitLog.settle`.
  package var acceptsRollback = false
  /// Opens a log whose contents have gone elsewhere; see ``MovedMark``.
  package var acceptsMove = false
  /// The epoch of this opening is above this, however low those in the folder are.
  package var epochFloor: UInt32 = 0
  /// Called after each commit with its time, from taking the batch to its acknowledgement, on the log's thread: must
  /// return at once. Not called for a commit that failed.
  package var onCommit: (@Sendable (Duration) -> Void)?
  /// The identity of a log made anew. Nil: random. A fixed one is for tests.
  package var identity: LogIdentity?

  package init(
    durability: Durability = .always, segmentBytesMax: Int = 64 << 20, preallocationBytes: Int = 1 << 20,
    stagedBytesMax: Int = 16 << 20, identity: LogIdentity? = nil
  ) {
    self.durability = durability
    self.segmentBytesMax = segmentBytesMax
    self.preallocationBytes = preallocationBytes
    self.stagedBytesMax = stagedBytesMax
    self.identity = identity
  }
}

/// The 16 random bytes that tell one log from another.
package struct LogIdentity: Sendable, Hashable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// 32 hexadecimal digits.
  package var description: String { String(high, digits: 16) + String(low, digits: 16) }

  package init(from random: inout some RandomNumberGenerator) {
    self.init(high: random.next(), low: random.next())
  }
}
