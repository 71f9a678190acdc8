#if Postgres

/// The note of a move in a row of the database's `record`: the other log and the progress.
struct MoveNote: Sendable, Hashable {
  enum Kind: String, Sendable, Hashable, CaseIterable { case adoption, departure }

  enum Phase: String, Sendable, Hashable {
    // The phases of an adoption, in order.
    case events, revocations, sessions, records, open
    /// The adoption was undone.
    case undone
    // The phases of a departure.
    case leaving, left
  }

  /// The log's identity as 32 hexadecimal digits, empty for a departure whose log is not written yet.
  var log: String
  var phase: Phase
  /// The position at which the phase continues: the last record whose event was copied, or the next position of
  /// entries.
  var place: UInt64 = 0
  var counts = MoveCounts()

  static let name = "folder"

  init(log: String, phase: Phase) {
    (self.log, self.phase) = (log, phase)
  }

  /// True if nothing was copied yet.
  var isNew: Bool { phase == .events && place == 0 }

  private static var countNames: [(name: String, path: WritableKeyPath<MoveCounts, Int>)] {
    [
      ("sessions", \.sessions), ("revoked", \.revokedSessions), ("one_time", \.oneTimeTokens), ("marks", \.marks),
      ("access", \.revokedAccessTokens), ("events", \.events), ("records", \.records),
    ]
  }

  /// The note as one line of words.
  var body: [UInt8] {
    let words = ["v=1", "log=\(log)", "phase=\(phase.rawValue)", "place=\(place)"]
    let counted = Self.countNames.map { "\($0.name)=\(counts[keyPath: $0.path])" }
    return Array((words + counted).joined(separator: " ").utf8)
  }

  /// Parses a note.
  ///
  /// - Throws: `.malformed` for a text that no program of this version wrote.
  init(body: [UInt8]) throws(DatabaseError) {
    var words: [Substring: Substring] = [:]
    for word in (String(validating: body, as: UTF8.self) ?? "").split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { words[parts[0]] = parts[1] }
    }
    guard words["v"] == "1", let log = words["log"],
      let phase = words["phase"].flatMap({ Phase(rawValue: String($0)) }),
      let place = words["place"].flatMap({ UInt64($0) })
    else { throw .malformed("the database's note of a move is not of this version; use the program that wrote it") }
    self.init(log: String(log), phase: phase)
    self.place = place
    for (name, path) in Self.countNames { counts[keyPath: path] = words[name[...]].flatMap { Int($0) } ?? 0 }
  }
}
#endif
