/// The context that all callers of a load share.
struct CallerContext: Sendable {
  let options: LoadOptions
  let target: any RotationTarget
  let clock: LoadClock
  let collector: LoadCollector
  let supply: SessionSupply
  let onViolation: @Sendable (LoadViolation) -> Void

  var schedule: ArrivalSchedule? {
    options.rate.map { ArrivalSchedule(rate: $0, rampUp: options.rampUp) }
  }
}

/// A caller of a load, which goes round its sessions, one request at a time.
struct Caller {
  private var round: SessionRound
  private var recorder: LoadRecorder
  private var consumed = ConsumedTokens()
  private let context: CallerContext
  private let index: Int
  /// The number of this caller's arrivals that are over.
  private var arrivals = 0
  /// The credits for reuse, races and losses, which grow by their rates with each turn; at 1 one is due.
  private var reuseCredit: Double
  private var raceCredit: Double
  private var lossCredit: Double
  private var latency = Duration.milliseconds(1)
  private var failuresInRow = 0

  private static let failuresMax = 20
  private static let pauseMax = Duration.seconds(5)
  /// The length of a sleep before which counts are handed on.
  private static let longSleep = Duration.milliseconds(100)

  init(_ index: Int, tokens: [IssuedToken], context: CallerContext) {
    self.index = index
    self.context = context
    round = SessionRound(tokens, supply: context.supply)
    recorder = LoadRecorder(context.collector, isOpenLoop: context.options.rate != nil)
    // The start values differ, so that not all callers race in the same turn, and some do in a short load.
    let share = (Double(index) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
    (reuseCredit, raceCredit, lossCredit) = (share, share, share)
  }

  mutating func run() async {
    let (clock, end, schedule) = (context.clock, context.options.duration, context.schedule)
    if schedule == nil, context.options.rampUp > .zero {
      await clock.sleep(until: context.options.rampUp * index / context.options.connections)
    }
    var now = clock.now
    while now < end, !Task.isCancelled {
      var due = now
      if let schedule {
        due = schedule.due(arrivals * context.options.connections + index)
        arrivals += 1
        guard due < end else { break }
        if due > now {
          now = await wait(until: due)
          recorder.woke(late: now - due)
        }
      }
      if let position = round.next(at: now) {
        now = await turn(position, due: due, sent: now)
      } else if schedule == nil {
        now = await wait(until: min(end, round.nextReady(after: now)))
      } else {
        recorder.reach(now)
        recorder.tally.skipped += 1
      }
    }
    recorder.flush()
  }

  private mutating func wait(until time: Duration) async -> Duration {
    if time - context.clock.now > Self.longSleep { recorder.flush() }
    await context.clock.sleep(until: time)
    return context.clock.now
  }

  // MARK: - Sessions

  private mutating func follow(_ position: Int, _ judgement: SessionJudge.Judgement, at time: Duration) {
    if let violation = judgement.violation { note(violation) }
    round.sessions[position].failures = 0
    round.sessions[position].ready = time + context.options.think
    guard !judgement.goesOn else { return }
    if let place = judgement.refusedStart {
      let failure = TargetError.refusedStart(at: place)
      recorder.tally.count(failure)
      recorder.tally.refusedStart = recorder.tally.refusedStart ?? failure.description
    } else if judgement.violation == nil {
      recorder.tally.sessionsEnded += 1
    }
    round.end(position)
  }

  private mutating func note(_ violation: LoadViolation) {
    recorder.tally.violations += 1
    if context.collector.keep(violation) { context.onViolation(violation) }
  }

  // MARK: - Turns

  /// Takes a turn and returns the time of its end.
  private mutating func turn(_ position: Int, due: Duration, sent: Duration) async -> Duration {
    let options = context.options
    if options.race > 1 {
      raceCredit += options.raceRate
      if raceCredit >= 1 {
        raceCredit -= 1
        return await race(position, sent: sent)
      }
    }
    if options.lossRate > 0 {
      lossCredit += options.lossRate
      if lossCredit >= 1 {
        lossCredit -= 1
        return await lose(position, sent: sent)
      }
    }
    if reuseCredit >= 1, let entry = consumed.take() {
      reuseCredit -= 1
      return await presentAgain(entry, sent: sent)
    }
    return await rotate(position, due: due, sent: sent)
  }

  private mutating func rotate(_ position: Int, due: Duration, sent: Duration) async -> Duration {
    let presented = round.sessions[position].live
    do throws(TargetError) {
      let reply = try await context.target.rotate(presented)
      let now = context.clock.now
      failuresInRow = 0
      if case .granted(let next) = reply {
        recorder.rotated(due: due, sent: sent, at: now)
        latency = now - sent
        if context.options.reuseRate > 0 {
          reuseCredit += context.options.reuseRate
          let token = ConsumedToken(token: presented.text, successor: next.text, consumed: now)
          let session = round.sessions[position]
          consumed.remember(.init(token: token, position: position, number: session.number, key: session.key))
        }
      }
      recorder.tally.lastAnswer = now
      let judgement = round.sessions[position].judge.answered(reply, sent: sent, at: now, grace: context.options.grace)
      follow(position, judgement, at: now)
      return now
    } catch {
      return await failed(position, error, sent: sent)
    }
  }

  /// Presents the live token several times at the same moment.
  private mutating func race(_ position: Int, sent: Duration) async -> Duration {
    let (presented, target) = (round.sessions[position].live, context.target)
    let outcomes = await withTaskGroup(of: Result<RotationReply, TargetError>.self) { group in
      for _ in 0..<context.options.race {
        group.addTask {
          do throws(TargetError) { return .success(try await target.rotate(presented)) } catch {
            return .failure(error)
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let now = context.clock.now
    guard !Task.isCancelled else { return now }
    recorder.reach(now)
    recorder.tally.races += 1
    var isGranted = false
    let replies = outcomes.map { outcome -> RotationReply? in
      switch outcome {
      case .success(let reply):
        recorder.tally.lastAnswer = now
        if case .granted = reply { isGranted = true }
        return reply
      case .failure(let failure):
        count(failure)
        return nil
      }
    }
    if isGranted { recorder.tally.rotations += 1 }
    let judgement = round.sessions[position].judge.raced(replies, sent: sent, at: now, grace: context.options.grace)
    follow(position, judgement, at: now)
    return now
  }

  /// Presents the live token as a client that drops the connection and then tries again.
  private mutating func lose(_ position: Int, sent: Duration) async -> Duration {
    let presented = round.sessions[position].live
    let patience = Duration.nanoseconds(Int64.random(in: 0...max(1, 2 * latency.wholeNanoseconds)))
    let seen = await context.target.rotateAndHangUp(presented, after: patience)
    let now = context.clock.now
    guard !Task.isCancelled else { return now }
    recorder.reach(now)
    recorder.tally.losses += 1
    let judgement = round.sessions[position].judge.lost(seen, sent: sent, at: now)
    follow(position, judgement, at: now)
    guard judgement.goesOn else { return now }
    do throws(TargetError) {
      let reply = try await context.target.rotate(presented)
      let end = context.clock.now
      recorder.reach(end)
      recorder.tally.lastAnswer = end
      if case .granted = reply {
        recorder.tally.rotations += 1
        recorder.tally.lossesRecovered += 1
      }
      follow(
        position, round.sessions[position].judge.answered(reply, sent: now, at: end, grace: context.options.grace),
        at: end)
      return end
    } catch {
      return await failed(position, error, sent: now)
    }
  }

  /// Presents a consumed token again.
  private mutating func presentAgain(_ entry: ConsumedTokens.Entry, sent: Duration) async -> Duration {
    var reply: RotationReply?
    do throws(TargetError) {
      reply = try await context.target.rotate(IssuedToken(entry.token.token, key: entry.key))
    } catch {
      count(error)
    }
    let now = context.clock.now
    guard !Task.isCancelled else { return now }
    recorder.reach(now)
    recorder.tally.reuses += 1
    let isFollowed = round.follows(entry)
    if isFollowed { round.sessions[entry.position].judge.presentedConsumed(reply, at: now) }
    guard let reply else { return now }
    recorder.tally.lastAnswer = now
    if reply == .refused { recorder.tally.reusesRefused += 1 } else { recorder.tally.reusesAnswered += 1 }
    if let violation = entry.token.violation(reply, sent: sent, at: now, grace: context.options.grace) {
      note(violation)
      // The server has two chains now, and nobody can tell which of them it will refuse.
      if isFollowed, violation.kind == .twoSuccessors { round.end(entry.position) }
    }
    return now
  }

  // MARK: - Failures

  private mutating func count(_ failure: TargetError) {
    recorder.tally.count(failure)
    if let kind = failure.kind, !kind.isSilence { recorder.tally.lastAnswer = context.clock.now }
  }

  /// Notes a failure.
  ///
  /// The token may be consumed, so the session continues in doubt.
  private mutating func failed(_ position: Int, _ failure: TargetError, sent: Duration) async -> Duration {
    let now = context.clock.now
    guard !Task.isCancelled, failure != .cancelled else { return now }
    recorder.reach(now)
    count(failure)
    _ = round.sessions[position].judge.lost(nil, sent: sent, at: now)
    round.sessions[position].failures += 1
    if round.sessions[position].failures >= Self.failuresMax { round.end(position) }
    // An open loop continues by its schedule.
    guard context.options.rate == nil else { return now }
    failuresInRow += 1
    let pause = failure.retryAfter ?? .milliseconds(1 << min(failuresInRow, 10))
    return await wait(
      until: min(context.options.duration, now + min(pause, Self.pauseMax) * Double.random(in: 1...1.25)))
  }
}
