internal import Platform

/// Keys in the files of a folder, read by one server, by several servers on one machine, or by several servers that
/// each have the same files.
package struct FolderKeys: KeySource {
  package let folder: String
  private let published: @Sendable () -> KeyPublication?
  private let lockTries: Int

  /// - Parameters:
  ///   - folder: The folder of the keys itself (`<data>/keys`).
  ///   - publication: The publication delay, for files that several servers have; the machine's clock then dates new
  ///     keys. It is evaluated at each change, since instances come and go.
  package init(folder: String, publication: @autoclosure @escaping @Sendable () -> KeyPublication? = nil) {
    self.init(folder: folder, publication: publication(), lockTries: 2_000)
  }

  /// Creates a source that makes `lockTries` attempts to take the lock, one every 5 ms.
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

  /// Creates the folder with mode 0700; its parent must exist.
  package func prepare() throws(KeyError) { _ = try KeyFolder(openOrCreate: folder) }

  package func read() throws(KeyError) -> KeyTexts { try self.texts(in: try KeyFolder(open: folder)) }

  package func readBetweenChanges() throws(KeyChangeError) -> KeyTexts {
    let folder = try locked()
    return try KeyChangeError.files { () throws(KeyError) in try self.texts(in: folder) }
  }

  /// Creates a file of mode 0600 that is complete and durable before it gets its name.
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

  /// Reads the keys, and makes them durable before anything is signed with them: their writer may have died before its
  /// own sync.
  private func texts(in folder: borrowing KeyFolder) throws(KeyError) -> KeyTexts {
    var texts = KeyTexts([:], nowMilliseconds: publication == nil ? nil : ClockReading.wallMilliseconds())
    for purpose in KeyPurpose.allCases { texts.bytes[purpose] = try folder.read(purpose.fileName) }
    try folder.sync()
    return texts
  }
}
