/// A value that holds a secret.
///
/// Interpolation, `print`, `dump` and a debugger show nothing but its type, even if it is a member of another value.
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
