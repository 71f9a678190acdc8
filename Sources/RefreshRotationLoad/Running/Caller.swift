/// What all callers of a load share.
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

/// One caller of a load: goes round its sessions, one request at a time.
struct Caller {
  private var sessions: [FollowedSession]
  private var recorder: LoadRecorder
  private var memory = ReplayMemory()
  private let context: CallerContext
  private let index: Int
  private var position = 0
  /// How many of the arrivals that fall to this caller are over.
  private var arrivals = 0
  /// Grow by their rates with each turn; at 1 it is their turn.
  private var replayCredit: Double
  private var raceCredit: Double
  private var lossCredit: Double
  private var latency = Duration.milliseconds(1)
  private var failuresInRow = 0

  private static let failuresMax = 20
  private static let pauseMax = Duration.seconds(5)
  /// How often a caller looks whether a session was opened for it.
  private static let lookout = Duration.milliseconds(5)
  /// What is counted is handed on before a sleep of this length.
  private static let longSleep = Duration.milliseconds(100)

  init(_ index: Int, tokens: [IssuedToken], context: CallerContext) {
    self.index = index
    self.context = context
    sessions = tokens.map { FollowedSession($0, at: .zero) }
    recorder = LoadRecorder(context.collector, isOpenLoop: context.options.rate != nil)
    // So that not all callers race in the same turn, and some do in a short load.
    let share = (Double(index) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
    (replayCredit, raceCredit, lossCredit) = (share, share, share)
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
      if let position = nextSession(at: now) {
        now = await turn(position, due: due, sent: now)
      } else if schedule == nil {
        now = await wait(until: min(end, nextReady(after: now)))
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

  // MARK: Sessions

  /// The next in the round that can be presented; nil where none can.
  private mutating func nextSession(at now: Duration) -> Int? {
    var mayBeSupplied = true
    for _ in sessions.indices {
      let candidate = position
      position = position + 1 == sessions.count ? 0 : position + 1
      if sessions[candidate].isEmpty, mayBeSupplied {
        if let token = context.supply.take() {
          sessions[candidate].replace(with: token, at: now)
        } else {
          mayBeSupplied = false
        }
      }
      if !sessions[candidate].isEmpty, sessions[candidate].ready <= now { return candidate }
    }
    return nil
  }

  private func nextReady(after now: Duration) -> Duration {
    var next = Duration.seconds(86_400)
    for session in sessions { next = min(next, session.isEmpty ? now + Self.lookout : session.ready) }
    return max(next, now + .microseconds(50))
  }

  private mutating func follow(_ position: Int, _ judgement: SessionJudge.Judgement, at time: Duration) {
    if let violation = judgement.violation { note(violation) }
    sessions[position].failures = 0
    sessions[position].ready = time + context.options.think
    guard !judgement.goesOn else { return }
    if let place = judgement.refusedStart {
      let failure = TargetFailure.refusedStart(at: place)
      recorder.tally.count(failure)
      recorder.tally.refusedStart = recorder.tally.refusedStart ?? failure.description
    } else if judgement.violation == nil {
      recorder.tally.sessionsEnded += 1
    }
    end(position)
  }

  private mutating func end(_ position: Int) {
    sessions[position].isEmpty = true
    context.supply.order()
  }

  private mutating func note(_ violation: LoadViolation) {
    recorder.tally.violations += 1
    if context.collector.keep(violation) { context.onViolation(violation) }
  }

  // MARK: Turns

  /// Returns when it was over.
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
    if replayCredit >= 1, let entry = memory.take() {
      replayCredit -= 1
      return await replay(entry, sent: sent)
    }
    return await rotate(position, due: due, sent: sent)
  }

  private mutating func rotate(_ position: Int, due: Duration, sent: Duration) async -> Duration {
    let presented = sessions[position].judge.token
    do throws(TargetFailure) {
      let reply = try await context.target.rotate(presented)
      let now = context.clock.now
      failuresInRow = 0
      if case .granted(let next) = reply {
        recorder.rotated(due: due, sent: sent, at: now)
        latency = now - sent
        if context.options.replayRate > 0 {
          replayCredit += context.options.replayRate
          let consumed = ConsumedToken(token: presented, successor: next.text, consumed: now)
          memory.remember(.init(consumed: consumed, position: position, number: sessions[position].number))
        }
      }
      recorder.tally.lastAnswer = now
      let judgement = sessions[position].judge.answered(reply, sent: sent, at: now, grace: context.options.grace)
      follow(position, judgement, at: now)
      return now
    } catch {
      return await failed(position, error, sent: sent)
    }
  }

  /// The live token, presented by several at the same moment.
  private mutating func race(_ position: Int, sent: Duration) async -> Duration {
    let (presented, target) = (sessions[position].judge.token, context.target)
    let outcomes = await withTaskGroup(of: Result<RotationReply, TargetFailure>.self) { group in
      for _ in 0..<context.options.race {
        group.addTask {
          do throws(TargetFailure) { return .success(try await target.rotate(presented)) } catch {
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
    let judgement = sessions[position].judge.raced(replies, sent: sent, at: now, grace: context.options.grace)
    follow(position, judgement, at: now)
    return now
  }

  /// The live token, presented by a client that drops the connection and then tries again.
  private mutating func lose(_ position: Int, sent: Duration) async -> Duration {
    let presented = sessions[position].judge.token
    let patience = Duration.nanoseconds(Int64.random(in: 0...max(1, 2 * latency.wholeNanoseconds)))
    let seen = await context.target.rotateAndHangUp(presented, after: patience)
    let now = context.clock.now
    guard !Task.isCancelled else { return now }
    recorder.reach(now)
    recorder.tally.losses += 1
    let judgement = sessions[position].judge.lost(seen, sent: sent, at: now)
    follow(position, judgement, at: now)
    guard judgement.goesOn else { return now }
    do throws(TargetFailure) {
      let reply = try await context.target.rotate(presented)
      let end = context.clock.now
      recorder.reach(end)
      recorder.tally.lastAnswer = end
      if case .granted = reply {
        recorder.tally.rotations += 1
        recorder.tally.lossesRecovered += 1
      }
      follow(
        position, sessions[position].judge.answered(reply, sent: now, at: end, grace: context.options.grace), at: end)
      return end
    } catch {
      return await failed(position, error, sent: now)
    }
  }

  /// A consumed token, presented again.
  private mutating func replay(_ entry: ReplayMemory.Entry, sent: Duration) async -> Duration {
    var reply: RotationReply?
    do throws(TargetFailure) { reply = try await context.target.rotate(entry.consumed.token) } catch { count(error) }
    let now = context.clock.now
    guard !Task.isCancelled else { return now }
    recorder.reach(now)
    recorder.tally.replays += 1
    let isFollowed = sessions[entry.position].number == entry.number && !sessions[entry.position].isEmpty
    if isFollowed { sessions[entry.position].judge.replayed(reply, at: now) }
    guard let reply else { return now }
    recorder.tally.lastAnswer = now
    if reply == .refused { recorder.tally.replaysRefused += 1 } else { recorder.tally.replaysRepeated += 1 }
    if let violation = entry.consumed.violation(reply, sent: sent, at: now, grace: context.options.grace) {
      note(violation)
      // The server has two chains now: which of them it will refuse cannot be told.
      if isFollowed, violation.kind == .twoSuccessors { end(entry.position) }
    }
    return now
  }

  // MARK: Failures

  private mutating func count(_ failure: TargetFailure) {
    recorder.tally.count(failure)
    if let kind = failure.kind, !kind.isSilence { recorder.tally.lastAnswer = context.clock.now }
  }

  /// The token may be consumed: its session goes on, in doubt.
  private mutating func failed(_ position: Int, _ failure: TargetFailure, sent: Duration) async -> Duration {
    let now = context.clock.now
    guard !Task.isCancelled, failure != .cancelled else { return now }
    recorder.reach(now)
    count(failure)
    _ = sessions[position].judge.lost(nil, sent: sent, at: now)
    sessions[position].failures += 1
    if sessions[position].failures >= Self.failuresMax { end(position) }
    // An open loop goes on by its schedule.
    guard context.options.rate == nil else { return now }
    failuresInRow += 1
    let pause = failure.retryAfter ?? .milliseconds(1 << min(failuresInRow, 10))
    return await wait(
      until: min(context.options.duration, now + min(pause, Self.pauseMax) * Double.random(in: 1...1.25)))
  }
}
