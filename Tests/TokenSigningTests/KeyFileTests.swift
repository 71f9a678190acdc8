import Glibc
import Testing

@testable import TokenSigning

@Suite struct KeyFileTests {
  /// Runs with the path of a folder that does not exist yet, in one that is removed afterwards.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try KeyFolderFixture()
    try body(folder.path)
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  private func write(_ text: String, to path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    #expect(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    close(file)
  }

  private func failure(_ folder: String) -> KeyError? {
    do {
      _ = try TokenKeys.openOrCreate(folder: folder)
      return nil
    } catch {
      return error
    }
  }

  private func file(_ byte: UInt8, state: String = "current", algorithm: String = "HS256", count: Int = 32) -> String {
    let secret = Base64URL.text(of: [UInt8](repeating: byte, count: count))
    return """
      {"keys":[{"kty":"oct","kid":"k\(byte)","use":"sig","alg":"\(algorithm)","state":"\(state)","k":"\(secret)"}]}
      """
  }

  @Test("The first start makes both files, private and nothing else; the second reads them back")
  func firstStart() throws {
    try withFolder { folder in
      let made = try TokenKeys.openOrCreate(folder: folder)
      #expect(made.filesMade == ["\(folder)/access.json", "\(folder)/refresh.json"])
      #expect(KeyFolderFixture.names(in: folder) == ["access.json", "refresh.json"])
      #expect(mode(folder) == 0o700)
      #expect(mode("\(folder)/access.json") == 0o600)
      #expect(mode("\(folder)/refresh.json") == 0o600)
      #expect(made.access[0].fingerprint != made.refresh[0].fingerprint)
      let read = try TokenKeys.openOrCreate(folder: folder)
      #expect(read.filesMade.isEmpty)
      let token = TokenFixtures.minter(made).mintAccess(TokenFixtures.access())
      #expect(TokenFixtures.minter(read).mintAccess(TokenFixtures.access()) == token)
      #expect(read.access[0].id == read.access[0].fingerprint)
    }
  }

  @Test("A file that exists is never replaced")
  func noReplacement() throws {
    try withFolder { folder in
      let keys = try KeyFolder(openOrCreate: folder)
      #expect(try keys.create("access.json", [1]))
      #expect(try !keys.create("access.json", [2]))
      #expect(try keys.read("access.json") == [1])
      #expect(KeyFolderFixture.names(in: folder) == ["access.json"])
    }
  }

  @Test(
    "A file that others can read or write is refused, with the command that fixes it",
    arguments: [0o604, 0o602, 0o644, 0o666, 0o606] as [mode_t])
  func exposedFile(mode: mode_t) throws {
    try withFolder { folder in
      _ = try TokenKeys.openOrCreate(folder: folder)
      chmod("\(folder)/refresh.json", mode)
      let failure = failure(folder)
      #expect(failure?.kind == .exposed)
      #expect(failure?.description.hasSuffix("run: chmod 600 \(folder)/refresh.json") == true)
      chmod("\(folder)/refresh.json", 0o400)
      #expect(self.failure(folder) == nil)
    }
  }

  @Test("A folder that others can change is refused")
  func exposedFolder() throws {
    try withFolder { folder in
      _ = try TokenKeys.openOrCreate(folder: folder)
      for mode in [0o702, 0o777, 0o1777] as [mode_t] {
        chmod(folder, mode)
        #expect(failure(folder)?.kind == .exposed)
      }
      chmod(folder, 0o755)
      #expect(failure(folder) == nil)
    }
  }

  @Test("Files that the process's own group can read and change are good, as those of a volume with fsGroup")
  func ownGroup() throws {
    try withFolder { folder in
      _ = try TokenKeys.openOrCreate(folder: folder)
      for name in ["access.json", "refresh.json"] { chmod("\(folder)/\(name)", 0o660) }
      chmod(folder, 0o2770)
      #expect(failure(folder) == nil)
    }
  }

  @Test("A file that a group can read which the process is not in is refused", .enabled(if: geteuid() == 0))
  func otherGroup() throws {
    try withFolder { folder in
      _ = try TokenKeys.openOrCreate(folder: folder)
      chmod("\(folder)/access.json", 0o640)
      #expect(failure(folder) == nil)
      #expect(chown("\(folder)/access.json", 0, 65_533) == 0)
      #expect(failure(folder)?.kind == .exposed)
    }
  }

  @Test("A link in place of a file or of the folder is not followed")
  func links() throws {
    try withFolder { folder in
      _ = try TokenKeys.openOrCreate(folder: folder)
      rename("\(folder)/access.json", "\(folder)/elsewhere.json")
      symlink("elsewhere.json", "\(folder)/access.json")
      #expect(failure(folder)?.kind == .inputOutput)
    }
    try withFolder { folder in
      let elsewhere = try KeyFolderFixture()
      _ = try TokenKeys.openOrCreate(folder: elsewhere.path)
      symlink(elsewhere.path, folder)
      #expect(failure(folder)?.kind == .inputOutput)
    }
  }

  @Test(
    "A bad file is refused by its path",
    arguments: [
      "", "{\"keys\":[]}", "{\"keys\":{}}", "{}", "{\"keys\":[1]}", "not json",
    ])
  func badFile(text: String) throws {
    try withFolder { folder in
      _ = try TokenKeys.openOrCreate(folder: folder)
      write(text, to: "\(folder)/access.json")
      #expect(failure(folder)?.kind == .malformed)
      #expect(failure(folder)?.path == "\(folder)/access.json")
    }
  }

  @Test("A short key, an unknown state or algorithm, or no current key is refused, without a word of the key")
  func badKeys() throws {
    try withFolder { folder in
      _ = try TokenKeys.openOrCreate(folder: folder)
      for (text, kind) in [
        (file(1, count: 31), KeyError.Kind.weak), (file(1, state: "old"), .malformed),
        (file(1, algorithm: "none"), .malformed), (file(1, algorithm: "ES256"), .malformed),
        (file(1, state: "next"), .malformed),
      ] {
        write(text, to: "\(folder)/access.json")
        let failure = failure(folder)
        #expect(failure?.kind == kind)
        #expect(failure?.description.contains("AQEBAQEB") == false)
      }
      write(file(1), to: "\(folder)/access.json")
      #expect(failure(folder) == nil)
    }
  }

  @Test("One key for both purposes is refused, whatever its key ids say")
  func sharedKey() throws {
    #expect(throws: KeyError.self) { try TokenFixtures.keys(access: 1, refresh: 1) }
    #expect(throws: KeyError.self) {
      try TokenKeys(
        access: [SigningKey(secret: TokenFixtures.secret(1), state: .current, id: "a")],
        refresh: [SigningKey(secret: TokenFixtures.secret(1), state: .current, id: "b")])
    }
  }

  @Test("The key id tells nothing of the key, and is another for another key")
  func fingerprints() throws {
    let first = SigningKey.fingerprint(of: TokenFixtures.secret(1))
    #expect(first.utf8.count == 11)
    #expect(first != SigningKey.fingerprint(of: TokenFixtures.secret(2)))
    #expect(!Base64URL.text(of: TokenFixtures.secret(1)).hasPrefix(first))
  }

  @Test("The key id never begins with -, which a command line takes for an option")
  func fingerprintsOfCommandLines() {
    // The digests of 5 of these secrets do.
    let ids = (0...255).map { SigningKey.fingerprint(of: TokenFixtures.secret($0)) }
    #expect(ids.allSatisfy { !$0.hasPrefix("-") && $0.utf8.count == 11 })
    #expect(Set(ids).count == ids.count)
  }

  @Test("The public set of HS256 keys is empty")
  func publicSet() throws {
    #expect(try TokenFixtures.keys().publicJWKS() == Array("{\"keys\":[]}".utf8))
  }
}
