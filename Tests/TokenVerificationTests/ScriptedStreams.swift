import Synchronization

@testable import TokenVerification

/// The streams of a server that does what a test says: each opening is a stream that the test writes to.
final class ScriptedStreams: Sendable {
  struct Refused: Error {}

  private struct State {
    var cursors: [String?] = []
    var current: AsyncThrowingStream<[UInt8], any Error>.Continuation?
    var refuses = false
  }

  private let state = Mutex(State())

  /// The cursors of all openings.
  var cursors: [String?] { state.withLock(\.cursors) }

  var refuses: Bool {
    get { state.withLock(\.refuses) }
    set { state.withLock { $0.refuses = newValue } }
  }

  func open(_ cursor: String?) throws -> AsyncThrowingStream<[UInt8], any Error> {
    let (stream, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
    let refuses = state.withLock { state in
      state.cursors.append(cursor)
      state.current = state.refuses ? nil : continuation
      return state.refuses
    }
    guard !refuses else { throw Refused() }
    return stream
  }

  /// Returns once the stream of this number, from 1 on, is open.
  func opened(_ count: Int) async -> Bool { await becomesTrue { self.cursors.count >= count } }

  func write(raw text: String) {
    _ = state.withLock(\.current)?.yield(Array(text.utf8))
  }

  func write(_ name: String, id: String? = nil, _ data: String = "{}") {
    write(raw: "event: \(name)\n" + (id.map { "id: \($0)\n" } ?? "") + "data: \(data)\n\n")
  }

  func finish(_ error: (any Error)? = nil) {
    state.withLock(\.current)?.finish(throwing: error)
  }
}
