/// What section 3.4 of docs/wal-format.md promises about a log whose bytes were damaged where they stand: told from
/// what was written and from what was damaged alone, without any of the rules by which an opening judges.
struct DamagePromise {
  /// The first thing that damage touched.
  struct Touched: Equatable {
    let file: Int
    /// Of the frame, of the file (0), or of the zeroes after the last frame.
    let offset: Int
  }

  enum Expectation: Equatable {
    /// The damage lies below what is known to have been on disk.
    case refused
    /// The damage touches the last frames only: refused, or these frames and nothing else cut off.
    case lastFrames
    /// The damage touches nothing that was written.
    case nothingWritten
  }

  let log: ReferenceLog
  let touched: Touched
  let expectation: Expectation

  /// Nil where no byte differs.
  init?(_ log: ReferenceLog, _ damaged: [String: [UInt8]]) {
    guard let touched = Self.firstTouched(log, damaged) else { return nil }
    self.log = log
    self.touched = touched
    expectation = Self.expectation(log, damaged, touched)
  }

  private static func firstTouched(_ log: ReferenceLog, _ damaged: [String: [UInt8]]) -> Touched? {
    for (file, name) in log.names.enumerated() {
      guard let written = log.files[name], let now = damaged[name] else { return Touched(file: file, offset: 0) }
      guard written != now else { continue }
      let place = zip(written, now).enumerated().first { $1.0 != $1.1 }?.offset ?? min(written.count, now.count)
      let segment = log.segments[file]
      if place < SpecifiedFileHeader.bytes { return Touched(file: file, offset: 0) }
      if place >= segment.end { return Touched(file: file, offset: segment.end) }
      return Touched(file: file, offset: segment.frames.last { $0.offset <= place }?.offset ?? 0)
    }
    return nil
  }

  private static func expectation(
    _ log: ReferenceLog, _ damaged: [String: [UInt8]], _ touched: Touched
  ) -> Expectation {
    let segment = log.segments[touched.file]
    if touched.offset == 0 || segment.header.isCheckpoint { return .refused }
    // The sequence of the first record that the touched frame holds, or would hold.
    let record = segment.frames.first { $0.offset == touched.offset }?.frame.firstSequence ?? log.lastSequence + 1
    let later = log.segments[(touched.file + 1)...]
    if later.contains(where: { !$0.frames.isEmpty || $0.header.sequence > record }) { return .refused }
    let now = damaged[segment.name] ?? []
    let survives = segment.frames.contains { offset, frame in
      offset > touched.offset && proves(frame, record) && isUntouched(log, segment, now, offset, 56)
    }
    if survives { return .refused }
    return touched.offset == segment.end ? .nothingWritten : .lastFrames
  }

  /// Whether the frame says that all before `record` and what stood in its place was on disk: its watermark reaches the
  /// record, or it begins with that record itself, and then what stood before it had none and was synced first.
  private static func proves(_ frame: SpecifiedFrame, _ record: UInt64) -> Bool {
    frame.watermark >= record || frame.firstSequence == record
  }

  private static func isUntouched(
    _ log: ReferenceLog, _ segment: SpecifiedSegment, _ now: [UInt8], _ offset: Int, _ count: Int
  ) -> Bool {
    guard offset + count <= now.count, let written = log.files[segment.name] else { return false }
    return written[offset..<(offset + count)] == now[offset..<(offset + count)]
  }

  // MARK: - The verdict of an opening

  /// Why the verdict breaks the promise; nil where it keeps it.
  func breach(_ verdict: SpecifiedVerdict, _ damaged: [String: [UInt8]]) -> String? {
    let place = "\(log.names[touched.file]):\(touched.offset)"
    switch verdict {
    case .unsupportedVersion: return "damage was taken for another version"
    case .corrupt(let segment, let offset):
      let isRight = segment == log.names[touched.file] && offset == touched.offset
      if isMissingSeal(segment, offset) || isSecondDamage(segment, offset, damaged) { return nil }
      return isRight ? nil : "refused at \(segment):\(offset), but the damage is at \(place)"
    case .opens(let last, _, _):
      if expectation == .refused { return "opened, although the damage at \(place) lies below what was on disk" }
      guard last <= log.lastSequence else { return "made records up" }
      if expectation == .nothingWritten {
        return last == log.lastSequence ? nil : "lost records that no damage touched"
      }
      return lossBreach(last, damaged)
    }
  }

  /// Rule 1 of section 3.2: bytes in a segment whose predecessor has no seal are blamed on the seal that is missing.
  func isMissingSeal(_ segment: String, _ offset: Int) -> Bool {
    guard touched.file > 0 else { return false }
    let before = log.segments[touched.file - 1]
    return segment == before.name && offset == before.end && before.frames.last?.frame.kind != SpecifiedFrame.Kind.seal
  }

  /// What stood at the end of a segment and looks torn now is missed only once the next segment's header is read: if
  /// that is damaged too, its place is as right.
  private func isSecondDamage(_ segment: String, _ offset: Int, _ damaged: [String: [UInt8]]) -> Bool {
    guard offset == 0, let file = log.names.firstIndex(of: segment), file == touched.file + 1 else { return false }
    let headerBytes = SpecifiedFileHeader.bytes
    return (log.files[segment] ?? []).prefix(headerBytes) != (damaged[segment] ?? []).prefix(headerBytes)
  }

  /// Every lost frame must have been touched, and the first of them must look like what a crash leaves.
  private func lossBreach(_ last: UInt64, _ damaged: [String: [UInt8]]) -> String? {
    let segment = log.segments[touched.file]
    let now = damaged[segment.name] ?? []
    for (offset, frame) in segment.frames where frame.recordCount > 0 && frame.firstSequence > last {
      if isUntouched(offset, frame, now) { return "lost the frame at \(offset), which no damage touched" }
    }
    guard let first = segment.frames.first(where: { $0.offset == touched.offset }) else { return nil }
    guard last + 1 == first.frame.firstSequence else { return "opened with \(last) records, not up to the damage" }
    let isNarrow =
      SpecifiedOpening.hasMarksOfTornWrite(first.frame, at: first.offset, in: now)
      || SpecifiedOpening.hasMarksOfTornWrite(nil, at: first.offset, in: now)
    return isNarrow ? nil : "cut off a frame of which no sector is zero"
  }

  private func isUntouched(_ offset: Int, _ frame: SpecifiedFrame, _ now: [UInt8]) -> Bool {
    Self.isUntouched(log, log.segments[touched.file], now, offset, frame.bytes)
  }
}
