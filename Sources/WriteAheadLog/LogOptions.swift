internal import Platform

/// The moment from which on a record counts as durable.
public enum Durability: Sendable, Hashable {
  /// The record is on disk, so that it survives a power failure.
  case always
  /// The record was written to the operating system, so that it survives a kill of the process. The log is synced in
  /// this interval, so that a power failure costs at most about this much time.
  case interval(Duration)
  /// The record was written to the operating system; the log is synced only when a segment ends and at close.
  case none
}

/// The limits and the durability of a log.
package struct LogOptions: Sendable {
  package var durability: Durability
  /// The number of bytes from which on a segment is followed by a new one.
  package var segmentBytesMax: Int
  /// The number of bytes in each step of filling space with zeroes ahead of the writing.
  package var preallocationBytes: Int
  /// The most payload bytes that can wait for the disk: past them `reserve` refuses.
  package var stagedBytesMax: Int
  /// The number of callers waiting for the disk at which `reserve` refuses.
  package var waitersMax = 1 << 16
  /// True to open a log that may be older than a state it has served; see `CommitLog.settle`.
  package var acceptsRollback = false
  /// True to open a log whose contents have moved elsewhere; see ``MovedMark``.
  package var acceptsMove = false
  /// A lower bound: the epoch of this opening is above it, however low the epochs in the folder are.
  package var epochFloor: UInt32 = 0
  /// A closure that is called after each successful commit with its time, from taking the batch to its acknowledgement.
  ///
  /// The closure is called on the log's thread and must return at once.
  package var onCommit: (@Sendable (Duration) -> Void)?
  /// The identity of a new log, or nil for a random one; a fixed identity is for tests.
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

  /// The identity as 32 hexadecimal digits.
  package var description: String { String(high, digits: 16) + String(low, digits: 16) }

  package init(from random: inout some RandomNumberGenerator) {
    self.init(high: random.next(), low: random.next())
  }
}
