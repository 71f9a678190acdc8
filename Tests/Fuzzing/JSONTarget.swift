import Platform

@testable import TokenSigning

/// The strict JSON reader, and what is read with it: key sets, secrets and our own key files.
enum JSONTarget: OneInput {
  static func run(_ input: inout InputBytes) {
    switch input.byte() % 4 {
    case 0: runText(input.rest())
    case 1: runKeys(input.rest())
    case 2: runStrings(&input)
    default: runBase64(input.rest())
    }
  }

  private static func runText(_ bytes: [UInt8]) {
    guard let object = try? JSONReader.object(bytes) else { return }
    check(object, in: bytes, depth: 1)
    // The same with space around it.
    let again = try? JSONReader.object([0x20, 0x0A] + bytes + [0x09])
    require(again?.members.map(\.name) == object.members.map(\.name), "space changes what an object holds")
    require((try? JSONReader.object(bytes + [0x7D])) == nil, "what follows an object is accepted")
  }

  private static func check(_ object: JSONObject, in bytes: [UInt8], depth: Int) {
    require(depth <= JSONReader.depthMax, "an object is nested deeper than the limit")
    require(object.members.count <= JSONReader.membersMax, "an object has more members than the limit")
    for (index, member) in object.members.enumerated() {
      require(!object.members[..<index].contains { $0.name == member.name }, "a member stands twice")
      require(bytes.indices.contains(member.source.lowerBound), "a member's place is outside the text")
      require(member.source.upperBound < bytes.count, "a member ends outside the text")
      let alone = try? JSONReader.object([0x7B] + bytes[member.source] + [0x7D])
      require(alone?.members.first?.name == member.name, "a member's place holds another one")
      check(member.value, in: bytes, depth: depth + 1)
    }
  }

  private static func check(_ value: JSONValue, in bytes: [UInt8], depth: Int) {
    switch value {
    case .object(let object): check(object, in: bytes, depth: depth)
    case .array(let elements):
      require(elements.count <= JSONReader.elementsMax, "an array has more elements than the limit")
      for element in elements { check(element, in: bytes, depth: depth + 1) }
    case .null, .bool, .integer, .number, .string: break
    }
  }

  private static func runKeys(_ bytes: [UInt8]) {
    if let set = try? JWKSet(json: bytes) {
      require(!set.keys.isEmpty && set.keys.count <= JWKSet.keysMax, "a set without a key, or with too many")
      for key in set.keys {
        require(!key.algorithms.isEmpty, "a key for no algorithm")
        require(!key.algorithms.contains(.hs256) || key.algorithms == [.hs256], "a secret for public keys' algorithms")
        for algorithm in SignatureAlgorithm.allCases {
          require(!key.verifies([UInt8](repeating: 0, count: 64), of: bytes.span, by: algorithm), "zeroes sign")
        }
      }
    }
    if let set = try? JWKSet.secret(bytes) {
      require(set.keys.allSatisfy { $0.algorithms == [.hs256] }, "a secret is for public keys' algorithms")
    }
    if let keys = try? KeyFile.decode(bytes, path: "keys") {
      require((1...KeyFile.keysMax).contains(keys.count), "a key file of too many keys")
    }
  }

  /// What the writer escapes, the reader gives back.
  private static func runStrings(_ input: inout InputBytes) {
    var room = [UInt8](repeating: 0, count: 8192)
    let (name, value) = (input.text(60), input.text(255))
    let count = room.withUnsafeMutableBufferPointer { buffer in
      var writer = ByteWriter(buffer)
      writer.append(UInt8(ascii: "{"))
      writer.append(jsonString: name)
      writer.append(UInt8(ascii: ":"))
      writer.append(jsonString: value)
      writer.append(UInt8(ascii: "}"))
      return writer.count
    }
    guard let object = try? JSONReader.object(Array(room[..<count])), let member = object.members.first else {
      return require(false, "what the writer wrote is refused")
    }
    require(member.name.hasSameBytes(as: name), "a name changes on its way")
    guard case .string(let text) = member.value else { return require(false, "a string is read as something else") }
    require(text.hasSameBytes(as: value), "a string changes on its way")
  }

  /// One text for each byte string and back.
  private static func runBase64(_ bytes: [UInt8]) {
    let text = Base64URL.encode(bytes.span)
    require(text.count == Base64URL.encodedCount(bytes.count), "base64url of another length than said")
    require(Base64URL.decode(text.span) == bytes, "base64url changes bytes")
    if let decoded = Base64URL.decode(bytes.span) {
      require(Base64URL.encode(decoded.span) == bytes, "two texts stand for the same bytes")
    }
    if let identifier = TokenIdentifier(text: String(decoding: bytes, as: UTF8.self)) {
      require(Array(identifier.text.utf8) == bytes, "two texts stand for the same token")
    }
  }
}
