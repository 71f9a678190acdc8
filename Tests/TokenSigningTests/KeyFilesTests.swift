import Glibc
import Testing

@testable import TokenSigning

/// The life of keys on disk.
@Suite struct KeyFilesTests {
  private static let now: Int64 = 1_700_000_000_000

  private func refusal(_ change: () throws(KeyChangeError) -> Void) -> KeyChangeError? {
    do {
      try change()
      return nil
    } catch {
      return error
    }
  }

  @Test("A first folder of key pairs has a current and a next key; one of HS256 needs no next")
  func firstKeys() throws {
    for (algorithm, states) in [
      (SignatureAlgorithm.es256, ["current ES256", "next ES256"]), (.hs256, ["current HS256"]),
    ] {
      let folder = try KeyFolderFixture()
      _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: algorithm)
      #expect(try folder.states() == states)
      #expect(try folder.states(.refresh) == ["current HS256"])
      // What exists keeps its algorithm.
      _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .edDSA)
      #expect(try folder.states() == states)
    }
  }

  @Test("A rotation makes the next key current, the current one retiring, and a new next one")
  func rotation() throws {
    let folder = try KeyFolderFixture()
    let first = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .edDSA)
    let rotated = try folder.files.rotateAccess(algorithm: .es256, nowMilliseconds: Self.now)
    #expect(try folder.states() == ["next ES256", "current EdDSA", "retiring EdDSA"])
    let second = try TokenKeys.open(folder: folder.path)
    #expect(second.access.map(\.id) == [rotated.next, rotated.current, rotated.retiring])
    #expect(rotated.retiring == first.access[0].id && rotated.current == first.access[1].id)
    #expect(second.access.map(\.retiredAt) == [nil, nil, Self.now])
    // The second makes a key of another algorithm current.
    try folder.files.rotateAccess(algorithm: .hs256, nowMilliseconds: Self.now + 1)
    #expect(try folder.states() == ["next HS256", "current ES256", "retiring EdDSA", "retiring EdDSA"])
    let third = try TokenKeys.open(folder: folder.path)
    #expect(third.access.map(\.retiredAt) == [nil, nil, Self.now + 1, Self.now])
    let token = TokenFixtures.minter(first).mintAccess(TokenFixtures.access())
    #expect(
      try TokenFixtures.verifier(third).verifyAccess(token, nowMilliseconds: TokenFixtures.now)
        == TokenFixtures.access())
    #expect(folder.mode("access.json") == 0o600)
    #expect(folder.names == ["access.json", "refresh.json"])
  }

  @Test("A file without a next key gets a current one of the new algorithm at once")
  func rotationWithoutNext() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    try folder.files.rotateAccess(algorithm: .edDSA, nowMilliseconds: Self.now)
    #expect(try folder.states() == ["next EdDSA", "current EdDSA", "retiring HS256"])
  }

  @Test("Refresh keys rotate alone, and stay HS256; tokens of the key before are accepted")
  func refreshRotation() throws {
    let folder = try KeyFolderFixture()
    let first = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .es256)
    try folder.files.rotateRefresh(nowMilliseconds: Self.now)
    #expect(try folder.states(.refresh) == ["next HS256", "current HS256", "retiring HS256"])
    #expect(try folder.states() == ["current ES256", "next ES256"])
    let second = try TokenKeys.open(folder: folder.path)
    let token = TokenFixtures.minter(first).mintRefresh(TokenFixtures.refresh())
    #expect(
      try TokenFixtures.verifier(second).verifyRefresh(token, nowMilliseconds: TokenFixtures.now)
        == TokenFixtures.refresh())
    #expect(TokenFixtures.minter(second).mintRefresh(TokenFixtures.refresh()) != token)
    #expect(!String(decoding: second.publicJWKS(), as: UTF8.self).contains("oct"))
  }

  @Test("The public set holds next, current and retiring public keys, and nothing of a secret or of HS256")
  func publicSet() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .hs256)
    try folder.files.rotateAccess(algorithm: .rs256, nowMilliseconds: Self.now)
    try folder.files.rotateAccess(algorithm: .es256, nowMilliseconds: Self.now)
    let keys = try TokenKeys.open(folder: folder.path)
    #expect(keys.access.map(\.algorithm) == [.es256, .rs256, .rs256, .hs256])
    let set = try JWKSet(json: keys.publicJWKS())
    #expect(set.keys.map(\.id) == keys.access.dropLast().map(\.id))
    let text = String(decoding: keys.publicJWKS(), as: UTF8.self)
    for name in ["d", "p", "q", "dp", "dq", "qi", "k", "state", "retiredAt"] { #expect(!text.contains("\"\(name)\"")) }
    #expect(text.contains("\"use\":\"sig\""))
  }

  @Test("A retiring key goes when its last token has expired, and not a millisecond before, unless forced")
  func retirement() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .edDSA)
    let files = folder.files
    let rotated = try files.rotateAccess(algorithm: .edDSA, nowMilliseconds: Self.now)
    func retire(_ id: String, at now: Int64, force: Bool = false) -> KeyChangeError? {
      refusal { () throws(KeyChangeError) in
        try files.retire(id, of: .access, tokenMilliseconds: 900_000, nowMilliseconds: now, force: force)
      }
    }
    let path = "\(folder.path)/access.json"
    #expect(
      retire(rotated.retiring, at: Self.now + 899_999)
        == .tokensAlive(path: path, id: rotated.retiring, untilMilliseconds: Self.now + 900_000))
    #expect(
      retire(rotated.current, at: .max, force: true) == .notRetiring(path: path, id: rotated.current, state: .current))
    #expect(retire(rotated.next, at: .max, force: true) == .notRetiring(path: path, id: rotated.next, state: .next))
    #expect(retire("other", at: .max) == .unknownKey(path: path, id: "other"))
    #expect(try folder.states().count == 3)
    #expect(retire(rotated.retiring, at: Self.now + 900_000) == nil)
    #expect(try folder.states() == ["next EdDSA", "current EdDSA"])
    let second = try files.rotateAccess(algorithm: .edDSA, nowMilliseconds: Self.now)
    #expect(retire(second.retiring, at: Self.now, force: true) == nil)
  }

  @Test("A key that is retiring since nobody knows when goes only by force")
  func unknownRetirement() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    let files = folder.files
    let rotated = try files.rotateAccess(algorithm: .hs256, nowMilliseconds: Self.now)
    let text = try folder.text("access.json")
    folder.write(text.split(separator: "\"retiredAt\":\(Self.now),").joined(), to: "access.json")
    let failure = refusal { () throws(KeyChangeError) in
      try files.retire(rotated.retiring, of: .access, tokenMilliseconds: 1, nowMilliseconds: .max)
    }
    #expect(
      failure == .tokensAlive(path: "\(folder.path)/access.json", id: rotated.retiring, untilMilliseconds: nil))
    try files.retire(rotated.retiring, of: .access, tokenMilliseconds: 1, nowMilliseconds: 0, force: true)
  }

  @Test("A key from elsewhere becomes the next one, in place of the next that has signed nothing")
  func importedKey() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .es256)
    let id = try folder.files.importNextAccess(
      pem: PrivateKeyFixtures.pem(PrivateKeyFixtures.rsa), algorithm: .ps256)
    #expect(try folder.states() == ["next PS256", "current ES256"])
    let rotated = try folder.files.rotateAccess(algorithm: .es256, nowMilliseconds: Self.now)
    #expect(rotated.current == id)
    #expect(try folder.states() == ["next ES256", "current PS256", "retiring ES256"])
    let files = folder.files
    let failure = refusal { () throws(KeyChangeError) in
      try files.importNextAccess(pem: PrivateKeyFixtures.pem(PrivateKeyFixtures.weakRSA))
    }
    guard case .files(let weak) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(weak.kind == .weak)
  }

  @Test("Members that are unknown here survive a rotation")
  func unknownMembers() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    let text = try folder.text("access.json")
    folder.write(
      text.split(separator: "\"kty\"").joined(separator: "\"x-note\":[1, {\"a\":2}],\"kty\""), to: "access.json")
    try folder.files.rotateAccess(algorithm: .hs256, nowMilliseconds: Self.now)
    #expect(try folder.text("access.json").contains("\"x-note\":[1, {\"a\":2}]"))
  }

  @Test("A file that holds all the keys it may is not rotated, and stays as it is")
  func full() throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path)
    let files = folder.files
    for round in 0..<14 { try files.rotateAccess(algorithm: .hs256, nowMilliseconds: Int64(round)) }
    let before = try folder.text("access.json")
    let failure = refusal { () throws(KeyChangeError) in
      try files.rotateAccess(algorithm: .hs256, nowMilliseconds: Self.now)
    }
    #expect(failure == .full(path: "\(folder.path)/access.json"))
    #expect(try folder.text("access.json") == before)
  }
}
