import Foundation
import Testing
import TokenHTTP

@testable import refresh_ledger

@Suite("init")
struct InitTests {
  private func settings(_ path: String?, _ environment: [String: String] = [:]) throws -> ServerSettings {
    try ServerSettings(try SettingSources(flags: [:], environment: environment, filePath: path))
  }

  @Test(
    "The configuration that it writes holds every key once and loads to exactly the defaults",
    arguments: [[:], ["REFRESH_LEDGER_LOG_DURABILITY": "interval"]])
  func template(environment: [String: String]) throws {
    let folder = try TestFolder()
    let text = InitTemplate.text
    let path = try folder.write("config.yaml", text)
    let (written, standard) = (try settings(path, environment), try settings(nil, environment))
    #expect(String(reflecting: written) == String(reflecting: standard))
    let file = try ConfigurationFile(path: path)
    for key in SettingKey.allCases where ![.limitsConnectionsPerAddress, .tokensIssuer].contains(key) {
      #expect(file.place(of: key) != nil, "\(key.rawValue)")
    }
    #expect(text.contains("  # connectionsPerAddress: 0\n"))
    #expect(text.contains("  # issuer: \"http://127.0.0.1:8080\"\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
  }

  @Test("What is left out of it follows the host as without a configuration")
  func exposed() throws {
    let folder = try TestFolder()
    let text = InitTemplate.text.replacing("host: 127.0.0.1", with: "host: 0.0.0.0")
      .replacing("allowPlaintext: false", with: "allowPlaintext: true")
    #expect(try settings(folder.write("config.yaml", text)).http.connectionsPerAddressMax == 1000)
  }

  @Test("Values are written as people write them")
  func values() {
    #expect(QuantityText.text(.seconds(900)) == "15m" && QuantityText.text(.milliseconds(1500)) == "1500ms")
    #expect(QuantityText.text(.zero) == "0s" && QuantityText.text(.seconds(86_400 * 30)) == "30d")
    #expect(QuantityText.text(bytes: 16 << 10) == "16KiB" && QuantityText.text(bytes: 1 << 30) == "1GiB")
    #expect(QuantityText.text(bytes: 1000) == "1000B" && QuantityText.text(bytes: 1 << 40) == "1TiB")
  }

  @Test("It makes folder, keys, user and client, and what it prints serves, logs in, rotates and is refused a replay")
  func makes() throws {
    let folder = try TestFolder()
    let (data, config) = ("\(folder.path)/data", "\(folder.path)/settings.yaml")
    let made = try CommandResult.of("init", "--data", data, "--config", config)
    #expect(made.code == 0 && made.errors == "", "\(made)")
    for path in [data, "\(data)/keys"] { #expect(try TestFolder.mode(of: path) == 0o700) }
    for path in try TestFolder.contents(of: data).keys { #expect(try TestFolder.mode(of: "\(data)/\(path)") == 0o600) }
    let serve = try #require(made.output.split(separator: "\n").first { $0.contains(" serve --config ") })
    let server = try TestServer(ChildCommand("sh", ["-c", "exec \(serve) --port 0"]))
    #expect(!server.banner.contains("shown only this once"))
    let lines = try #require(made.output.firstRange(of: "URL=").map { made.output[$0.lowerBound...] })
    let pasted = try CommandResult.of(
      "sh", [], input: String(lines).replacing("URL=http://127.0.0.1:8080", with: "URL=\(server.url)"))
    let steps = pasted.output.components(separatedBy: "--- ").dropFirst().map { $0.split(separator: "\n") }
    try #require(steps.count == 5, "\(pasted)")
    #expect(steps[0][1].contains("\"access_token\"") && steps[1][1].contains("\"refresh_token\""), "\(pasted)")
    #expect(steps[4][1].contains("\"invalid_grant\""), "\(pasted)")
    #expect(try server.stop() == 0)
  }

  @Test("A configuration that is there is never written over, and then nothing else is made: 73")
  func existing() throws {
    let folder = try TestFolder()
    let config = try folder.write("settings.yaml", "wire: standard\n")
    let refused = try CommandResult.of("init", "--data", "\(folder.path)/data", "--config", config)
    #expect(refused.code == 73 && refused.isOneLineError, "\(refused)")
    #expect(try String(contentsOfFile: config, encoding: .utf8) == "wire: standard\n")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/data"))
  }

  @Test("A data folder that cannot be made, or whose users cannot be read, leaves no configuration behind")
  func unmade() throws {
    let folder = try TestFolder()
    let config = "\(folder.path)/settings.yaml"
    let refused = try CommandResult.of("init", "--data", "\(folder.path)/none/data", "--config", config)
    #expect(refused.code == 73 && refused.isOneLineError, "\(refused)")
    #expect(!FileManager.default.fileExists(atPath: config))
    _ = try folder.write("users.json", "{")
    let unread = try CommandResult.of("init", "--data", folder.path, "--config", config)
    #expect(unread.code != 0 && unread.isOneLineError && unread.errors.contains("users.json"), "\(unread)")
    #expect(!FileManager.default.fileExists(atPath: config))
  }

  @Test("What is in a data folder already stays, and no secret is printed of it")
  func again() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try CommandResult.of("init", "--data", data, "--config", "\(folder.path)/a.yaml").code == 0)
    let before = try TestFolder.contents(of: data)
    let again = try CommandResult.of("init", "--json", "--data", data, "--config", "\(folder.path)/b.yaml")
    #expect(again.code == 0 && again.output.contains("\"config\"") && !again.output.contains("\"secret\""), "\(again)")
    #expect(try TestFolder.contents(of: data) == before)
  }

  @Test("The keys are for the algorithm that the environment asks for, and a wrong environment makes nothing: 78")
  func environment() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let wrong = try CommandResult.of(
      "init", "--data", data, "--config", "\(folder.path)/a.yaml", environment: ["REFRESH_LEDGER_HTTP_PORT": "x"])
    #expect(wrong.code == 78 && wrong.isOneLineError, "\(wrong)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    let made = try CommandResult.of(
      "init", "--data", data, "--config", "\(folder.path)/a.yaml",
      environment: ["REFRESH_LEDGER_TOKENS_ALGORITHM": "ES256"])
    #expect(made.code == 0, "\(made)")
    #expect(try CommandResult.of("keys", "list", "--data", data).output.contains("ES256"))
  }
}
