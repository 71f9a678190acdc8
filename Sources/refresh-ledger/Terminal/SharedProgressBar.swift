import Synchronization

/// A ``ProgressBar`` that another thread draws. Wiped away when it is released.
final class SharedProgressBar: Sendable {
  private let bar: Mutex<ProgressBar>

  init(label: String, unit: ProgressBar.Unit) {
    bar = Mutex(ProgressBar(label: label, unit: unit))
  }

  func show(_ done: UInt64, of total: UInt64) {
    bar.withLock { $0.show(done, of: total) }
  }
}
