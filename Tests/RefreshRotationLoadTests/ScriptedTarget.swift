import Synchronization

@testable import RefreshRotationLoad

/// A server in memory whose faults are chosen.
final class ScriptedTarget: RotationTarget {
  enum Fault: Sendable {
    case none
    /// Consumed tokens are granted again, with a successor of their own.
    case grantsAgain
    /// Every so many live tokens are refused.
    case refuses(every: Int)
    /// Answers a token with itself.
    case keepsToken
    /// Every request is answered 503.
    case overloaded
    /// After so many rotations nothing is answered any more.
    case dies(after: Int)
    /// Every so many rotations take so long.
    case stalls(every: Int, Duration)
  }

  private struct State {
    var count = 0
    var rotations = 0
    var live: Set<String> = []
  }

  let name = "scripted"
  private let fault: Fault
  private let state = Mutex(State())

  private let clock: any Clock<Duration>

  init(_ fault: Fault, clock: any Clock<Duration> = ContinuousClock()) {
    self.fault = fault
    self.clock = clock
  }

  /// Requests for a rotation until now.
  var rotations: Int { state.withLock { $0.rotations } }

  func open() async throws(TargetError) -> IssuedToken {
    state.withLock { IssuedToken(Self.issue(&$0)) }
  }

  func rotate(_ token: IssuedToken) async throws(TargetError) -> RotationReply {
    let number = state.withLock { state in
      state.rotations += 1
      return state.rotations
    }
    switch fault {
    case .overloaded: throw .overloaded(retryAfter: nil)
    case .dies(let last) where number > last: throw .connection("closed")
    case .stalls(let every, let time) where number % every == 0: try? await clock.sleep(for: time)
    case .refuses(let every) where number % every == 0: return .refused
    case .keepsToken: return .granted(IssuedToken(token.text))
    default: await Task.yield()
    }
    return state.withLock { state in
      let isLive = state.live.remove(token.text) != nil
      if case .grantsAgain = fault { return .granted(IssuedToken(Self.issue(&state))) }
      return isLive ? .granted(IssuedToken(Self.issue(&state))) : .refused
    }
  }

  private static func issue(_ state: inout State) -> String {
    state.count += 1
    let token = "token-\(state.count)"
    state.live.insert(token)
    return token
  }
}
