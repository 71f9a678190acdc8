import Foundation
import Glibc
import Testing

/// With a real socket in the place of systemd's.
@Suite("Under systemd's Type=notify the server")
struct ServiceNotificationTests {
  private func value(_ name: String, in datagrams: [String]) -> Int? {
    let lines = datagrams.flatMap { $0.split(separator: "\n") }
    return lines.first { $0.hasPrefix("\(name)=") }.flatMap { Int($0.dropFirst(name.count + 1)) }
  }

  @Test("says that it is ready once it answers, that it reloads and is ready again, and that it stops")
  func life() throws {
    let folder = try TestFolder()
    let listener = try NotificationListener("\(folder.path)/notify")
    let server = try TestServer(data: "\(folder.path)/data", environment: listener.environment)
    let start = try listener.wait(for: "READY=1")
    #expect(try server.connect().get("/health/ready").status == 200)
    #expect(start.filter { $0.contains("READY=1") }.count == 1)

    server.child.send(SIGHUP)
    let reload = try listener.wait(for: "READY=1")
    #expect(reload.first?.hasPrefix("RELOADING=1\n") == true, "\(reload)")
    let told = try #require(value("MONOTONIC_USEC", in: reload))
    #expect(abs(ProcessInfo.processInfo.systemUptime - Double(told) / 1e6) < 60)

    server.child.send(SIGTERM)
    let end = try listener.wait(for: "STOPPING=1")
    // http.drain and what the closing of the log may take.
    #expect(value("EXTEND_TIMEOUT_USEC", in: end) == 30_000_000)
    #expect(try server.child.wait() == 0)
  }

  @Test("asks for time while it replays the log, before it says that it is ready")
  func replay() throws {
    let folder = try TestFolder()
    #expect(try TestServer(data: "\(folder.path)/data").stop() == 0)
    let listener = try NotificationListener("\(folder.path)/notify")
    let server = try TestServer(data: "\(folder.path)/data", environment: listener.environment)
    let start = try listener.wait(for: "READY=1")
    #expect(start.count == 2 && value("EXTEND_TIMEOUT_USEC", in: start) == 60_000_000, "\(start)")
    #expect(start.first?.contains("STATUS=replaying the log: ") == true)
    #expect(try server.stop() == 0)
  }

  @Test("feeds the watchdog twice in the interval that is asked for, also by an abstract socket name")
  func watchdog() throws {
    let folder = try TestFolder()
    let listener = try NotificationListener("@refresh-ledger-test-\(UUID().uuidString)")
    let variables = listener.environment.merging(["WATCHDOG_USEC": "400000"]) { $1 }
    let server = try TestServer(data: "\(folder.path)/data", environment: variables)
    try listener.wait(for: "READY=1")
    try listener.wait(for: "WATCHDOG=1")
    let began = ContinuousClock.now
    for _ in 0..<5 { try listener.wait(for: "WATCHDOG=1") }
    #expect(ContinuousClock.now - began > .milliseconds(800))
    #expect(try server.stop() == 0)
  }

  @Test("feeds no watchdog that another process was asked for")
  func othersWatchdog() throws {
    let folder = try TestFolder()
    let listener = try NotificationListener("\(folder.path)/notify")
    let variables = listener.environment.merging(["WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"]) { $1 }
    let server = try TestServer(data: "\(folder.path)/data", environment: variables)
    try listener.wait(for: "READY=1")
    #expect(try server.stop() == 0)
    try listener.wait(for: "STOPPING=1")
    #expect(!listener.heard.contains("WATCHDOG=1"))
  }

  @Test("serves also where the socket is bad or nobody is behind it", arguments: ["relative", "/nowhere/notify"])
  func badSocket(name: String) throws {
    let folder = try TestFolder()
    let server = try TestServer(data: "\(folder.path)/data", environment: ["NOTIFY_SOCKET": name])
    #expect(try server.connect().get("/health/ready").status == 200)
    try server.waitForLog("service manager")
    #expect(try server.stop() == 0)
  }
}
