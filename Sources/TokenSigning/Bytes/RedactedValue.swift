/// A value that holds a secret: neither interpolation, `print` and `dump` nor a debugger's list of members show more
/// than its type, wherever in other values it stands.
package protocol RedactedValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension RedactedValue {
  package var description: String { "\(Self.self)(redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension HMACKey: RedactedValue {}
extension PrivateKey: RedactedValue {}
extension CryptoKey: RedactedValue {}
extension KeyNumbers: RedactedValue {}
extension KeyRecord: RedactedValue {}
extension SigningKey: RedactedValue {}
