import Foundation
import Testing

@Suite struct LoadReportBrowserTests {
  private static let script = BuiltCommand.repository.appending(path: "tools/report-screenshots").path

  private static var hasBrowser: Bool {
    ["/usr/bin/chromium", "/usr/bin/chromedriver", "/usr/lib/python3/dist-packages/selenium"]
      .allSatisfy { FileManager.default.fileExists(atPath: $0) }
  }

  @Test(
    "The pages of load are readable in a real browser: light and dark, wide and narrow",
    .enabled(if: hasBrowser, "tools/report-screenshots installs the browser"))
  func pages() throws {
    let folder = try TestFolder()
    let look = try ChildCommand(
      "/usr/bin/python3", [Self.script], environment: ["REFRESH_LEDGER_BINARY": BuiltCommand.path, "HOME": folder.path])
    let code = try look.wait(seconds: 300)
    let said = try look.read { _ in true }
    #expect(code == 0, "\(said)\(look.errors)")
  }
}
