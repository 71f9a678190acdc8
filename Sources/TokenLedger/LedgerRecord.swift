internal import Platform

/// One record of a log, or one entry of its checkpoint, in words, for people and programs that read it.
package struct LedgerRecord: Sendable, Hashable {
  /// Of an entry: that of the last record that the checkpoint covers.
  package var sequence: UInt64
  /// Of a session or one-time token of a checkpoint: when it was last rotated, revoked or issued.
  package var time: Timestamp
  /// `opened`, `rotated`, `revoked`, ...: the word of docs/wal-format.md, sections 5 and 6.
  package var kind: String
  /// The session or one-time token that it is about.
  package var session: SessionID?
  /// The subject of ``session``.
  package var subject: String?
  /// Further facts in a fixed order: generation, client, scope, cause, ... Never a payload.
  package var facts: [Fact]
  /// What `expired` is about.
  package var ended: [Ended] = []
  /// What a wide revocation is about.
  package var revokes: SessionScope?

  package struct Fact: Sendable, Hashable {
    package var name: String
    package var value: String

    init(_ name: String, _ value: some CustomStringConvertible) {
      self.name = name
      self.value = value.description
    }
  }

  /// A session or one-time token whose time had come.
  package struct Ended: Sendable, Hashable {
    package var session: SessionID
    package var subject: String
  }

  /// Whether the record is part of this session's life.
  package func concerns(_ id: SessionID) -> Bool {
    session == id || ended.contains { $0.session == id }
  }

  /// Whether the record is part of the life of one of the subject's sessions or one-time tokens.
  package func concerns(subject name: String) -> Bool {
    subject.hasSameBytes(as: name) || ended.contains { $0.subject.hasSameBytes(as: name) }
  }
}
