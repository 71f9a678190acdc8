import Synchronization

/// The tokens of a test's endpoint: each is granted once, unless it is told to be careless.
final class LoadTestLedger: Sendable {
  private struct State {
    var count = 0
    var successors: [String: String] = [:]
    var live: Set<String> = []
  }

  private let state = Mutex(State())
  /// Consumed tokens are answered with: nothing, their successor, or a new one.
  let again: Again

  enum Again: Sendable {
    case refused, sameSuccessor, newSuccessor
  }

  init(_ again: Again = .refused) {
    self.again = again
  }

  func answer(_ form: [String: String]) -> LoadTestEndpoint.Reply {
    state.withLock { state in
      guard form["grant_type"] == "refresh_token" else {
        return form["password"] == "right" ? .token(Self.issue(&state)) : .refused
      }
      let presented = form["refresh_token"] ?? ""
      if state.live.remove(presented) != nil || again == .newSuccessor {
        let next = Self.issue(&state)
        state.successors[presented] = next
        return .token(next)
      }
      if again == .sameSuccessor, let next = state.successors[presented] { return .token(next) }
      return .refused
    }
  }

  private static func issue(_ state: inout State) -> String {
    state.count += 1
    let token = "opaque-token-\(state.count)"
    state.live.insert(token)
    return token
  }
}
