/// What the keys of one file sign.
package enum KeyPurpose: String, Sendable, Hashable, CaseIterable {
  /// Access tokens; the public halves are published.
  case access
  /// Refresh and one-time tokens: HS256 alone, never published.
  case refresh

  /// Its name in the folder of the keys.
  package var fileName: String { "\(rawValue).json" }
}
