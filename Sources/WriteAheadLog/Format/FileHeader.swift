internal import Platform

/// The 64 bytes at the start of a segment or checkpoint.
struct FileHeader: Hashable {
  enum Kind: UInt16 {
    case segment = 1
    case checkpoint = 2
  }

  enum Refusal: Error {
    case damaged(String)
    case version(UInt16)
  }

  var version = LogFormat.version
  var kind: Kind
  var epoch: UInt32
  var identity: LogIdentity
  /// The sequence of the first record or, in a checkpoint, of the last record covered.
  var sequence: UInt64
  var previous: UInt32

  private static let mark: [UInt8] = Array("RLEDGWAL".utf8)

  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(LogFormat.fileHeaderBytes)
    bytes.appendLittleEndian(LogFormat.fileMagic)
    bytes.appendLittleEndian(UInt32(LogFormat.fileHeaderBytes - 8))
    bytes.append(contentsOf: Self.mark)
    bytes.appendLittleEndian(version)
    bytes.appendLittleEndian(kind.rawValue)
    bytes.appendLittleEndian(epoch)
    identity.append(to: &bytes)
    bytes.appendLittleEndian(sequence)
    bytes.appendLittleEndian(previous)
    bytes.appendLittleEndian(0 as UInt64)
    bytes.appendLittleEndian(bytes.span.checksum())
    return bytes
  }

  /// Returns the header that is encoded at the start of a file, and its checksum.
  ///
  /// `bytes` holds the first bytes of the file; fewer than 64 are refused.
  static func decode(_ bytes: Span<UInt8>) throws(Refusal) -> (header: FileHeader, checksum: UInt32) {
    guard bytes.count >= LogFormat.fileHeaderBytes else { throw .damaged("the file ends inside its header") }
    let checksum = bytes.integer(UInt32.self, at: 60)
    guard checksum == bytes.extracting(0..<60).checksum() else { throw .damaged("the file header's checksum is wrong") }
    guard
      bytes.integer(UInt32.self, at: 0) == LogFormat.fileMagic,
      bytes.integer(UInt32.self, at: 4) == UInt32(LogFormat.fileHeaderBytes - 8),
      mark.indices.allSatisfy({ mark[$0] == bytes[8 + $0] })
    else { throw .damaged("this is no file of a log") }
    let version = bytes.integer(UInt16.self, at: 16)
    guard LogFormat.versionsRead.contains(version) else { throw .version(version) }
    guard
      let kind = Kind(rawValue: bytes.integer(UInt16.self, at: 18)),
      bytes.integer(UInt64.self, at: 52) == 0
    else { throw .damaged("the file header holds values that cannot be") }
    let header = FileHeader(
      version: version, kind: kind, epoch: bytes.integer(UInt32.self, at: 20),
      identity: LogIdentity(from: bytes, at: 24),
      sequence: bytes.integer(UInt64.self, at: 40), previous: bytes.integer(UInt32.self, at: 48))
    return (header, checksum)
  }
}
