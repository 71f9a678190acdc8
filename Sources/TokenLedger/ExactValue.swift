internal import Platform

/// A value that is the same only where it is so byte by byte.
///
/// `String` is not by itself: two spellings of one text in different Unicode normal forms are equal, and two subjects or clients
/// with such names would become one.
package protocol ExactValue: Sendable {
  func hasSameBytes(as other: Self) -> Bool
  func hashExactly(into hasher: inout Hasher)
}

extension String: ExactValue {
  package func hashExactly(into hasher: inout Hasher) {
    var text = self
    text.withUTF8 { bytes in unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
  }
}

extension SessionProfile: ExactValue {
  package func hasSameBytes(as other: SessionProfile) -> Bool { self == other }
  package func hashExactly(into hasher: inout Hasher) { hash(into: &hasher) }
}

extension Optional where Wrapped: ExactValue {
  func hasSameBytes(as other: Wrapped?) -> Bool {
    switch (self, other) {
    case (nil, nil): true
    case (let mine?, let theirs?): mine.hasSameBytes(as: theirs)
    default: false
    }
  }
}
