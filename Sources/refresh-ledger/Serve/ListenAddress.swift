import Platform
import Synchronization
import SystemPackage

/// A check whether a server could listen at an address. Its failure is one line, not a stack of log lines.
enum ListenAddress {
  /// Binds the address and lets go of it again. Port 0 is always free.
  static func probe(host: String, port: Int) throws(CommandError) {
    try hold(host: host, port: port).close()
  }

  /// Binds the address and keeps it.
  static func hold(host: String, port: Int) throws(CommandError) -> HeldAddress {
    do { return try HeldAddress(host: host, port: port) } catch { throw failure(error, host, port) }
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
