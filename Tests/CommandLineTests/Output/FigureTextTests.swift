import Testing

@testable import refresh_ledger

@Suite("Figures for people")
struct FigureTextTests {
  @Test("Numbers have groups of three digits and the decimals that were asked for, and never a minus before zero")
  func numbers() {
    #expect(
      FigureText.number(0) == "0" && FigureText.number(999.4) == "999" && FigureText.number(1234567) == "1,234,567")
    #expect(FigureText.number(0.05, decimals: 1) == "0.1" && FigureText.number(1999.95, decimals: 1) == "2,000.0")
    #expect(FigureText.number(-0.01, decimals: 1) == "0.0" && FigureText.number(-1500, decimals: 2) == "-1,500.00")
    #expect(FigureText.number(.nan) == "-" && FigureText.number(.infinity) == "-")
  }

  @Test("Bytes, times and latencies have the unit that says most")
  func units() {
    #expect(FigureText.bytes(1023) == "1,023 B" && FigureText.bytes(1536) == "1.5 KiB")
    #expect(FigureText.bytes(-3 * 1024 * 1024) == "-3.0 MiB" && FigureText.bytes(5e15) == "4,547.5 TiB")
    #expect(FigureText.time(seconds: 0.2) == "1 s" && FigureText.time(seconds: 200) == "3 min 20 s")
    #expect(FigureText.time(seconds: 7500) == "2 h 5 min" && FigureText.time(seconds: 273_600) == "3 d 4 h")
    #expect(FigureText.latency(seconds: 0.00025) == "0.25 ms" && FigureText.latency(seconds: 1.2) == "1.20 s")
  }

  @Test("A bar shows how much is done, and after a moment the rate and the time left")
  func bar() {
    let half = String(repeating: "█", count: 16) + String(repeating: "░", count: 16)
    #expect(ProgressBar.line("reading", 50, of: 100, .bytes, after: .milliseconds(100)) == "reading \(half) 50 %")
    #expect(
      ProgressBar.line("reading", 2048, of: 4096, .bytes, after: .seconds(2))
        == "reading \(half) 50 %  1.0 KiB/s  2 s left")
    #expect(
      ProgressBar.line("importing", 5000, of: 10_000, .things("sessions"), after: .seconds(50))
        == "importing \(half) 50 %  100 sessions/s  50 s left")
    let full = String(repeating: "█", count: 32)
    #expect(
      ProgressBar.line("writing", 6000, of: 10_000, .things("entries"), from: 5000, after: .seconds(10)).hasSuffix(
        " 60 %  100 entries/s  40 s left"))
    #expect(
      ProgressBar.line("reading", 7, of: 5, .bytes, after: .seconds(1)) == "reading \(full) 100 %  7 B/s  0 s left")
  }

  @Test("What kind of file system a folder is on is read from the system's list, by the device's number")
  func mounts() {
    let mounts = """
      36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
      37 35 0:45 / /run rw,nosuid - tmpfs tmpfs rw
      """
    #expect(MountedKind.find(device: 98 << 8, in: mounts) == "ext3")
    #expect(MountedKind.find(device: 45, in: mounts) == "tmpfs" && MountedKind.find(device: 46, in: mounts) == nil)
  }
}
