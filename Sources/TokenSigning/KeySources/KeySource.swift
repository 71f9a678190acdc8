internal import Platform

/// A place that holds a server's keys: files of a folder, or sealed records of a database that many servers share.
///
/// Calls block, so they must be made from a thread that may wait. The keys they return are durable.
package protocol KeySource: Sendable {
  /// The name of the place of all keys, for messages.
  var place: String { get }
  /// Returns the name of the place of one purpose's keys, for messages.
  func place(of purpose: KeyPurpose) -> String

  /// The message, with the fix, for a purpose whose keys are missing.
  var missing: String { get }

  /// A stamp that changes when the keys may have changed.
  ///
  /// Reading it waits for nothing but the metadata of files.
  var stamp: KeyStamp { get }

  /// The time for which new keys must be known before they sign, or nil if the keys have one reader.
  var publication: KeyPublication? { get }

  /// Creates the container of the keys if it does not exist.
  func prepare() throws(KeyError)

  /// Returns the keys as they are.
  func read() throws(KeyError) -> KeyTexts

  /// Returns the keys at a moment when nobody is in the middle of a change.
  func readBetweenChanges() throws(KeyChangeError) -> KeyTexts

  /// Stores the first keys of a purpose.
  ///
  /// Returns false if there are keys already.
  func create(_ purpose: KeyPurpose, _ bytes: [UInt8]) throws(KeyError) -> Bool

  /// Replaces the keys of one purpose by what `change` makes of the current ones; nobody can change keys in between.
  ///
  /// `change` can be called again if somebody else changed them first. If it throws, nothing has changed.
  func replace(
    _ purpose: KeyPurpose, by change: (KeyTexts) throws(KeyChangeError) -> [UInt8]
  ) throws(KeyChangeError)
}

/// The keys of both purposes as they are stored, each a JWK Set.
package struct KeyTexts: Sendable {
  /// The JWK Set of each purpose that has keys.
  package var bytes: [KeyPurpose: [UInt8]]
  /// The time by the clock of those who share the keys, in milliseconds since the epoch, or nil if the caller's own
  /// clock is as good.
  package var nowMilliseconds: Int64?

  package init(_ bytes: [KeyPurpose: [UInt8]], nowMilliseconds: Int64? = nil) {
    self.bytes = bytes
    self.nowMilliseconds = nowMilliseconds
  }
}

extension KeyTexts: RedactedValue {}

/// A stamp that tells, without reading the keys, whether they may have changed since they were read.
package struct KeyStamp: Sendable, Hashable {
  private let files: [FileStamp?]
  private let change: Int64

  init(ofFiles files: [FileStamp?]) { (self.files, change) = (files, 0) }

  init(ofChange change: Int64) { (files, self.change) = ([], change) }
}

extension KeySource {
  /// Returns the keys of a purpose, which must exist.
  func present(_ purpose: KeyPurpose, in texts: KeyTexts) throws(KeyError) -> [UInt8] {
    guard let bytes = texts.bytes[purpose] else {
      throw KeyError(.missing, path: place(of: purpose), missing)
    }
    return bytes
  }
}
