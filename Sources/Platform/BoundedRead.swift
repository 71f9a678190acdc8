internal import Glibc
package import SystemPackage

/// Why the content of a file was not taken.
package enum BoundedReadError: Error, Sendable, Hashable {
  /// It has more bytes than were asked for at most.
  case tooLarge
  case refused(Errno)
}

extension OpenFile {
  private static let pieceBytes = 64 << 10

  /// All bytes from the start, at most `bytesMax`. Also of what has no size before it is read, such as a pipe.
  package func contents(bytesMax: Int) throws(BoundedReadError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: min(Self.pieceBytes, bytesMax + 1))
    while true {
      let count = unsafe Glibc.read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .refused(.current) }
      if count == 0 { return bytes }
      guard bytes.count + count <= bytesMax else { throw .tooLarge }
      bytes += piece[..<count]
    }
  }
}
