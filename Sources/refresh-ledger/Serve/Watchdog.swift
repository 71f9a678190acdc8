import ServiceLifecycle
import TokenEngine

/// Tells systemd that the server is alive, twice in each interval that it asks for, as long as the ledger answers.
///
/// A log that failed is no reason to stay silent: such a server refuses changes and says so, and a restart on the same disk would
/// end the answers that it can still give.
struct Watchdog: Service {
  let engine: RotationEngine
  let notification: ServiceNotification
  let interval: Duration

  func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        _ = await engine.statistics
        notification.tell(.alive)
      } while (try? await Task.sleep(for: interval / 2)) != nil
    }
  }
}
