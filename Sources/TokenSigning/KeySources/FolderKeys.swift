internal import Platform

/// Keys in the files of a folder, which one server or several on one machine read, or several that have the same files
/// each.
package struct FolderKeys: KeySource {
  package let folder: String
  private let published: @Sendable () -> KeyPublication?
  private let lockTries: Int

  /// - Parameters:
  ///   - folder: the folder of the keys itself (`<data>/keys`).
  ///   - publication: for files that several servers have; then the machine's clock says since when a new key is known.
  ///     Asked for at each change: instances come and go.
  package init(folder: String, publication: @autoclosure @escaping @Sendable () -> KeyPublication? = nil) {
    self.init(folder: folder, publication: publication(), lockTries: 2_000)
  }

  /// - Parameter lockTries: how often it asks for the lock, every 5 ms.
  init(
    folder: String, publication: @autoclosure @escaping @Sendable () -> KeyPublication? = nil, lockTries: Int
  ) {
    self.folder = folder
    published = publication
    self.lockTries = lockTries
  }

  package var publication: KeyPublication? { published() }

  package var place: String { folder }

  package func place(of purpose: KeyPurpose) -> String { "\(folder)/\(purpose.fileName)" }

  package var missing: String { "there is no such key file; restore it from a copy" }

  package var stamp: KeyStamp { KeyStamp(ofFiles: KeyPurpose.allCases.map { FileStatus(place(of: $0))?.stamp }) }

  /// Made with mode 0700; its parent must exist.
  package func prepare() throws(KeyError) { _ = try KeyFolder(openOrCreate: folder) }

  package func read() throws(KeyError) -> KeyTexts { try self.texts(in: try KeyFolder(open: folder)) }

  package func readBetweenChanges() throws(KeyChangeError) -> KeyTexts {
    let folder = try locked()
    return try KeyChangeError.files { () throws(KeyError) in try self.texts(in: folder) }
  }

  /// A file of mode 0600 that is complete and durable before it has its name.
  package func create(_ purpose: KeyPurpose, _ bytes: [UInt8]) throws(KeyError) -> Bool {
    try KeyFolder(open: folder).create(purpose.fileName, bytes)
  }

  package func replace(
    _ purpose: KeyPurpose, by change: (KeyTexts) throws(KeyChangeError) -> [UInt8]
  ) throws(KeyChangeError) {
    let folder = try locked()
    let texts = try KeyChangeError.files { () throws(KeyError) in try self.texts(in: folder) }
    let bytes = try change(texts)
    try KeyChangeError.files { () throws(KeyError) in try folder.replace(purpose.fileName, with: bytes) }
  }

  private func locked() throws(KeyChangeError) -> KeyFolder {
    let path = folder
    let folder = try KeyChangeError.files { () throws(KeyError) in try KeyFolder(open: path) }
    guard folder.lock(tries: lockTries) else { throw .locked(path: path) }
    return folder
  }

  /// Made durable before anything is signed by them: their writer can have died before its own sync.
  private func texts(in folder: borrowing KeyFolder) throws(KeyError) -> KeyTexts {
    var texts = KeyTexts([:], nowMilliseconds: publication == nil ? nil : ClockReading.wallMilliseconds())
    for purpose in KeyPurpose.allCases { texts.bytes[purpose] = try folder.read(purpose.fileName) }
    try folder.sync()
    return texts
  }
}
