#if Postgres

/// The note that a database has of a move, in a row of `record`: from or to which log, and how far it is.
struct MoveNote: Sendable, Hashable {
  enum Kind: String, Sendable, Hashable, CaseIterable { case adoption, departure }

  enum Phase: String, Sendable, Hashable {
    // Of an adoption, in their order.
    case events, revocations, sessions, records, open
    /// It was taken back.
    case undone
    // Of a departure.
    case leaving, left
  }

  /// The log's identity, 32 hexadecimal digits; empty for a departure whose log is not written yet.
  var log: String
  var phase: Phase
  /// The place at which the phase goes on: the last record whose event was copied, or the next place of entries.
  var place: UInt64 = 0
  var counts = MoveCounts()

  static let name = "folder"

  init(log: String, phase: Phase) {
    (self.log, self.phase) = (log, phase)
  }

  /// Whether nothing was copied yet.
  var isNew: Bool { phase == .events && place == 0 }

  private static var countNames: [(name: String, path: WritableKeyPath<MoveCounts, Int>)] {
    [
      ("sessions", \.sessions), ("revoked", \.revokedSessions), ("one_time", \.oneTimeTokens), ("marks", \.marks),
      ("access", \.revokedAccessTokens), ("events", \.events), ("records", \.records),
    ]
  }

  /// One line of words.
  var body: [UInt8] {
    let words = ["v=1", "log=\(log)", "phase=\(phase.rawValue)", "place=\(place)"]
    let counted = Self.countNames.map { "\($0.name)=\(counts[keyPath: $0.path])" }
    return Array((words + counted).joined(separator: " ").utf8)
  }

  /// - Throws: `.malformed` for what no program of this version wrote.
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
