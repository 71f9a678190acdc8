@testable import TokenLedger
@testable import WriteAheadLog

/// The reader of a checkpoint's entries.
///
/// What it accepts leaves a whole state; what the writer made of a state is accepted and leads to that state again.
enum CheckpointTarget: OneInput {
  /// The last record that the checkpoints cover: all numbers and slots below it may be used, and memory is made for
  /// them.
  private static let covered: UInt64 = 1 << 16

  static func run(_ input: inout InputBytes) {
    switch input.byte() % 4 {
    case 0: restore([input.rest()])
    case 1: restore([EntryBuilder.entries(from: &input)])
    case 2: runPicture(&input, isDamaged: false)
    default: runPicture(&input, isDamaged: true)
    }
  }

  /// A checkpoint of a state that a log led to.
  private static func runPicture(_ input: inout InputBytes, isDamaged: Bool) {
    let place = Int(input.integer(UInt16.self))
    let bits = input.byte() | 1
    let following = input.take(Int(input.byte()))
    var builder = EventBuilder()
    builder.appendPreamble()
    builder.build(from: &input)
    var replay = LedgerReplay()
    // A refusal ends it, and what came before stays.
    do throws(RecordError) { try replay.apply(builder.payload.span) } catch {}
    var frames = picture(of: replay.state)
    if isDamaged, !frames.isEmpty, !frames[0].isEmpty { frames[0][place % frames[0].count] ^= bits }
    guard let restored = restore(frames) else {
      return require(isDamaged, "a checkpoint is refused that the writer made")
    }
    guard !isDamaged else { return }
    require(LedgerAccount(restored.state) == LedgerAccount(replay.state), "a checkpoint is of another state")
    // Both go on alike, whatever comes.
    var (first, second) = (replay, restored)
    require(apply(following, to: &first) == apply(following, to: &second), "a restored state takes other records")
    require(LedgerAccount(first.state) == LedgerAccount(second.state), "a restored state goes on otherwise")
  }

  private static func apply(_ payload: [UInt8], to replay: inout LedgerReplay) -> Bool {
    do throws(RecordError) {
      try replay.apply(payload.span)
      return true
    } catch {
      return false
    }
  }

  private static func picture(of state: LedgerState) -> [[UInt8]] {
    var encoder = CheckpointEncoder(LedgerSnapshot(of: state, sequence: 1))
    var frames: [[UInt8]] = []
    var payload: [UInt8] = []
    while encoder.fill(&payload) > 0 { frames.append(payload) }
    return frames
  }

  /// The state that the frames lead to, if they are accepted to their end.
  @discardableResult
  private static func restore(_ payloads: [[UInt8]]) -> LedgerReplay? {
    var replay = LedgerReplay()
    for payload in payloads {
      do throws(RecordError) {
        try replay.apply(frame(.checkpoint, recordCount: count(payload)), payload.span)
      } catch {
        // What was restored up to here is of no use: sessions are findable only once all are there.
        require((0...payload.count).contains(error.byteOffsetInPayload), "a refusal outside the payload")
        return nil
      }
    }
    let nothing: [UInt8] = []
    do throws(RecordError) { try replay.apply(frame(.checkpointEnd, recordCount: 0), nothing.span) } catch {
      return nil
    }
    LedgerAccount.check(replay.state)
    var again = LedgerReplay()
    for payload in picture(of: replay.state) {
      do throws(RecordError) {
        try again.apply(frame(.checkpoint, recordCount: count(payload)), payload.span)
      } catch {
        require(false, "a checkpoint of a restored state is refused: \(error.what)")
      }
    }
    require(
      LedgerAccount(again.state) == LedgerAccount(replay.state), "a restored state changes when it is written again")
    var drained = replay.state
    LedgerAccount.drain(&drained)
    return replay
  }

  /// How many entries decode, so that the count of the frame is right.
  private static func count(_ payload: [UInt8]) -> Int {
    var decoder = CheckpointDecoder()
    var count = 0
    while decoder.offset < payload.count {
      do throws(RecordError) { _ = try decoder.next(in: payload.span) } catch { return count }
      count += 1
    }
    return count
  }

  private static func frame(_ kind: LogFrame.Kind, recordCount: Int) -> LogFrame {
    LogFrame(
      kind: kind, firstSequence: covered, recordCount: recordCount, epoch: 1, watermark: covered,
      place: LogPlace(segment: "checkpoint", offset: 64), fileBytes: 0)
  }
}

/// Makes the entries of a checkpoint as the fuzzer chooses, most of them in their order.
private enum EntryBuilder {
  static func entries(from input: inout InputBytes) -> [UInt8] {
    let now: Int64 = 1_767_225_600_000
    var bytes: [UInt8] = []
    var counts = CheckpointCounts()
    if input.byte() != 0xFF { bytes.append(state(&input, now: now)) }
    for _ in 0..<input.choice(6) {
      bytes.append(.name(number: counts.names + gap(&input), text: input.text(10)))
      counts.names += 1
    }
    for _ in 0..<input.choice(4) {
      guard
        let lifetimes = Lifetimes(
          idleMilliseconds: 1 + Int64(input.byte()), absoluteMilliseconds: 1 + Int64(input.integer(UInt16.self)))
      else { break }
      let profile = SessionProfile(
        client: UInt32(input.byte() % 6), scope: UInt32(input.byte() % 6),
        terms: SessionTerms(lifetimes: lifetimes, rotation: input.byte() % 4 == 0 ? .never : .always),
        clientVersion: AccountVersion(stored: UInt64(input.byte() % 4)))
      bytes.append(.profile(number: counts.profiles + gap(&input), profile))
      counts.profiles += 1
    }
    for _ in 0..<input.choice(8) {
      let slot = counts.slots + gap(&input)
      let label = input.byte() % 4 == 0 ? UInt32(input.byte() % 6) : LabelTable.none
      bytes.append(.slot(slot, entry(&input, now: now), label: label, payload: input.take(input.choice(5))))
      counts.slots += 1
    }
    for _ in 0..<input.choice(4) {
      bytes.append(.mark(mark(&input), time: Timestamp(milliseconds: now - Int64(input.byte() % 250))))
      counts.marks += 1
    }
    for _ in 0..<input.choice(4) {
      let token = TokenID(session: SessionID(high: UInt64(input.byte()), low: 0), generation: UInt32(input.byte()))
      bytes.append(.revokedToken(token, end: Timestamp(milliseconds: now + Int64(input.integer(UInt16.self)))))
      counts.revokedTokens += 1
    }
    if input.byte() == 0xFF { bytes += input.take(40) }
    counts.names = counts.names &+ gap(&input)
    bytes.append(.end(counts))
    return bytes
  }

  /// With shifts, mostly in their order.
  private static func state(_ input: inout InputBytes, now: Int64) -> CheckpointEntry {
    var from = now - 1_000
    var shifts: [TimeShifts.Change] = []
    for _ in 0..<input.choice(4) {
      from += Int64(input.byte()) * 2
      shifts.append(TimeShifts.Change(from: Timestamp(milliseconds: from), seconds: Int64(input.byte() % 4)))
    }
    return .state(highestTime: Timestamp(milliseconds: now), shifts: shifts)
  }

  /// 0 as a rule.
  private static func gap(_ input: inout InputBytes) -> UInt32 {
    let choice = input.byte()
    return choice < 200 ? 0 : choice < 250 ? UInt32(choice - 199) : UInt32(input.integer(UInt16.self))
  }

  private static func mark(_ input: inout InputBytes) -> MarkKey {
    let (subject, client) = (UInt32(input.byte() % 6), UInt32(input.byte() % 6))
    return [.subject(subject), .client(client), .subjectAtClient(subject: subject, client: client), .all][
      input.choice(4)]
  }

  private static func entry(_ input: inout InputBytes, now: Int64) -> SessionEntry {
    let statuses: [SessionEntry.Status] = [.live, .live, .revoked, .oneTimeLive, .oneTimeConsumed, .free]
    var entry = SessionEntry()
    entry.status = statuses[input.choice(statuses.count)]
    entry.idHigh = UInt64(input.byte() % 4)
    entry.idLow = UInt32(input.byte())
    entry.openedAt = Timestamp(milliseconds: now - Int64(input.byte() % 250))
    entry.refreshedAt = Timestamp(milliseconds: now - Int64(input.byte() % 4))
    entry.subject = UInt32(input.byte() % 6)
    entry.detail = UInt32(input.byte() % 6)
    entry.generation = input.integer()
    entry.version = AccountVersion(stored: UInt64(input.byte() % 4))
    entry.hasSeenSuccessor = input.byte() % 4 == 0
    if input.byte() % 4 == 3 { entry.narrowedScope = UInt32(input.byte() % 6) }
    return entry
  }
}
