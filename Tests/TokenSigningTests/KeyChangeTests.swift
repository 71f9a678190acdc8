import Glibc
import Testing

@testable import TokenSigning

/// Changes of key files that are cut off, that come at once, or that find files which they must not touch.
@Suite struct KeyChangeTests {
  private func failure(_ folder: borrowing KeyFolderFixture) -> KeyError? {
    do {
      _ = try TokenKeys.open(folder: folder.path)
      return nil
    } catch {
      return error
    }
  }

  @Test("A rotation that was cut off before its rename leaves the old file, and the next one tidies up")
  func cutOff() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .edDSA)
    let before = try folder.text("access.json")
    for left in ["", "{\"keys\":[", before] {
      folder.write(left, to: KeyFolder.temporaryName(of: "access.json"))
      #expect(try folder.text("access.json") == before)
      #expect(try folder.states() == ["current EdDSA", "next EdDSA"])
    }
    try folder.files.rotateAccess(algorithm: .edDSA, nowMilliseconds: 0)
    #expect(folder.names == ["access.json", "refresh.json"])
    #expect(try folder.states() == ["next EdDSA", "current EdDSA", "retiring EdDSA"])
  }

  // The lock belongs to the open folder, not to the process: each call here opens it as another program would.
  @Test("Eight rotations at once are eight rotations one after the other")
  func together() async throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    let files = folder.files
    let retired = try await withThrowingTaskGroup(of: KeyFiles.Rotated.self) { group in
      for _ in 0..<8 { group.addTask { try files.rotateAccess(algorithm: .edDSA, nowMilliseconds: 5) } }
      return try await group.reduce(into: [String]()) { $0.append($1.retiring) }
    }
    #expect(Set(retired).count == 8)
    let keys = try TokenKeys.open(folder: folder.path)
    #expect(keys.access.count == 10)
    #expect(Set(keys.access.filter { $0.state == .retiring }.map(\.id)) == Set(retired))
    #expect(folder.names == ["access.json", "refresh.json"])
  }

  @Test("While another program holds the lock nothing is changed, and the failure says what to do")
  func locked() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    let other = try KeyFolder(open: folder.path)
    let isLocked = other.lock()
    #expect(isLocked)
    let files = KeyFiles(folder: folder.path, lockTries: 2)
    #expect(throws: KeyChangeError.locked(path: folder.path)) { try files.rotateRefresh(nowMilliseconds: 0) }
    #expect(try folder.states(.refresh) == ["current HS256"])
    // Reading needs no lock.
    #expect(failure(folder) == nil)
  }

  @Test("Nothing is made by a change or a reload: a folder or file that is not there is a failure")
  func missing() throws {
    let folder = try KeyFolderFixture()
    #expect(failure(folder)?.kind == .missing)
    let files = folder.files
    #expect(throws: KeyChangeError.self) { try files.rotateAccess(algorithm: .hs256, nowMilliseconds: 0) }
    #expect(folder.names.isEmpty)
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    unlink("\(folder.path)/refresh.json")
    #expect(failure(folder)?.kind == .missing)
    #expect(throws: KeyChangeError.self) { try files.rotateAccess(algorithm: .hs256, nowMilliseconds: 0) }
    #expect(folder.names == ["access.json"])
  }

  @Test("A bad file is not changed, nor the good one beside it", arguments: ["access.json", "refresh.json"])
  func badFile(name: String) throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    folder.write("{\"keys\":[]}", to: name)
    let before = [try folder.text("access.json"), try folder.text("refresh.json")]
    let files = folder.files
    #expect(throws: KeyChangeError.self) { try files.rotateAccess(algorithm: .hs256, nowMilliseconds: 0) }
    #expect(throws: KeyChangeError.self) { try files.rotateRefresh(nowMilliseconds: 0) }
    #expect([try folder.text("access.json"), try folder.text("refresh.json")] == before)
  }

  @Test("A file that others can read is not changed")
  func exposed() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    chmod("\(folder.path)/access.json", 0o644)
    let files = folder.files
    #expect(throws: KeyChangeError.self) { try files.rotateAccess(algorithm: .hs256, nowMilliseconds: 0) }
    #expect(folder.mode("access.json") == 0o644)
  }

  @Test(
    "A key pair's file that was changed by hand is refused in one line, with its path and without its secret",
    arguments: [
      ("\"alg\":\"ES256\"", "\"alg\":\"RS256\"", "\"kty\" must be \"RSA\""),
      ("\"alg\":\"ES256\"", "\"alg\":\"HS256\"", "\"kty\" must be \"oct\""),
      ("\"alg\":\"ES256\"", "\"alg\":\"none\"", "\"alg\" must be one of HS256, ES256, EdDSA, RS256, PS256"),
      ("\"kty\":\"EC\"", "\"kty\":\"OKP\"", "\"kty\" must be \"EC\""),
      ("\"crv\":\"P-256\"", "\"crv\":\"P-384\"", "\"crv\" must be \"P-256\""),
      ("\"crv\":\"P-256\",", "", "\"crv\" must be \"P-256\""),
      ("\"d\":\"", "\"d\":\"=", "\"d\" is not base64url"), ("\"d\":\"", "\"e\":\"", "\"d\" is not base64url"),
      ("\"d\":\"", "\"d\":\"AAAA", "numbers that are not those of one key"),
      ("\"y\":\"", "\"y\":\"AAAA", "numbers that are not those of one key"),
      ("\"state\":\"next\"", "\"state\":\"current\"", "2 of the access keys are current"),
      ("\"state\":\"current\"", "\"state\":\"next\"", "0 of the access keys are current"),
      ("\"state\":\"next\"", "\"state\":\"next\",\"retiredAt\":5", "\"retiredAt\" must be"),
      ("\"state\":\"next\"", "\"state\":\"retiring\",\"retiredAt\":-5", "\"retiredAt\" must be"),
      ("\"state\":\"next\"", "\"state\":\"retiring\",\"retiredAt\":\"5\"", "\"retiredAt\" must be"),
    ])
  func faults(old: String, new: String, says: String) throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .es256)
    let text = try folder.text("access.json")
    let place = try #require(text.ranges(of: old).last)
    folder.write(text.replacing(old, with: new, subrange: place.lowerBound..<text.endIndex), to: "access.json")
    let found = failure(folder)
    let failure = try #require(found)
    #expect(failure.description.hasPrefix(folder.path) && failure.description.contains(says), "\(failure)")
    #expect(!failure.description.contains("\n"))
    #expect(failure.kind == .malformed)
    let secrets = text.split(separator: "\"d\":\"").dropFirst().map { $0.prefix(20) }
    #expect(secrets.count == 2 && secrets.allSatisfy { !failure.description.contains($0) })
  }

  @Test(
    "The secret of one key with the public half of another is no key", arguments: [SignatureAlgorithm.es256, .edDSA])
  func mixedHalves(algorithm: SignatureAlgorithm) throws {
    let kind = try #require(KeyKind(algorithm))
    let mine = KeyNumbers.generate(kind)
    let other = KeyNumbers.generate(kind)
    #expect(throws: KeyError.self) {
      try PrivateKey(
        KeyNumbers(kind: kind, values: other.values.dropLast() + mine.values.suffix(1)), algorithm: algorithm)
    }
  }

  @Test("A private number of zero, or not below the group's order, is no key of P-256")
  func privateNumberRange() throws {
    let good = try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.p256))
    let order = try #require(Base64URL.decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"))
    for number in [[UInt8](repeating: 0, count: 32), order, [UInt8](repeating: 0xFF, count: 32)] {
      let bad = KeyNumbers(kind: .p256, values: [good.values[0], good.values[1], number])
      #expect(throws: KeyError.self) { try PrivateKey(bad, algorithm: .es256) }
    }
  }

  @Test("An RSA key whose numbers do not belong together is refused")
  func rsaNumbers() throws {
    let good = try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.rsa))
    for index in good.values.indices {
      var values = good.values
      values[index][0] ^= 0x40
      #expect(throws: KeyError.self, "\(good.kind.members[index])") {
        try PrivateKey(KeyNumbers(kind: .rsa, values: values), algorithm: .rs256)
      }
    }
  }

  @Test("Refresh keys are HS256 alone")
  func refreshAlgorithm() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .edDSA)
    folder.write(try folder.text("access.json"), to: "refresh.json")
    #expect(failure(folder)?.description.contains("not for HS256") == true)
  }
}
