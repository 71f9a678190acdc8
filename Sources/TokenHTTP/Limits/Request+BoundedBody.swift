internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Request {
  /// Whether the body is announced as longer. Such a body is never waited for: on HTTP/1 nothing of it is read.
  func announcesBody(over bytesMax: Int) -> Bool {
    headers[.contentLength].flatMap { Int($0) }.map { $0 > bytesMax } ?? false
  }

  /// The whole body; nil where it is longer. Throws what the connection throws while it is read.
  func body(bytesMax: Int) async throws -> ByteBuffer? {
    guard !announcesBody(over: bytesMax) else { return nil }
    do { return try await body.collect(upTo: bytesMax) } catch is NIOTooManyBytesError { return nil }
  }
}
