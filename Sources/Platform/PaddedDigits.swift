extension String {
  /// A number with zeroes before it, as many digits as given at least.
  package init(
    _ value: some UnsignedInteger & FixedWidthInteger, radix: Int = 16, digits: Int, uppercase: Bool = false
  ) {
    let text = String(value, radix: radix, uppercase: uppercase)
    self = String(repeating: "0", count: Swift.max(0, digits - text.utf8.count)) + text
  }

  /// Bytes as two hexadecimal digits each.
  package init(hexadecimal bytes: some Sequence<UInt8>, uppercase: Bool = false) {
    self = bytes.map { String($0, digits: 2, uppercase: uppercase) }.joined()
  }
}
