import Testing
import TokenTestInputs

@testable import TokenSigning
@testable import TokenVerification

/// What is known and refused while the stream, the clock or the room is not as it should be.
extension RevocationFollowerTests {
  @Test("keeps for a minute what it heard of late and a whole list lacks, which can be that of a slower instance")
  func recent() async throws {
    try await follow { follower, verifier in
      await begin(follower)
      let token = issuer.access()
      await beginListAfterRevocation(follower)
      streams.write("listed", id: "k.1")
      #expect(await becomesTrue { states.value.count == 3 })
      #expect(await refusal(of: token, by: verifier) == .revoked)
      for _ in 0..<100 where follower.entryCount > 0 {
        clock.advance(milliseconds: 10_000)
        streams.write(raw: ": heartbeat\n\n")
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(await refusal(of: token, by: verifier) == nil)
    }
  }

  @Test("reads everything anew when the clock of its machine was set, either way", arguments: [-3_600_000, 3_600_000])
  func clockSet(milliseconds: Int64) async throws {
    try await follow { follower, verifier in
      await begin(follower)
      streams.write("revocation", id: "j.1", text(session(1), minutes: 5))
      #expect(await becomesTrue { follower.entryCount == 1 })
      clock.step(milliseconds: milliseconds)
      for _ in 0..<100 where streams.cursors.count < 2 {
        clock.advance(milliseconds: 1_000)
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(streams.cursors == [nil, nil])
      #expect(follower.entryCount == 1)
      #expect(states.value.contains { if case .behind(_, .clockSet) = $0 { true } else { false } })
    }
  }

  @Test("refuses by the same policy while an open stream is silent, and once it is told to end")
  func refusesSilence() async throws {
    try await follow({ $0.whenAway = .refuse(after: .seconds(5)) }) { follower, verifier in
      let token = issuer.access()
      await begin(follower)
      clock.advance(milliseconds: 19_999)
      #expect(await refusal(of: token, by: verifier) == nil)
      clock.advance(milliseconds: 1)
      #expect(await refusal(of: token, by: verifier) == .unverifiable)
      streams.write("revocation", id: "j.1", text(session(7)))
      #expect(await becomesTrue { follower.entryCount == 1 })
      #expect(await refusal(of: token, by: verifier) == nil)
    }
    // `follow` has ended the follower.
    guard case .behind? = states.value.last else {
      Issue.record("\(states.value)")
      return
    }
  }

  @Test("is asked nothing while it was never followed, or is away for too long, if the policy is to refuse")
  func refuses() async throws {
    try await follow({ $0.whenAway = .refuse(after: .seconds(5)) }) { follower, verifier in
      let token = issuer.access()
      #expect(await refusal(of: token, by: verifier) == .unverifiable)
      await begin(follower)
      #expect(await refusal(of: token, by: verifier) == nil)
      streams.refuses = true
      streams.finish()
      #expect(await becomesTrue { states.value.count >= 2 })
      clock.advance(milliseconds: 4_999)
      #expect(await refusal(of: token, by: verifier) == nil)
      clock.advance(milliseconds: 1)
      #expect(await refusal(of: token, by: verifier) == .unverifiable)
    }
  }

  @Test("goes on by what it knows while it is away, by default")
  func serves() async throws {
    try await follow { follower, verifier in
      #expect(await refusal(of: issuer.access(), by: verifier) == nil)
      await begin(follower)
      streams.refuses = true
      streams.finish()
      #expect(await becomesTrue { states.value.count >= 2 })
      clock.advance(milliseconds: 600_000)
      #expect(await refusal(of: issuer.access(), by: verifier) == nil)
    }
  }

  @Test("keeps so many revocations at most")
  func entries() async throws {
    try await follow({ $0.entriesMax = 3 }) { follower, _ in
      await begin(follower)
      for number in 1...4 { streams.write("revocation", id: "j.\(number)", text(session(UInt64(number)))) }
      #expect(await becomesTrue { states.value.contains { if case .behind(_, .tooMany) = $0 { true } else { false } } })
      #expect(follower.entryCount == 3)
      // The fourth is asked for again, and there is still no room: it does not follow meanwhile.
      clock.advance(milliseconds: 100)
      #expect(await streams.opened(2))
      #expect(streams.cursors == [nil, "j.3"])
      streams.write("resumed", id: "j.3")
      #expect(await becomesTrue { states.value.count >= 3 })
      for state in states.value.dropFirst() { if case .following = state { Issue.record("\(states.value)") } }
    }
  }
}
