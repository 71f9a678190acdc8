import TokenEngine

/// Shows how far the log was replayed: a bar to a person, and a word each second to systemd, which else would give the start up.
struct ReplayProgress: ~Copyable {
  private var bar: ProgressBar
  private let notification: ServiceNotification
  private var nextWord = ContinuousClock.now

  init(notification: ServiceNotification, output: ServeOutput) {
    bar = ProgressBar(label: "replaying the log") { output.errors.draw($0) }
    self.notification = notification
  }

  mutating func show(_ bytesRead: UInt64, of bytesTotal: UInt64) {
    bar.show(bytesRead, of: bytesTotal)
    let now = ContinuousClock.now
    guard now >= nextWord else { return }
    nextWord = now + .seconds(1)
    notification.tell(.replaying(percent: bytesTotal == 0 ? 100 : Int(Double(bytesRead) / Double(bytesTotal) * 100)))
  }
}
