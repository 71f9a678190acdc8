internal import Platform

/// A value that equals another only if both have the same bytes.
///
/// `String` alone does not compare that way: two spellings of one text in different Unicode normal forms are equal, so
/// two subjects or clients with such names would become one.
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

/// The form in which names of subjects and clients are kept: Unicode normal form C, NFC (UAX #15).
///
/// The ledger compares names byte by byte, as ``ExactValue`` describes. Input that people type is normalized
/// (``typed(_:)``), and a program's input in any other form is refused (``check(_:_:)``), so that one name has one
/// spelling. The log of a release that did neither can hold names in other forms; ``selects(_:_:)`` defines how those
/// are found.
package enum NameForm {
  /// The upper bound on the bytes of a name in any form.
  ///
  /// A longer text is refused by its length, so it is not normalized.
  private static let typedBytesMax = 4 * SessionGrant.textBytesMax
  /// The most combining marks in a row.
  ///
  /// Ordering marks takes time proportional to the square of their number, so a text with more is not accepted as a
  /// name (UAX #15 §13).
  private static let marksInRowMax = 30

  /// Returns the name that a person means by typing `text`: the same text in NFC.
  ///
  /// Compatibility characters stay as they are: the ligature `ﬁ` is not the name `fi`.
  package static func typed(_ text: String) -> String {
    guard !isKept(text), isPlain(text) else { return text }
    return String(decoding: text._nfcCodeUnits, as: UTF8.self)
  }

  /// Checks whether the text is in NFC.
  ///
  /// For ASCII this costs the check of one bit.
  package static func isKept(_ text: String) -> Bool {
    var bytes = text.utf8Span
    return bytes.isKnownASCII || isPlain(text) && bytes.checkForNFC(quickCheck: false)
  }

  /// Checks whether the text is short enough, and has few enough marks in a row, for normalization to be cheap.
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

  /// Checks whether a request for the name `selector` means `name`: a selector in NFC means every spelling of the name,
  /// any other selector only its own bytes.
  package static func selects(_ selector: String, _ name: String) -> Bool {
    // Swift treats all spellings of one text as equal. This is the only place that relies on it.
    selector.hasSameBytes(as: name) || isKept(selector) && selector == name
  }

  /// Checks that a new name is in NFC.
  ///
  /// A name in another form is refused and never changed, since only its author knows what it means.
  ///
  /// - Throws: ``LedgerError/invalid(field:limit:)`` if the name is not in NFC.
  package static func check(_ field: String, _ name: String) throws(LedgerError) {
    guard isKept(name) else { throw .invalid(field: field, limit: limit) }
  }

  package static let limit =
    "text in Unicode normal form C (NFC) with at most \(marksInRowMax) marks in a row; normalize it"
}
