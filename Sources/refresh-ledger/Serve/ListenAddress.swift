import Platform
import Synchronization
import SystemPackage

/// A check whether a server could listen at an address.
///
/// Its failure is one line, not a stack of log lines.
enum ListenAddress {
  /// Binds the address and releases it again.
  ///
  /// Port 0 is always free.
  static func probe(host: String, port: Int) throws(CommandError) {
    do { try HeldAddress(host: host, port: port).close() } catch { throw failure(error, host, port) }
  }

  /// Binds the address and keeps it.
  ///
  /// It waits up to a second for an address in use, which a server that was just killed may still hold.
  static func hold(host: String, port: Int) throws(CommandError) -> HeldAddress {
    var tries = 0
    while true {
      do { return try HeldAddress(host: host, port: port) } catch {
        tries += 1
        guard case .system(.addressInUse) = error, tries < 20 else { throw failure(error, host, port) }
        Program.pause(microseconds: 50_000)
      }
    }
  }

  private static func failure(_ refusal: HeldAddress.Refusal, _ host: String, _ port: Int) -> CommandError {
    let place = "\(host):\(port)"
    switch refusal {
    case .unknownHost(let reason):
      return CommandError(.configuration, "http.host \"\(host)\": \(reason); name an address of this machine")
    case .system(.addressInUse):
      return CommandError(
        .temporary, "\(place) is in use by another program; stop that program or choose another port with --port")
    case .system(.permissionDenied):
      return CommandError(
        .configuration, "\(place) is not allowed for this user; choose a port from 1024 on with --port")
    case .system(.addressNotAvailable):
      return CommandError(
        .configuration, "\(place) is not an address of this machine; choose another host with --host")
    case .system(let code):
      return CommandError(.inputOutput, "\(place): cannot listen: \(code); choose another address")
    }
  }
}
