import Glibc
import Testing

@testable import TokenSigning

@Suite("Master keys")
struct MasterKeysTests {
  private func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex)
    return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
  }

  private func key(_ byte: UInt8) throws -> SealingKey {
    try #require(SealingKey(secret: TokenFixtures.secret(byte)))
  }

  private func masters(_ bytes: UInt8...) throws -> MasterKeys {
    MasterKeys(try bytes.map(key), places: bytes.map { "key-\($0)" })
  }

  private func failure(_ sealed: [UInt8], _ keys: MasterKeys, name: String = "access") -> KeyError? {
    do {
      _ = try keys.open(sealed, kind: "key", name: name, place: "key/access")
      return nil
    } catch {
      return error
    }
  }

  @Test("seal as test cases 13, 14 and 16 of the specification of GCM say")
  func vectors() throws {
    let zero = try key(0)
    let nonce = [UInt8](repeating: 0, count: 12)
    #expect(hex(zero.seal([], nonce: nonce, context: [])) == "530f8afbc74536b9a963b4f1c4cb738b")
    #expect(
      hex(zero.seal([UInt8](repeating: 0, count: 16), nonce: nonce, context: []))
        == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
    let half = "feffe9928665731c6d6a8f9467308308"
    let other = try #require(SealingKey(secret: bytes(half + half)))
    let message = bytes(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    let sealed = other.seal(message, nonce: bytes("cafebabefacedbaddecaf888"), context: context)
    #expect(
      hex(sealed)
        == "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        + "76fc6ece0f4e1768cddf8853bb2d551b")
    #expect(other.open(sealed[...], nonce: bytes("cafebabefacedbaddecaf888"), context: context) == message)
    #expect(zero.open(zero.seal([], nonce: nonce, context: [])[...], nonce: nonce, context: []) == [])
  }

  @Test("open a record that another program made by the specification in docs/keys.md")
  func format() throws {
    let keys = MasterKeys([try #require(SealingKey(secret: Array(0..<32)))], places: ["m"])
    let sealed = bytes(
      "01b107c5155354def96465666768696a6b6c6d6e6f3339b503009a74a4653f22c4316aaaa17e2432f6a4980253353439")
    #expect(try keys.open(sealed, kind: "key", name: "access", place: "p") == Array("{\"keys\":[]}".utf8))
  }

  @Test("open what they sealed, and not a byte or a bit of another, nor a record in another's place")
  func damage() throws {
    let keys = try masters(1)
    let message = Array("a secret of keys".utf8)
    let sealed = keys.seal(message, kind: "key", name: "access")
    #expect(try keys.open(sealed, kind: "key", name: "access", place: "p") == message)
    #expect(keys.seal(message, kind: "key", name: "access") != sealed)
    for index in sealed.indices {
      var bad = sealed
      bad[index] ^= 1 << UInt8(index % 8)
      #expect(failure(bad, keys) != nil, "byte \(index)")
      #expect(failure(Array(sealed.prefix(index)), keys) != nil, "\(index) bytes")
    }
    #expect(failure(sealed + [0], keys)?.kind == .malformed)
    #expect(failure(sealed, keys, name: "refresh")?.kind == .malformed)
    #expect(throws: KeyError.self) { try keys.open(sealed, kind: "user", name: "access", place: "p") }
  }

  @Test("all open and the first seals; where none opens, the message names record and files and no secret")
  func several() throws {
    let (old, both, new) = (try masters(1), try masters(2, 1), try masters(2))
    let sealed = old.seal([7], kind: "key", name: "access")
    #expect(try both.open(sealed, kind: "key", name: "access", place: "p") == [7])
    #expect(!both.isNewest(sealed) && old.isNewest(sealed))
    let anew = both.seal([7], kind: "key", name: "access")
    #expect(both.isNewest(anew))
    #expect(try new.open(anew, kind: "key", name: "access", place: "p") == [7])
    let error = try #require(failure(sealed, new))
    #expect(error.kind == .weak)
    #expect(
      error.description
        == "key/access: is sealed under a master key that is in none of key-2; add the file of that key")
    let key = try key(1)
    #expect("\(both)" == "MasterKeys(redacted)" && "\(key)" == "SealingKey(redacted)")
  }

  @Test("are files of exactly 32 bytes that nobody else can read; each other one is refused in one line with the fix")
  func files() throws {
    let folder = try KeyFolderFixture()
    mkdir(folder.path, 0o700)
    let text = String(repeating: "k", count: 32)
    folder.write(text, to: "good")
    _ = try MasterKeys(files: ["\(folder.path)/good"])
    symlink("good", "\(folder.path)/link")
    _ = try MasterKeys(files: ["\(folder.path)/link", "\(folder.path)/good"])
    folder.write(text + "\n", to: "long")
    folder.write("", to: "empty")
    folder.write(text, to: "open")
    chmod("\(folder.path)/open", 0o644)
    mkdir("\(folder.path)/folder", 0o700)
    mkfifo("\(folder.path)/pipe", 0o600)
    for (name, kind) in [
      ("long", KeyError.Kind.weak), ("empty", .weak), ("open", .exposed), ("none", .missing), ("pipe", .malformed),
      ("folder", .malformed),
    ] {
      let path = "\(folder.path)/\(name)"
      do {
        _ = try MasterKeys(files: [path])
        Issue.record("\(name) was taken")
      } catch {
        #expect(error.kind == kind, "\(error)")
        #expect(error.description.contains(path) && !error.description.contains("kkkk"))
        #expect(!error.description.contains("\n"))
      }
    }
    #expect(throws: KeyError.self) { try MasterKeys(files: []) }
    #expect(throws: KeyError.self) {
      try MasterKeys(files: [String](repeating: "\(folder.path)/good", count: 9))
    }
    for name in ["good", "link", "long", "empty", "open", "pipe"] { unlink("\(folder.path)/\(name)") }
    rmdir("\(folder.path)/folder")
  }
}
