internal import TokenSigning

/// The reason that keys for verifying cannot be had.
@nonexhaustive
public enum KeySetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The keys could not be fetched; the text gives the reason in one line.
  case unreachable(String)
  /// The text that was fetched or read is no JWK Set with a usable key; the value says what is wrong with it.
  case malformed(String)
  /// Too many callers are waiting for the keys already.
  case overloaded

  public var description: String {
    switch self {
    case .unreachable(let reason): "the keys cannot be fetched: \(reason)"
    case .malformed(let fault): "the key set \(fault)"
    case .overloaded: "too many callers wait for the keys; try again later"
    }
  }
}

/// A source of the keys with which access tokens are verified: a ``KeySet`` that never changes, or a ``RemoteKeySet``.
public protocol VerificationKeySource: Sendable {
  /// The keys that are known now, or nil before any are; reading them waits for nothing.
  var current: KeySet? { get }

  /// Returns keys that are newer than those with which a token could not be verified.
  ///
  /// - Parameter known: The keys that were tried, or nil if there were none.
  /// - Returns: The keys, which can lack the one in question too; a source that never changes returns those it has.
  /// - Throws: ``KeySetError`` if no newer keys can be had now.
  func keys(newerThan known: KeySet?) async throws(KeySetError) -> KeySet
}

/// The keys of one JWK Set (RFC 7517 §5).
///
/// The set never changes, and can be used from any thread.
public struct KeySet: Sendable {
  let keys: PublishedKeys

  /// Reads the bytes of a JWK Set, such as an issuer's `/.well-known/jwks.json`: at most 256 KiB and 64 keys.
  ///
  /// Keys of another purpose or an unknown type are ignored (RFC 7517 §5).
  ///
  /// A set of type `oct` with a `kid` is accepted too: it verifies HS256, and whoever has it can sign.
  ///
  /// - Throws: ``KeySetError/malformed(_:)`` if the set has no usable key with a `kid`.
  public init(json: [UInt8]) throws(KeySetError) {
    do throws(KeyError) { try self.init(JWKSet(json: json)) } catch { throw .malformed(error.message) }
  }

  /// Reads a file as ``init(json:)`` does its bytes.
  ///
  /// - Throws: ``KeySetError/malformed(_:)`` if the file cannot be read, or has no usable key; the text names it.
  public init(file path: String) throws(KeySetError) {
    do throws(KeyError) { try self.init(JWKSet.open(path: path)) } catch { throw .malformed("\(error)") }
  }

  private init(_ set: JWKSet) throws(KeyError) {
    keys = PublishedKeys(set.keys)
    guard !keys.ids.isEmpty else {
      throw KeyError(.malformed, "has no key with a \"kid\", which every token names; give the issuer's JWK Set")
    }
  }

  /// The `kid` of each key that has one.
  public var keyIDs: [String] { keys.ids }
}

extension KeySet: VerificationKeySource {
  public var current: KeySet? { self }

  /// Returns this set: it has no newer one.
  public func keys(newerThan known: KeySet?) async throws(KeySetError) -> KeySet { self }
}
