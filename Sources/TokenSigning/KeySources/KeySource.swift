internal import Platform

/// Where the keys of a server are kept: files of a folder, or sealed records of a database that many servers share.
///
/// Calls block: make them where that is fine. What they give is durable.
package protocol KeySource: Sendable {
  /// What messages call the place of all keys.
  var place: String { get }
  /// What messages call the place of one purpose's keys.
  func place(of purpose: KeyPurpose) -> String

  /// What to say if a purpose's keys are not there, with the fix.
  var missing: String { get }

  /// A mark that is another once the keys are possibly others. Waits for nothing but the names of files.
  var stamp: KeyStamp { get }

  /// How long new keys must be known before they sign; nil if the keys have one reader.
  var publication: KeyPublication? { get }

  /// Makes what keys are put in, if it does not exist.
  func prepare() throws(KeyError)

  /// The keys as they are.
  func read() throws(KeyError) -> KeyTexts

  /// The keys as they are at one moment: nobody is amid a change.
  func readBetweenChanges() throws(KeyChangeError) -> KeyTexts

  /// Puts a purpose's first keys if there are none; false if there are.
  func create(_ purpose: KeyPurpose, _ bytes: [UInt8]) throws(KeyError) -> Bool

  /// Puts what `change` makes of the keys that are there in the place of one purpose's, and nobody changes any between.
  /// It can be called again if somebody did; what it throws leaves all as it was.
  func replace(
    _ purpose: KeyPurpose, by change: (KeyTexts) throws(KeyChangeError) -> [UInt8]
  ) throws(KeyChangeError)
}

/// The keys of both purposes as they are written: each a JWK Set.
package struct KeyTexts: Sendable {
  /// Without those that are not there.
  package var bytes: [KeyPurpose: [UInt8]]
  /// The time by the clock of those who share the keys, milliseconds since the epoch; nil if the caller's own is as
  /// good.
  package var nowMilliseconds: Int64?

  package init(_ bytes: [KeyPurpose: [UInt8]], nowMilliseconds: Int64? = nil) {
    self.bytes = bytes
    self.nowMilliseconds = nowMilliseconds
  }
}

extension KeyTexts: RedactedValue {}

/// A mark that tells keys that can be others from those that were read, without reading them.
package struct KeyStamp: Sendable, Hashable {
  private let files: [FileStamp?]
  private let change: Int64

  init(ofFiles files: [FileStamp?]) { (self.files, change) = (files, 0) }

  init(ofChange change: Int64) { (files, self.change) = ([], change) }
}

extension KeySource {
  /// A purpose's keys, which must be there.
  func present(_ purpose: KeyPurpose, in texts: KeyTexts) throws(KeyError) -> [UInt8] {
    guard let bytes = texts.bytes[purpose] else {
      throw KeyError(.missing, path: place(of: purpose), missing)
    }
    return bytes
  }
}
