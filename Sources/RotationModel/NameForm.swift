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

extension Optional where Wrapped: ExactValue {
  package func hasSameBytes(as other: Wrapped?) -> Bool {
    switch (self, other) {
    case (nil, nil): true
    case (let mine?, let theirs?): mine.hasSameBytes(as: theirs)
    default: false
    }
  }
}

/// The one form in which names of subjects and clients are kept: Unicode's normal form C, NFC (UAX #15).
///
/// Inside, names are compared byte by byte, as ``ExactValue`` says. So that one name is one name nevertheless, what people type is
/// normalised where it comes in (``typed(_:)``), and what a program passes is refused in any other form (``check(_:_:)``). A log of a release
/// that did neither may hold names in other forms: ``selects(_:_:)`` says how those are reached.
package enum NameForm {
  /// No name has as many bytes in any form: what is longer is refused by its length, and is not worth the work.
  private static let typedBytesMax = 4 * SessionGrant.textBytesMax
  /// To put marks in order takes the square of their number, so what has more of them in a row is no name (UAX #15 §13).
  private static let marksInRowMax = 30

  /// The name that a person means who types `text`: the same one in NFC.
  ///
  /// Compatibility characters stay as they are: the ligature `ﬁ` is another name than `fi`.
  package static func typed(_ text: String) -> String {
    guard !isKept(text), isPlain(text) else { return text }
    return String(decoding: text._nfcCodeUnits, as: UTF8.self)
  }

  /// Whether the text is in NFC. Costs a look at one bit for ASCII.
  package static func isKept(_ text: String) -> Bool {
    var bytes = text.utf8Span
    return bytes.isKnownASCII || isPlain(text) && bytes.checkForNFC(quickCheck: false)
  }

  /// Whether it is bounded what work the text makes.
  private static func isPlain(_ text: String) -> Bool {
    guard text.utf8.count <= typedBytesMax else { return false }
    var marks = 0
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .spacingMark, .enclosingMark: marks += 1
      default: marks = 0
      }
      guard marks <= marksInRowMax else { return false }
    }
    return true
  }

  /// Whether somebody who asks for the name `selector` means `name`: every spelling of it where the selector is in NFC; just these
  /// bytes where it is not.
  package static func selects(_ selector: String, _ name: String) -> Bool {
    // Swift holds all spellings of one text for equal. This is the one place where that is wanted.
    selector.hasSameBytes(as: name) || isKept(selector) && selector == name
  }

  /// A new name that is not in NFC is refused, never changed: what it means is known to whoever made it.
  package static func check(_ field: String, _ name: String) throws(LedgerError) {
    guard isKept(name) else { throw .invalid(field: field, limit: limit) }
  }

  package static let limit =
    "text in Unicode normal form C (NFC) with at most \(marksInRowMax) marks in a row; normalize it"
}
