import Testing

@testable import TokenSigning

@Suite("Keys in a database")
struct SealedKeysTests {
  private static let now: Int64 = 1_700_000_000_000
  private let records = SharedKeyRecords(nowMilliseconds: Self.now)

  private func states(_ purpose: KeyPurpose = .access) throws -> [String] {
    let keys = try TokenKeys.open(records.keys(under: 1))
    return (purpose == .access ? keys.access : keys.refresh).map { "\($0.state.rawValue) \($0.algorithm.rawValue)" }
  }

  private func refusal(_ change: () throws(KeyChangeError) -> Void) -> KeyChangeError? {
    do {
      try change()
      return nil
    } catch {
      return error
    }
  }

  @Test("are made with a next key, also of HS256, and nothing of them can be read without the master key")
  func made() throws {
    let ring = try KeyRing(records.keys(under: 1), algorithm: .hs256)
    #expect(try states() == ["current HS256", "next HS256"])
    #expect(try states(.refresh) == ["current HS256", "next HS256"])
    #expect(ring.folder == nil)
    let again = try KeyRing(records.keys(under: 1), algorithm: .edDSA)
    #expect(again.keys.isSame(as: ring.keys))
    for body in records.bodies.values { #expect(!String(decoding: body, as: UTF8.self).contains("kty")) }
    #expect(throws: KeyError.self) { try KeyRing(records.keys(under: 2), algorithm: .hs256) }
    #expect(records.bodies.count == 2)
  }

  @Test("are those of whoever was first, where two servers start at once")
  func together() throws {
    records.beforeNextWrite { _ = try? TokenKeys.openOrCreate($0.keys(under: 1), algorithm: .es256) }
    let keys = try TokenKeys.openOrCreate(records.keys(under: 1), algorithm: .hs256)
    #expect(keys.access.map(\.algorithm) == [.es256, .es256])
    #expect(keys.filesMade == [])
  }

  @Test("do not open in each other's place")
  func swapped() throws {
    _ = try TokenKeys.openOrCreate(records.keys(under: 1), algorithm: .hs256)
    let bodies = records.bodies
    records.bodies = ["access": try #require(bodies["refresh"]), "refresh": try #require(bodies["access"])]
    #expect(throws: KeyError.self) { try TokenKeys.open(records.keys(under: 1)) }
    #expect(
      refusal { () throws(KeyChangeError) in
        try KeyFiles(records.keys(under: 1)).rotateRefresh(nowMilliseconds: 0, force: true)
      } != nil)
  }

  @Test(
    "are rotated once every server and verifier has read the next key, and not a millisecond before unless forced",
    arguments: [(SignatureAlgorithm.hs256, Int64(5_000)), (.es256, 305_000)])
  func delay(algorithm: SignatureAlgorithm, delay: Int64) throws {
    let first = try TokenKeys.openOrCreate(records.keys(under: 1), algorithm: algorithm)
    let files = KeyFiles(records.keys(under: 1))
    let next = first.access[1].id
    func rotate(force: Bool = false) -> KeyChangeError? {
      // The caller's own clock says nothing here.
      refusal { () throws(KeyChangeError) in
        try files.rotateAccess(algorithm: algorithm, nowMilliseconds: .max, force: force)
      }
    }
    records.nowMilliseconds = Self.now + delay - 1
    let refused = rotate()
    #expect(
      refused
        == .unpublished(
          path: "the database's record key/access", id: next, untilMilliseconds: Self.now + delay))
    #expect(refused?.description.contains("from \((Self.now + delay) / 1000) (seconds since 1970) on") == true)
    records.nowMilliseconds = Self.now + delay
    #expect(rotate() == nil)
    #expect(try states().map { $0.split(separator: " ")[0] } == ["next", "current", "retiring"])
    let second = try TokenKeys.open(records.keys(under: 1))
    #expect(second.access[1].id == next && second.access[2].retiredAt == Self.now + delay)
    // The new next key is known since now.
    #expect(rotate() != nil)
    #expect(rotate(force: true) == nil)
  }

  @Test("of a folder get a next key that is known from now on, and go back to a folder as they are")
  func copied() throws {
    let folder = try KeyFolderFixture()
    let back = try KeyFolderFixture()
    let before = try TokenKeys.openOrCreate(folder: folder.path, algorithm: .hs256)
    try folder.files.copy(to: records.keys(under: 1), nowMilliseconds: Self.now)
    #expect(try states() == ["next HS256", "current HS256"])
    let shared = try TokenKeys.open(records.keys(under: 1))
    #expect(shared.access[1].id == before.access[0].id && shared.refresh[1].id == before.refresh[0].id)
    let files = KeyFiles(records.keys(under: 1))
    #expect(
      refusal { () throws(KeyChangeError) in try files.rotateAccess(algorithm: .hs256, nowMilliseconds: 0) } != nil)
    #expect(
      refusal { () throws(KeyChangeError) in
        try folder.files.copy(to: records.keys(under: 1), nowMilliseconds: Self.now)
      } != nil)
    try files.copy(to: back.path)
    #expect(try TokenKeys.open(folder: back.path).isSame(as: shared))
    // There nobody else has to know the next key, and the time that is written down does no harm.
    try back.files.rotateAccess(algorithm: .hs256, nowMilliseconds: 0)
    #expect(try back.text("access.json").contains("\"publishedAt\":\(Self.now)"))
  }

  @Test(
    "of a folder without the time of its next key, or without one, get that by a rotation, which is refused until then",
    arguments: [SignatureAlgorithm.hs256, .edDSA])
  func undated(algorithm: SignatureAlgorithm) throws {
    let folder = try KeyFolderFixture()
    _ = try TokenKeys.openOrCreate(folder: folder.path, algorithm: algorithm)
    let source = records.keys(under: 1)
    for purpose in KeyPurpose.allCases {
      #expect(try source.create(purpose, Array(try folder.text(purpose.fileName).utf8)))
    }
    let before = try TokenKeys.open(source)
    func rotate() -> KeyChangeError? {
      refusal { () throws(KeyChangeError) in
        try KeyFiles(source).rotateAccess(algorithm: algorithm, nowMilliseconds: .max)
      }
    }
    let refused = rotate()
    let known = try TokenKeys.open(source)
    #expect(known.currentAccess.id == before.currentAccess.id)
    let next = try #require(known.access.first { $0.state == .next })
    #expect(before.access.allSatisfy { $0.state != .next || $0.id == next.id })
    guard case .unpublished(_, next.id, let until) = refused else {
      Issue.record("\(String(describing: refused))")
      return
    }
    // A second call changes nothing.
    records.nowMilliseconds = until - 1
    #expect(rotate() == refused)
    #expect(try TokenKeys.open(source).isSame(as: known))
    records.nowMilliseconds = until
    #expect(rotate() == nil)
    #expect(try TokenKeys.open(source).currentAccess.id == next.id)
  }

  @Test("in files that several servers have are made with a next key and the time, and rotated after the same delay")
  func sharedFolder() throws {
    let folder = try KeyFolderFixture()
    let source = FolderKeys(folder: folder.path, publication: KeyPublication(staleAfter: .seconds(5)))
    let keys = try TokenKeys.openOrCreate(source, algorithm: .hs256)
    let next = try #require(keys.access.first { $0.state == .next })
    let refused = refusal { () throws(KeyChangeError) in
      try KeyFiles(source).rotateAccess(algorithm: .hs256, nowMilliseconds: 0)
    }
    guard case .unpublished(_, next.id, _) = refused else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(
      try KeyFiles(source).rotateAccess(algorithm: .hs256, nowMilliseconds: 0, force: true).current == next.id)
  }

  @Test("are changed on what somebody else has just written, never over it")
  func rival() throws {
    _ = try TokenKeys.openOrCreate(records.keys(under: 1), algorithm: .edDSA)
    records.beforeNextWrite {
      _ = try? KeyFiles($0.keys(under: 1)).rotateAccess(algorithm: .edDSA, nowMilliseconds: 0, force: true)
    }
    try KeyFiles(records.keys(under: 1)).rotateAccess(algorithm: .edDSA, nowMilliseconds: 0, force: true)
    #expect(try states() == ["next EdDSA", "current EdDSA", "retiring EdDSA", "retiring EdDSA"])
  }

  @Test("are sealed anew under the first master key, by reseal or by the next change, and the old one can go")
  func reseal() throws {
    let keys = try TokenKeys.openOrCreate(records.keys(under: 1), algorithm: .hs256)
    #expect(throws: KeyError.self) { try records.keys(under: 2).read() }
    #expect(try records.keys(under: 2, 1).reseal() == [.access, .refresh])
    #expect(try records.keys(under: 2, 1).reseal() == [])
    #expect(try TokenKeys.open(records.keys(under: 2)).isSame(as: keys))
    try KeyFiles(records.keys(under: 3, 2)).rotateRefresh(nowMilliseconds: 0, force: true)
    #expect(try records.keys(under: 3, 2).reseal() == [.access])
    #expect(try TokenKeys.open(records.keys(under: 3)).access.map(\.id) == keys.access.map(\.id))
  }

  @Test("stay in force while the database does not answer, and are followed once it does")
  func reload() throws {
    let ring = try KeyRing(records.keys(under: 1), algorithm: .hs256)
    let before = ring.keys
    let rotated = try KeyFiles(records.keys(under: 1)).rotateAccess(
      algorithm: .hs256, nowMilliseconds: 0, force: true)
    records.fail(with: KeyError(.inputOutput, "the database does not answer"))
    #expect(throws: KeyError.self) { try ring.reload() }
    #expect(ring.keys.isSame(as: before))
    records.fail(with: nil)
    #expect(try ring.reload())
    #expect(ring.keys.access.first { $0.state == .current }?.id == rotated.current)
    #expect(try !ring.reload())
  }
}
