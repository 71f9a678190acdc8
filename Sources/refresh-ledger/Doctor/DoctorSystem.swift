import Platform
import TokenEngine
import TokenHTTP
import TokenLedger

/// The findings on what the system allows a server: open files, file sizes, its address.
struct DoctorSystem {
  let settings: ServerSettings
  let isServed: Bool

  /// The earliest plausible time, 2025-01-01; no clock that was ever set reads less.
  private static let earliestSeconds: Int64 = 1_735_689_600

  func findings() -> [DoctorFinding] {
    [openFiles(), fileSize(), address(), clock()].compactMap(\.self)
  }

  private func openFiles() -> DoctorFinding? {
    guard let limit = ResourceLimit.openFiles.values else { return nil }
    let most = Int(clamping: limit.most)
    let wanted = settings.http.connectionsMax
    let fitting = max(0, most - DescriptorLimit.reserve)
    // The limit is that of this shell; a server that another program starts can have another limit.
    let here = "programs that this shell starts can have \(most) open"
    if fitting == 0 {
      return .problem(
        "open files", "\(here), which leaves none for connections beside those that the server itself needs",
        fix: "ulimit -n \(wanted + DescriptorLimit.reserve), or LimitNOFILE in the unit")
    }
    guard fitting < wanted else { return .ok("open files", "\(here); limits.connections is \(wanted)") }
    return .warning(
      "open files", "\(here), enough for \(fitting) connections, but limits.connections is \(wanted)",
      fix: "ulimit -n \(wanted + DescriptorLimit.reserve), LimitNOFILE in the unit, or a lower limits.connections")
  }

  private func fileSize() -> DoctorFinding? {
    guard settings.store.kind == .embedded, let most = ResourceLimit.fileSize.values?.current else { return nil }
    // A segment ends with the batch that takes it past its size.
    let wanted = UInt64(settings.engine.segmentBytesMax) + (64 << 20)
    guard most < wanted else { return nil }
    return .problem(
      "file size", "a file can have at most \(FigureText.bytes(Double(most))), but a segment of the log has more",
      fix: "ulimit -f unlimited, or LimitFSIZE in the unit")
  }

  private func address() -> DoctorFinding? {
    let (host, port) = (settings.http.host, settings.http.port)
    guard !isServed else { return nil }
    do throws(CommandError) {
      try ListenAddress.probe(host: host, port: port)
      return .ok("address", "\(host):\(port) is free")
    } catch {
      // A database has no lock that tells whether the address belongs to one of its servers.
      guard settings.store.kind == .embedded || error.status != .temporary else {
        return .note("address", "\(host):\(port) is in use, by this server or by another program")
      }
      return .problem("address", error.description)
    }
  }

  private func clock() -> DoctorFinding? {
    let now = SessionClock.system.now()
    guard now.seconds < Self.earliestSeconds else { return nil }
    return .problem(
      "clock", "it says \(LogRecordLine.time(now)): it was not set", fix: "timedatectl set-ntp true")
  }
}
