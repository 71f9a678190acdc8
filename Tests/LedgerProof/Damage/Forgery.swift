/// A frame that nobody wrote, with right checksums.
enum Forgery: Sendable, Hashable {
  case field(Field, Value)
  /// A block that yields more than it declares.
  case blockYieldsMore
  /// A block that declares a MiB and yields a few bytes.
  case blockYieldsLess
  /// A block that yields one byte more or less than it declares.
  case blockIsOffByOne(UInt32)
  case malformedBlock(Malformed)

  enum Field: String, Sendable, CaseIterable {
    case length, kind, reserved, epoch, firstSequence, watermark, recordCount, payloadBytes, storedBytes
    case payloadChecksum, previous
  }

  enum Value: Sendable, Hashable, CaseIterable {
    case zero, one, less, more, limit, aboveLimit, highest, signBit
  }

  enum Malformed: String, Sendable, CaseIterable {
    case endsInToken, endsInLiterals, endsInDistance, endsInLength, distanceZero, distanceBeforeStart, empty, noise
  }

  static let all: [Forgery] =
    Field.allCases.flatMap { field in Value.allCases.map { .field(field, $0) } }
    + [.blockYieldsMore, .blockYieldsLess, .blockIsOffByOne(1), .blockIsOffByOne(.max)]
    + Malformed.allCases.map { .malformedBlock($0) }

  var isBlock: Bool {
    if case .field = self { false } else { true }
  }

  /// Returns the frame's new bytes, or nil for another block in a frame that has none.
  ///
  /// `bytes` are those of the frame as it was written.
  func applied(to frame: SpecifiedFrame, _ bytes: [UInt8], seed: UInt32) -> [UInt8]? {
    var forged = frame
    switch self {
    case .field(let field, let value):
      forged.set(field, value)
      return forged.encoded(seed: seed) + bytes[SpecifiedFrame.headerBytes...]
    case .blockYieldsMore:
      return forged.withBlock(Self.run(of: 100_000), payloadBytes: 2_000, seed: seed)
    case .blockYieldsLess:
      return forged.withBlock([0x50] + Array("hello".utf8), payloadBytes: 1 << 20, seed: seed)
    case .blockIsOffByOne(let difference):
      return forged.withBlock(Self.run(of: 1_000), payloadBytes: 1_000 &+ difference, seed: seed)
    case .malformedBlock(let malformed):
      return forged.withBlock(malformed.block, payloadBytes: 300, seed: seed)
    }
  }

  /// A block that yields `count` equal bytes: one literal, one match over itself, five literals.
  private static func run(of count: Int) -> [UInt8] {
    var block: [UInt8] = [0x1F, 0x41, 1, 0]
    var left = count - 6 - 19
    while left >= 255 {
      block.append(255)
      left -= 255
    }
    return block + [UInt8(left), 0x50] + [UInt8](repeating: 0x41, count: 5)
  }
}

extension SpecifiedFrame {
  fileprivate func withBlock(_ block: [UInt8], payloadBytes: UInt32, seed: UInt32) -> [UInt8]? {
    guard carriesRecords else { return nil }
    var forged = self
    forged.payloadBytes = payloadBytes
    return forged.encoded(around: block, seed: seed)
  }

  fileprivate mutating func set(_ field: Forgery.Field, _ value: Forgery.Value) {
    switch field {
    case .length: length = value.of(length)
    case .kind: kind = value.of(kind)
    case .reserved: reserved = value.of(reserved) & 0xFF_FFFF
    case .epoch: epoch = value.of(epoch)
    case .firstSequence: firstSequence = value.of(firstSequence)
    case .watermark: watermark = value.of(watermark)
    case .recordCount: recordCount = value.of(recordCount)
    case .payloadBytes: payloadBytes = value.of(payloadBytes)
    case .storedBytes: storedBytes = value.of(storedBytes)
    case .payloadChecksum: payloadChecksum = value.of(payloadChecksum)
    case .previous: previous = value.of(previous)
    }
  }
}

extension Forgery.Value {
  fileprivate func of<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) -> Number {
    switch self {
    case .zero: 0
    case .one: 1
    case .less: number &- 1
    case .more: number &+ 1
    case .limit: Number(truncatingIfNeeded: 1 << 20)
    case .aboveLimit: Number(truncatingIfNeeded: 1 << 20 + 1)
    case .highest: .max
    case .signBit: 1 << (Number.bitWidth - 1)
    }
  }
}

extension Forgery.Malformed {
  fileprivate var block: [UInt8] {
    switch self {
    case .endsInToken: [0xF0]
    case .endsInLiterals: [0x90, 1, 2, 3]
    case .endsInDistance: [0x1F, 0x41, 1]
    case .endsInLength: [0x1F, 0x41, 1, 0, 255, 255]
    case .distanceZero: [0x1F, 0x41, 0, 0, 255, 20, 0x50, 1, 2, 3, 4, 5]
    case .distanceBeforeStart: [0x1F, 0x41, 2, 0, 255, 20, 0x50, 1, 2, 3, 4, 5]
    case .empty: [0]
    case .noise: (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435 >> 7) }
    }
  }
}
