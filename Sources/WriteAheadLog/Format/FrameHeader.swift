internal import Platform

/// The 56 bytes before a frame's payload.
struct FrameHeader: Hashable {
  enum Kind: UInt8 {
    case records = 1
    case checkpoint = 2
    case seal = 3
    case close = 4

    var carriesRecords: Bool { self == .records || self == .checkpoint }
  }

  enum Refusal: Error {
    /// The bytes do not match their checksum: they are torn or damaged.
    case damaged(String)
    /// The checksum is right, but no writer makes these values.
    case impossible(String)
  }

  var kind: Kind
  var epoch: UInt32
  var firstSequence: UInt64
  var watermark: UInt64
  var recordCount: UInt32
  var payloadBytes: UInt32
  var storedBytes: UInt32
  var payloadChecksum: UInt32
  var previous: UInt32

  /// The number of bytes from the start of the frame to the end of its block.
  ///
  /// The end mark after them is zero.
  var contentBytes: Int {
    LogFormat.frameHeaderBytes + (payloadBytes > 0 ? LogFormat.preludeBytes + Int(storedBytes) : 0)
  }

  var frameBytes: Int { contentBytes + (payloadBytes > 0 ? LogFormat.endMarkBytes : 0) }

  var sizeWord: UInt32 { storedBytes == payloadBytes ? storedBytes | LogFormat.uncompressedBit : storedBytes }

  /// Appends the header and returns its checksum.
  func encode(to bytes: inout [UInt8], seed: UInt32) -> UInt32 {
    let start = bytes.count
    bytes.appendLittleEndian(LogFormat.frameMagic)
    bytes.appendLittleEndian(UInt32(LogFormat.frameHeaderBytes - 8))
    bytes.append(kind.rawValue)
    bytes.append(0)
    bytes.appendLittleEndian(0 as UInt16)
    bytes.appendLittleEndian(epoch)
    bytes.appendLittleEndian(firstSequence)
    bytes.appendLittleEndian(watermark)
    bytes.appendLittleEndian(recordCount)
    bytes.appendLittleEndian(payloadBytes)
    bytes.appendLittleEndian(storedBytes)
    bytes.appendLittleEndian(payloadChecksum)
    bytes.appendLittleEndian(previous)
    let checksum = bytes.span.extracting(start..<bytes.count).checksum(seed: seed)
    bytes.appendLittleEndian(checksum)
    return checksum
  }

  /// Returns the header at the start of `bytes`, and its checksum.
  ///
  /// There must be at least 56 bytes; `seed` is the checksum seed of the log's identity.
  static func decode(
    _ bytes: Span<UInt8>, seed: UInt32
  ) throws(Refusal) -> (header: FrameHeader, checksum: UInt32) {
    let checksum = bytes.integer(UInt32.self, at: 52)
    guard
      bytes.integer(UInt32.self, at: 0) == LogFormat.frameMagic,
      checksum == bytes.extracting(0..<52).checksum(seed: seed)
    else { throw .damaged("no whole frame header stands here") }
    guard
      bytes.integer(UInt32.self, at: 4) == UInt32(LogFormat.frameHeaderBytes - 8),
      let kind = Kind(rawValue: bytes[8]), bytes[9] == 0, bytes.integer(UInt16.self, at: 10) == 0
    else { throw .impossible("the frame header holds values that cannot be") }
    let header = FrameHeader(
      kind: kind, epoch: bytes.integer(UInt32.self, at: 12), firstSequence: bytes.integer(UInt64.self, at: 16),
      watermark: bytes.integer(UInt64.self, at: 24), recordCount: bytes.integer(UInt32.self, at: 32),
      payloadBytes: bytes.integer(UInt32.self, at: 36), storedBytes: bytes.integer(UInt32.self, at: 40),
      payloadChecksum: bytes.integer(UInt32.self, at: 44), previous: bytes.integer(UInt32.self, at: 48))
    try header.checkLimits()
    return (header, checksum)
  }

  private func checkLimits() throws(Refusal) {
    guard payloadBytes <= LogFormat.payloadBytesMax, storedBytes <= payloadBytes else {
      throw .impossible("the frame's lengths are above their limits")
    }
    guard
      kind.carriesRecords == (recordCount > 0), kind.carriesRecords == (storedBytes > 0),
      kind.carriesRecords == (payloadBytes > 0)
    else { throw .impossible("the frame's type and its number of records do not agree") }
    guard storedBytes > 0 || payloadChecksum == 0 else {
      throw .impossible("a frame without payload has a checksum of it")
    }
    guard !firstSequence.addingReportingOverflow(UInt64(recordCount)).overflow else {
      throw .impossible("the frame's sequence numbers are above their limit")
    }
  }
}
