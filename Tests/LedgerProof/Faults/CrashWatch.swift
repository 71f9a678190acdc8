import LedgerTesting
import Synchronization

/// Takes what a power failure would leave, before every change of a disk.
final class CrashWatch: Sendable {
  struct Image: Sendable {
    let files: [String: [UInt8]]
    /// Those acknowledged at that moment, and those taken.
    let records: ClosedRange<UInt64>
    let moment: String
  }

  private struct State {
    var random: SeededGenerator
    var records: ClosedRange<UInt64> = 0...0
    var images: [Image] = []
  }

  private static let imagesPerCall = 5
  private let state: Mutex<State>

  init(seed: UInt64) {
    state = Mutex(State(random: SeededGenerator(seed: seed)))
  }

  var images: [Image] { state.withLock { $0.images } }

  func note(acknowledged: UInt64, staged: UInt64) {
    state.withLock { $0.records = acknowledged...max(acknowledged, staged) }
  }

  func look(at disk: FakeStorage, before operation: FaultWatch.Operation) {
    state.withLock { state in
      for image in 0..<Self.imagesPerCall {
        let seed: UInt64 = state.random.next()
        // In every fifth, files whose removal was durable are there again: they are ignored.
        let files = disk.crashImage(seed: seed, resurrects: image == 0)
        let moment = "before \(operation.operation) \(operation.name), \(operation.phase.rawValue)"
        state.images.append(Image(files: files, records: state.records, moment: moment))
      }
    }
  }
}
