import Testing
import TokenTestInputs

@testable import TokenSigning
@testable import TokenVerification

@Suite("A follower of revocations")
struct RevocationFollowerTests {
  let issuer = Issuer()
  let streams = ScriptedStreams()
  let states = Changing<[FollowerState]>([])

  var clock: ManualClock { issuer.clock }

  /// Runs a follower beside the test.
  func follow(
    _ change: (inout FollowerOptions) -> Void = { _ in }, seed: UInt64 = 1,
    _ test: (RevocationFollower, AccessTokenVerifier) async throws -> Void
  ) async throws {
    var options = FollowerOptions()
    change(&options)
    let (streams, states) = (streams, states)
    let follower = RevocationFollower(
      options: options, clock: clock.pacedClock, random: SeededGenerator(seed: seed),
      onState: { state in states.change { $0.append(state) } }
    ) { try streams.open($0) }
    let running = Task { await follower.run() }
    defer { running.cancel() }
    try await test(follower, try issuer.verifier(revocations: follower))
    running.cancel()
    await running.value
  }

  func refusal(of token: String, by verifier: AccessTokenVerifier) async -> BadToken? {
    do throws(BadToken) {
      _ = try await verifier.verify(token)
      return nil
    } catch {
      return error
    }
  }

  func text(_ revocation: String, minutes: Int64 = 60) -> String {
    "{\(revocation),\"until\":\(clock.now.milliseconds + minutes * 60_000)}"
  }

  func session(_ number: UInt64 = 1) -> String { "\"session\":\"\(Issuer.identifier(number).sessionText)\"" }

  /// Begins the first stream with an empty list.
  func begin(_ follower: RevocationFollower) async {
    #expect(await streams.opened(1))
    streams.write("list")
    streams.write("listed", id: "j.0")
    #expect(await becomesTrue { if case .following = follower.state { true } else { false } })
  }

  /// Has the first session revoked, breaks the stream, and begins a whole list in the next one.
  func beginListAfterRevocation(_ follower: RevocationFollower) async {
    streams.write("revocation", id: "j.1", text(session(1)))
    #expect(await becomesTrue { follower.entryCount == 1 })
    streams.finish()
    #expect(await becomesTrue { states.value.count == 2 })
    clock.advance(milliseconds: 100)
    #expect(await streams.opened(2))
    streams.write("list")
  }

  @Test("has a session, one token, a scope refused from the event on")
  func events() async throws {
    try await follow { follower, verifier in
      await begin(follower)
      let tokens = (1...4).map { number in
        issuer.access(issuer.claims(subject: number == 4 ? "bob" : "ann", session: UInt64(number)))
      }
      for token in tokens { #expect(await refusal(of: token, by: verifier) == nil) }
      streams.write("revocation", id: "j.1", text(session(1)))
      streams.write("revocation", id: "j.2", text("\"token\":\"\(Issuer.identifier(2).text)\""))
      #expect(await becomesTrue { follower.entryCount == 2 })
      #expect(await refusal(of: tokens[0], by: verifier) == .revoked)
      #expect(await refusal(of: tokens[1], by: verifier) == .revoked)
      #expect(await refusal(of: tokens[2], by: verifier) == nil)
      let mark = clock.now.milliseconds + 1
      streams.write("revocation", id: "j.3", text("\"subject\":\"ann\",\"before\":\(mark),\"number\":5"))
      #expect(await becomesTrue { follower.entryCount == 3 })
      #expect(await refusal(of: tokens[2], by: verifier) == .revoked)
      #expect(await refusal(of: tokens[3], by: verifier) == nil)
      // A session that was opened after the mark, in the same second.
      let late = issuer.access(issuer.claims(session: 9))
      #expect(await refusal(of: late, by: verifier) == .revoked)
      let exempt = Issuer.identifier(9).sessionText
      streams.write("revocation", id: "j.4", text("\"exempt\":\"\(exempt)\",\"number\":6"))
      var isExempt = false
      for _ in 0..<5000 where !isExempt {
        isExempt = await refusal(of: late, by: verifier) == nil
        try await Task.sleep(for: .milliseconds(1))
      }
      #expect(isExempt)
    }
  }

  @Test("compares in the issuer's own time, which can be ahead")
  func shift() async throws {
    try await follow { follower, verifier in
      await begin(follower)
      let ahead: Int64 = 86_400
      let token = issuer.access(issuer.claims(shift: ahead))
      let mark = clock.now.milliseconds + ahead * 1000
      streams.write("revocation", id: "j.1", text("\"all\":true,\"before\":\(mark),\"number\":1", minutes: 2000))
      #expect(await becomesTrue { follower.entryCount == 1 })
      #expect(await refusal(of: token, by: verifier) == nil)
      streams.write("revocation", id: "j.2", text("\"all\":true,\"before\":\(mark + 1),\"number\":2", minutes: 2000))
      var isRefused = false
      for _ in 0..<5000 where !isRefused {
        isRefused = await refusal(of: token, by: verifier) == .revoked
        try await Task.sleep(for: .milliseconds(1))
      }
      #expect(isRefused)
    }
  }

  @Test("goes on after the last event it has heard, and keeps what it knows meanwhile")
  func resumes() async throws {
    try await follow { follower, verifier in
      await begin(follower)
      let token = issuer.access()
      streams.write("revocation", id: "j.1", text(session()))
      #expect(await becomesTrue { follower.entryCount == 1 })
      streams.finish(ScriptedStreams.Refused())
      #expect(await becomesTrue { if case .behind(_, .closure) = follower.state { true } else { false } })
      #expect(await refusal(of: token, by: verifier) == .revoked)
      clock.advance(milliseconds: 100)
      #expect(await streams.opened(2))
      #expect(streams.cursors == [nil, "j.1"])
      streams.write("resumed", id: "j.1")
      #expect(await becomesTrue { if case .following = follower.state { true } else { false } })
      #expect(await refusal(of: token, by: verifier) == .revoked)
    }
  }

  @Test("puts a whole list in the place of what it knew, once the list is complete")
  func list() async throws {
    try await follow { follower, verifier in
      await begin(follower)
      let (first, second) = (issuer.access(), issuer.access(issuer.claims(session: 2)))
      await beginListAfterRevocation(follower)
      streams.write("revocation", text(session(2)))
      try await Task.sleep(for: .milliseconds(20))
      #expect(await refusal(of: first, by: verifier) == .revoked)
      #expect(await refusal(of: second, by: verifier) == nil)
      // What was heard in the last minute outlives a list without it, which can be that of a slower instance.
      clock.advance(milliseconds: 60_000)
      streams.write("listed", id: "k.1")
      #expect(await becomesTrue { states.value.count == 3 })
      #expect(await refusal(of: first, by: verifier) == nil)
      #expect(await refusal(of: second, by: verifier) == .revoked)
    }
  }

  @Test("takes a stream without heartbeats for broken, and one with them for whole")
  func silence() async throws {
    try await follow { follower, _ in
      await begin(follower)
      for number in 1...10 {
        clock.advance(milliseconds: 30_000)
        // The event after the comment tells that it was read.
        streams.write(raw: ": heartbeat\n\n")
        streams.write("revocation", id: "j.\(number)", text(session(UInt64(number))))
        #expect(await becomesTrue { follower.entryCount == number })
      }
      if case .following = follower.state {} else { Issue.record("\(follower.state)") }
      let last = clock.now
      #expect(await becomesTrue { clock.sleeperCount > 0 })
      for _ in 0..<50 {
        clock.advance(milliseconds: 1000)
        try await Task.sleep(for: .milliseconds(2))
      }
      #expect(await becomesTrue { states.value.contains { $0 == .behind(since: last, .silent) } })
    }
  }

  @Test(
    "pauses for longer after each failure, each time by half to all of the pause",
    arguments: 1...5 as ClosedRange<UInt64>)
  func backOff(seed: UInt64) async throws {
    streams.refuses = true
    try await follow({ $0.backOff = .milliseconds(1000)...(.milliseconds(4000)) }, seed: seed) { _, _ in
      var pauses: [Int64] = []
      for count in 1...5 {
        #expect(await becomesTrue { states.value.count == count && streams.cursors.count == count })
        let start = clock.now
        while streams.cursors.count == count {
          clock.advance(milliseconds: 50)
          try await Task.sleep(for: .milliseconds(5))
        }
        pauses.append(clock.now.millisecondsSince(start))
      }
      for (pause, most) in zip(pauses, [1000, 2000, 4000, 4000, 4000] as [Int64]) {
        // The clock is looked at after each step.
        #expect(pause >= most / 2 && pause <= most + 500, "seed \(seed): \(pauses)")
      }
    }
  }

  @Test("forgets a revocation once no access token under it can live, and no later than the longest lifetime says")
  func forgets() async throws {
    try await follow({ $0.accessLifetimeMax = .seconds(600) }) { follower, _ in
      await begin(follower)
      streams.write("revocation", id: "j.1", text(session(1), minutes: 1))
      streams.write("revocation", id: "j.2", text(session(2), minutes: 100_000))
      #expect(await becomesTrue { follower.entryCount == 2 })
      for expected in [1, 0] {
        for _ in 0..<100 where follower.entryCount > expected {
          clock.advance(milliseconds: 10_000)
          streams.write(raw: ": heartbeat\n\n")
          try await Task.sleep(for: .milliseconds(5))
        }
        #expect(follower.entryCount == expected)
      }
    }
  }

  @Test(
    "opens another stream if it cannot read one, and says why",
    arguments: [
      ("event: revocation\ndata: {}\n\n", "before the stream has begun"),
      ("event: listed\ndata: {}\n\n", "a list ends"),
      ("event: resumed\ndata: {}\n\nevent: revocation\ndata: {\"new\":1}\n\n", "not one that this version knows"),
      ("event: resumed\ndata: {}\n\nevent: end\ndata: {\"reason\":\"too_slow\"}\n\n", "too_slow"),
      ("data: \(String(repeating: "x", count: 40_000))", "more than"),
    ])
  func faults(text: String, words: String) async throws {
    try await follow { follower, _ in
      #expect(await streams.opened(1))
      streams.write(raw: text)
      #expect(await becomesTrue { states.value.contains { "\($0)".contains(words) } })
    }
  }
}
