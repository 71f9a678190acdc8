import Glibc
import Synchronization
import Testing

@testable import TokenSigning

@Suite struct KeyRingTests {
  private final class End: Sendable {
    let isThere = Atomic(false)
  }

  private func minter(_ ring: KeyRing) -> TokenMinter {
    TokenMinter(ring: ring, issuer: TokenFixtures.issuer, audience: TokenFixtures.audience)
  }

  private func verifier(_ ring: KeyRing) -> TokenVerifier {
    TokenVerifier(ring: ring, issuer: TokenFixtures.issuer, audience: TokenFixtures.audience)
  }

  private func isAccepted(_ token: String, by ring: KeyRing) -> Bool {
    (try? verifier(ring).verifyAccess(token, nowMilliseconds: TokenFixtures.now)) == TokenFixtures.access()
  }

  @Test("A reload puts the rotated keys in force for a minter and a verifier that exist; until then nothing changes")
  func reload() throws {
    let folder = try KeyFolderFixture()
    let ring = try KeyRing(folder: folder.path, algorithm: .edDSA)
    let minter = minter(ring)
    let before = minter.mintAccess(TokenFixtures.access())
    let refresh = minter.mintRefresh(TokenFixtures.refresh())
    let rotated = try folder.files.rotateAccess(algorithm: .edDSA, nowMilliseconds: 0)
    try folder.files.rotateRefresh(nowMilliseconds: 0)
    #expect(minter.mintAccess(TokenFixtures.access()) == before)
    #expect(ring.keys.access.count == 2)
    let published = ring.publicJWKS
    try ring.reload()
    let after = minter.mintAccess(TokenFixtures.access())
    #expect(after != before)
    #expect(isAccepted(before, by: ring) && isAccepted(after, by: ring))
    #expect(minter.mintRefresh(TokenFixtures.refresh()) != refresh)
    #expect(ring.publicJWKS != published)
    try folder.files.retire(rotated.retiring, of: .access, tokenMilliseconds: 1, nowMilliseconds: 1)
    #expect(isAccepted(before, by: ring))
    try ring.reload()
    #expect(!isAccepted(before, by: ring) && isAccepted(after, by: ring))
  }

  @Test("The next key's tokens are accepted before it is current here, as another server may have reloaded first")
  func nextKey() throws {
    let folder = try KeyFolderFixture()
    let slow = try KeyRing(folder: folder.path, algorithm: .es256)
    try folder.files.rotateAccess(algorithm: .es256, nowMilliseconds: 0)
    let fast = try KeyRing(folder: folder.path)
    #expect(isAccepted(minter(fast).mintAccess(TokenFixtures.access()), by: slow))
  }

  @Test(
    "A reload of bad, missing or exposed files throws, and the keys in force stay",
    arguments: ["{}", "", "gone", "exposed"])
  func badReload(contents: String) throws {
    let folder = try KeyFolderFixture()
    let ring = try KeyRing(folder: folder.path)
    let token = minter(ring).mintAccess(TokenFixtures.access())
    try folder.files.rotateAccess(algorithm: .hs256, nowMilliseconds: 0)
    switch contents {
    case "gone": unlink("\(folder.path)/access.json")
    case "exposed": chmod("\(folder.path)/refresh.json", 0o644)
    default: folder.write(contents, to: "access.json")
    }
    #expect(throws: KeyError.self) { try ring.reload() }
    #expect(minter(ring).mintAccess(TokenFixtures.access()) == token)
    #expect(isAccepted(token, by: ring))
    #expect(ring.keys.access.count == 1)
  }

  @Test("Keys that are in no folder are not reloaded")
  func noFolder() throws {
    let ring = KeyRing(try TokenFixtures.keys())
    let token = minter(ring).mintAccess(TokenFixtures.access())
    try ring.reload()
    #expect(minter(ring).mintAccess(TokenFixtures.access()) == token)
  }

  @Test("Tokens are minted and accepted without a pause while keys are rotated and reloaded")
  func reloadUnderLoad() async throws {
    let folder = try KeyFolderFixture()
    let ring = try KeyRing(folder: folder.path)
    let minter = minter(ring)
    let verifier = verifier(ring)
    let files = folder.files
    let end = End()
    let refused = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var refused = 0
          repeat {
            let access = minter.mintAccess(TokenFixtures.access())
            if (try? verifier.verifyAccess(access, nowMilliseconds: TokenFixtures.now)) == nil { refused += 1 }
            let refresh = minter.mintRefresh(TokenFixtures.refresh())
            if (try? verifier.verifyRefresh(refresh, nowMilliseconds: TokenFixtures.now)) == nil { refused += 1 }
            await Task.yield()
          } while !end.isThere.load(ordering: .relaxed)
          return refused
        }
      }
      group.addTask {
        defer { end.isThere.store(true, ordering: .relaxed) }
        for round in 0..<12 {
          try files.rotateAccess(algorithm: round % 2 == 0 ? .edDSA : .hs256, nowMilliseconds: 0)
          try files.rotateRefresh(nowMilliseconds: 0)
          try ring.reload()
          await Task.yield()
        }
        return 0
      }
      return try await group.reduce(0, +)
    }
    #expect(refused == 0)
    #expect(ring.keys.access.count == 14)
  }
}
