import Synchronization
import TokenTestInputs

@testable import TokenClient

/// A token server that answers as a test says, one reply for each request.
final class ScriptedServer: Sendable {
  enum Answer: Sendable {
    /// Tokens with this number in their texts, and a lifetime in seconds.
    case tokens(Int, seconds: Int = 900)
    case reply(Int, String, fields: [String: String] = [:])
    case lost
    case notSent
  }

  struct Timeout: Error {}

  private struct State {
    var answers: [Answer]
    var requests: [ClientRequest] = []
    var held: [CheckedContinuation<Void, Never>] = []
    var holds = false
  }

  private let state: Mutex<State>

  init(_ answers: Answer...) { state = Mutex(State(answers: answers)) }

  /// The bodies of all requests.
  var bodies: [String] { state.withLock { $0.requests.map { String(decoding: $0.body, as: UTF8.self) } } }

  var requests: [ClientRequest] { state.withLock(\.requests) }

  func add(_ answers: Answer...) { state.withLock { $0.answers += answers } }

  /// Keeps all replies back until ``release()``.
  func hold() { state.withLock { $0.holds = true } }

  func release() {
    let held = state.withLock { state in
      state.holds = false
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }

  func client(secret: String? = "s:e c") -> TokenServerClient {
    TokenServerClient(id: "web", secret: secret) { try await self.answer($0) }
  }

  func answer(_ request: ClientRequest) async throws -> ClientReply {
    let answer = state.withLock { state in
      state.requests.append(request)
      return state.answers.isEmpty ? Answer.reply(500, "no answer is left") : state.answers.removeFirst()
    }
    await withCheckedContinuation { continuation in
      let isHeld = state.withLock { state in
        guard state.holds else { return false }
        state.held.append(continuation)
        return true
      }
      if !isHeld { continuation.resume() }
    }
    switch answer {
    case .tokens(let number, let seconds):
      let text = """
        {"access_token":"access-\(number)","token_type":"Bearer","expires_in":\(seconds),
        "refresh_token":"refresh-\(number)","refresh_expires_in":3600,"scope":"read"}
        """
      return ClientReply(status: 200, fields: [("Content-Type", "application/json")], body: Array(text.utf8))
    case .reply(let status, let text, let fields):
      return ClientReply(status: status, fields: fields.map { ($0.key, $0.value) }, body: Array(text.utf8))
    case .lost: throw Timeout()
    case .notSent: throw RequestNotSent("connection refused")
    }
  }
}

/// The tokens that a program has stored, in their order.
final class Storage: Sendable {
  struct Full: Error {}

  private let state = Mutex<(tokens: [SessionTokens], isFull: Bool)>(([], false))

  var stored: [SessionTokens] { state.withLock(\.tokens) }

  var isFull: Bool {
    get { state.withLock(\.isFull) }
    set { state.withLock { $0.isFull = newValue } }
  }

  func store(_ tokens: SessionTokens) throws {
    try state.withLock { state in
      if state.isFull { throw Full() }
      state.tokens.append(tokens)
    }
  }
}

/// Returns once something is so, which other tasks bring about; false if it is not within a minute.
func becomesTrue(_ condition: @Sendable () -> Bool) async -> Bool {
  for _ in 0..<60_000 {
    if condition() { return true }
    try? await Task.sleep(for: .milliseconds(1))
  }
  return condition()
}
