import Foundation
import Glibc
import Testing

/// As for a server that runs as a user of its own, and an administrator who is root.
@Suite("In another user's data folder", .enabled(if: geteuid() == 0, "only root has others' folders"))
struct FolderOwnerTests {
  private static let owner: uid_t = 65_534

  /// The files that are not the owner's.
  private func foreign(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter { name in
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
      return (attributes[.ownerAccountID] as? NSNumber)?.uint32Value != Self.owner
    }
  }

  private func hand(_ folder: String) throws {
    for name in [""] + (try FileManager.default.subpathsOfDirectory(atPath: folder)) {
      #expect(lchown("\(folder)/\(name)", Self.owner, Self.owner) == 0)
    }
  }

  @Test("what root's commands make belongs to the folder's owner, and the running server reads it")
  func commands() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    try hand(data)
    for (words, input) in [
      ("users add ann --password-stdin", "a password"), ("clients add app --public", ""), ("keys rotate", ""),
      ("log checkpoint", ""),
    ] {
      let arguments = words.split(separator: " ").map(String.init) + ["--data", data]
      let result = try CommandResult.of(BuiltCommand.path, arguments, input: input)
      #expect(result.code == 0, "\(words): \(result)")
      #expect(try foreign(data) == [], "\(words)")
    }
    #expect(try server.stop() == 0)
    // Without a server the commands write the log themselves.
    for words in ["log checkpoint", "sessions revoke --all"] {
      let arguments = words.split(separator: " ").map(String.init) + ["--data", data]
      #expect(try CommandResult.of(BuiltCommand.path, arguments).code == 0)
    }
    #expect(try foreign(data) == [])
  }

  @Test("the folders that root makes belong to the folder's owner too, and so does what is in them")
  func folders() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    #expect(mkdir(data, 0o700) == 0 && chown(data, Self.owner, Self.owner) == 0)
    let sessions = try folder.write("sessions.jsonl", #"{"subject":"admin","client_id":"default"}"# + "\n")
    for arguments in [
      ["init", "--data", data, "--config", "\(folder.path)/config.yaml"],
      ["import", sessions, "--data", data, "--tokens", "\(folder.path)/tokens"],
    ] {
      let result = try CommandResult.of(BuiltCommand.path, arguments)
      #expect(result.code == 0, "\(result)")
    }
    let made = try FileManager.default.contentsOfDirectory(atPath: data)
    #expect(made.contains("keys") && made.contains("log"))
    #expect(try foreign(data) == [])
  }

  @Test("a file of root's that its owner has put where a lock is wanted stays root's")
  func planted() throws {
    let folder = try TestFolder()
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    #expect(try server.stop() == 0)
    try hand(data)
    let locks = ["users.lock", "clients.lock", "log/lock"]
    for lock in locks { #expect(chown("\(data)/\(lock)", 0, 0) == 0) }
    for (words, input) in [
      ("users add ann --password-stdin", "a password"), ("clients add app --public", ""), ("log checkpoint", ""),
    ] {
      let arguments = words.split(separator: " ").map(String.init) + ["--data", data]
      #expect(try CommandResult.of(BuiltCommand.path, arguments, input: input).code == 0, "\(words)")
    }
    #expect(try foreign(data).sorted() == locks.sorted())
  }
}
