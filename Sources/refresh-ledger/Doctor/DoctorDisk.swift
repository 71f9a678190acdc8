import Platform
import SystemPackage
import TokenEngine
import WriteAheadLog

/// The findings on the disk and the time it takes to make a commit durable.
struct DoctorDisk {
  let data: DataFolderOption
  let settings: ServerSettings

  private static let check = "disk"
  private static let pageBytes = 4096
  private static let pages = 256
  /// The longest time of the measurement; on a slow disk it covers fewer pages.
  private static let most = Duration.seconds(3)

  func findings() -> [DoctorFinding] {
    let times: [Duration]
    do {
      times = try measure()
    } catch {
      let reason = (error as? Errno).map { "\($0)" } ?? "\(error)"
      return [
        .problem(
          Self.check, "cannot write to \(data.path): \(reason)", fix: "free space, or run this as the server's user")
      ]
    }
    let sorted = times.sorted()
    guard let worst = sorted.last else { return [] }
    let half = sorted[sorted.count / 2] / .seconds(1)
    let most = sorted[min(sorted.count - 1, sorted.count * 99 / 100)] / .seconds(1)
    let what =
      "a sync of 4 KiB takes \(FigureText.latency(seconds: half)) (half of \(sorted.count)), "
      + "\(FigureText.latency(seconds: most)) (all but 1 %), \(FigureText.latency(seconds: worst / .seconds(1))) at most"
    return [judge(what, half: half, most: most), rate(half)]
  }

  private func judge(_ what: String, half: Double, most: Double) -> DoctorFinding {
    if most > 0.1 {
      return .warning(Self.check, what, fix: "use a faster disk, or one with less to do: every answer waits for a sync")
    }
    guard half >= 0.000_02 else {
      return .warning(
        Self.check, "\(what): no disk is that fast, so the storage does not really sync, or the folder is in memory",
        fix:
          "find out whether the (virtual) disk honours a flush: if not, a power loss loses acknowledged records")
    }
    return .ok(Self.check, what)
  }

  private func rate(_ half: Double) -> DoctorFinding {
    guard settings.engine.durability == .always else {
      return .note(
        Self.check,
        "log.durability is not set to always: answers do not wait for a sync, and a power loss can undo some of them")
    }
    let rate = FigureText.number(1 / max(half, 0.000_001))
    return .note(
      Self.check, "a single caller rotates at most \(rate) times a second; simultaneous callers share a sync")
  }

  /// Measures writes into preallocated space, as the log makes them.
  private func measure() throws -> [Duration] {
    let path = data.folder.appending(".doctor-\(Program.id)").string
    let file = try OpenFile(making: path)
    defer { try? FileSystem.remove(path) }
    let blank = [UInt8](repeating: 0, count: Self.pageBytes * Self.pages)
    try file.writeAll(blank.span, at: 0)
    try file.sync()
    let page = [UInt8](repeating: 0x5A, count: Self.pageBytes)
    var times: [Duration] = []
    let began = ContinuousClock.now
    for number in 0..<Self.pages {
      let start = ContinuousClock.now
      try file.writeAll(page.span, at: UInt64(number * Self.pageBytes))
      try file.syncContent()
      let end = ContinuousClock.now
      times.append(end - start)
      if end - began > Self.most { break }
    }
    return times
  }
}
