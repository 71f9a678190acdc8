import Foundation
import Glibc
import Testing

/// Whose folder a command takes for a data folder, and who else may get at its files.
@Suite("A data folder") struct DataFolderTests {
  static let base: [[String]] = [
    ["serve", "--port", "0"], ["init"],
    ["load", "--in-process", "--duration", "1s"],
  ]

  private static func on(_ folder: TestFolder, _ arguments: [String]) -> [String] {
    arguments + (arguments == ["init"] ? ["--config", "\(folder.path).yaml"] : []) + ["--data", folder.path]
  }

  @Test("of somebody else is not taken: 73, one line with what is in it, and nothing is made", arguments: base)
  func others(arguments: [String]) throws {
    let folder = try TestFolder()
    #expect(chmod(folder.path, 0o755) == 0)
    _ = try folder.write("thesis.tex", "")
    let refused = try CommandResult.of(BuiltCommand.path, Self.on(folder, arguments))
    #expect(refused.code == 73 && refused.isOneLineError && refused.errors.contains("thesis.tex"), "\(refused)")
    #expect(refused.errors.contains("--data"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["thesis.tex"])
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path).yaml"))
  }

  @Test("of somebody else gets no users and no clients: 66")
  func othersAccounts() throws {
    let folder = try TestFolder()
    _ = try folder.write(".bashrc", "")
    for words in ["users add ann --password-stdin", "clients add app --public", "users list", "doctor"] {
      let arguments = words.split(separator: " ").map(String.init) + ["--data", folder.path]
      let refused = try CommandResult.of(BuiltCommand.path, arguments, input: "a long password\n")
      #expect(refused.code == 66 && refused.isOneLineError && refused.errors.contains(".bashrc"), "\(words) \(refused)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [".bashrc"])
  }

  @Test("may be one that is empty, that a file system or Git keeps its own in, or that has the configuration in it")
  func empty() throws {
    let folder = try TestFolder()
    #expect(chmod(folder.path, 0o755) == 0 && mkdir("\(folder.path)/lost+found", 0o700) == 0)
    _ = try folder.write(".gitignore", "*")
    let config = try folder.write("config.yaml", "wire: standard\n")
    let server = try TestServer(data: folder.path, config: config)
    #expect(try server.stop() == 0)
    // From then on it is one, whatever else lies in it.
    _ = try folder.write("notes.txt", "")
    let again = try TestServer(data: folder.path)
    #expect(try again.stop() == 0)
  }

  @Test("that is a file is told as what it is, by every command")
  func file() throws {
    let folder = try TestFolder()
    let file = try folder.write("data", "")
    for words in [
      "serve --port 0", "users list", "clients list", "keys list", "keys rotate", "sessions list",
      "sessions revoke --all",
      "log info", "log verify", "log tail", "log checkpoint", "log history --subject a", "export", "doctor",
      "top --count 1",
    ] {
      let arguments = words.split(separator: " ").map(String.init) + ["--data", file]
      let refused = try CommandResult.of(BuiltCommand.path, arguments)
      #expect([66, 73, 78].contains(refused.code) && refused.isOneLineError, "\(words): \(refused)")
      #expect(refused.errors.contains("\(file)") && refused.errors.contains("a file"), "\(words): \(refused)")
    }
  }

  @Test("with a file in the place of its log, keys or users is told so, and with a folder in the place of a file too")
  func filesInside() throws {
    for name in ["log", "keys", "users.json"] {
      let folder = try TestFolder()
      let data = "\(folder.path)/data"
      #expect(mkdir(data, 0o700) == 0)
      if name == "users.json" {
        #expect(mkdir("\(data)/users.json", 0o700) == 0)
      } else {
        _ = try folder.write("data/\(name)", "")
      }
      let refused = try CommandResult.of("serve", "--data", data, "--port", "0")
      #expect(refused.code != 0 && refused.isOneLineError && refused.errors.contains("\(data)/\(name)"), "\(refused)")
      #expect(refused.errors.contains(name == "users.json" ? "not a regular file" : "a file"), "\(refused)")
    }
    let folder = try TestFolder()
    for arguments in [
      ["serve", "--config", folder.path], ["token", "verify", "--jwks", folder.path, "a.b.c"],
      ["load", "--url", "http://127.0.0.1:1", "--tokens", folder.path], ["keys", "import", folder.path],
    ] {
      let refused = try CommandResult.of(BuiltCommand.path, arguments)
      #expect(refused.code == 66 && refused.isOneLineError && refused.errors.contains("is a folder"), "\(refused)")
    }
  }

  @Test("that others can change is not taken: 78, with the command that fixes it, and nothing is made", arguments: base)
  func openFolder(arguments: [String]) throws {
    let folder = try TestFolder()
    #expect(chmod(folder.path, 0o777) == 0)
    let refused = try CommandResult.of(BuiltCommand.path, Self.on(folder, arguments))
    #expect(refused.code == 78 && refused.isOneLineError && refused.errors.contains("chmod go-w"), "\(refused)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  struct Mode: Sendable, CustomTestStringConvertible {
    var path: String
    var mode: mode_t
    var testDescription: String { "\(path) \(String(mode, radix: 8))" }
  }

  static let refused = [
    Mode(path: "", mode: 0o777), Mode(path: "", mode: 0o1777), Mode(path: "log", mode: 0o702),
    Mode(path: "log/lock", mode: 0o602), Mode(path: "keys", mode: 0o707), Mode(path: "keys/access.json", mode: 0o604),
    Mode(path: "keys/refresh.json", mode: 0o602), Mode(path: "users.json", mode: 0o606),
    Mode(path: "clients.json", mode: 0o602),
  ]

  @Test(
    "of which others can change a file, or read a key, does not serve: 78, with the command that fixes it",
    arguments: refused)
  func open(mode: Mode) throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try TestServer(data: data).stop() == 0)
    #expect(chmod("\(data)/\(mode.path)", mode.mode) == 0)
    let refused = try CommandResult.of("serve", "--data", data, "--port", "0")
    #expect(refused.code == 78 && refused.isOneLineError && refused.errors.contains("others"), "\(refused)")
    let fix = try #require(refused.errors.firstRange(of: "chmod ").map { refused.errors[$0.lowerBound...] })
    #expect(try CommandResult.of("sh", ["-c", String(fix)]).code == 0)
    #expect(try TestServer(data: data).stop() == 0)
  }

  @Test("that a volume with fsGroup gave to the server's own group serves again, and the log says so")
  func ownGroup() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try TestServer(data: data).stop() == 0)
    for path in [""] + (try FileManager.default.subpathsOfDirectory(atPath: data)) {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(data)/\(path)", isDirectory: &isFolder)
      #expect(chmod("\(data)/\(path)", isFolder.boolValue ? 0o2770 : 0o660) == 0)
    }
    let server = try TestServer(data: data)
    #expect(server.child.errors.contains("own group can read or change") && server.child.errors.contains("fsGroup"))
    #expect(try server.stop() == 0)
    let doctor = try CommandResult.of("doctor", "--data", data, environment: ["REFRESH_LEDGER_HTTP_PORT": "0"])
    #expect(doctor.code == 0 && doctor.output.contains("fsGroup"), "\(doctor)")
  }

  @Test("of which others can read the users serves and says so")
  func readable() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(try TestServer(data: data).stop() == 0)
    #expect(chmod("\(data)/users.json", 0o644) == 0)
    let server = try TestServer(data: data)
    #expect(server.child.errors.contains("others can read \(data)/users.json"), "\(server.child.errors)")
  }
}
