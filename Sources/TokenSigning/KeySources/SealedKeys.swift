/// A store of records that many servers share, one for each purpose.
///
/// Its calls block.
package protocol KeyRecordStore: Sendable {
  /// The number of the last known change of any record.
  ///
  /// Reading it waits for nothing.
  var lastChange: Int64 { get }

  /// Returns all records of keys by their names, as of one moment.
  func readKeyRecords() throws(KeyError) -> KeyRecords

  /// Writes a record if its last change still has this number, or, for nil, if there is no such record.
  ///
  /// - Returns: True if the record was written, durably.
  func writeKeyRecord(_ name: String, _ body: [UInt8], expecting change: Int64?) throws(KeyError) -> Bool
}

/// The records of a ``KeyRecordStore``.
package struct KeyRecords: Sendable {
  package struct Record: Sendable {
    package var body: [UInt8]
    /// The number of the record's last change.
    package var change: Int64

    package init(body: [UInt8], change: Int64) {
      self.body = body
      self.change = change
    }
  }

  package var records: [String: Record]
  /// The time by the store's own clock, in milliseconds since the epoch.
  package var nowMilliseconds: Int64

  package init(_ records: [String: Record], nowMilliseconds: Int64) {
    self.records = records
    self.nowMilliseconds = nowMilliseconds
  }
}

/// Keys in records of a database, sealed with master keys that are not in it.
package struct SealedKeys: KeySource {
  package static let kind = "key"
  /// The number of attempts to write before others; if all fail, others are writing all the time.
  private static let tries = 20

  private let store: any KeyRecordStore
  private let masterKeys: MasterKeys
  private let published: @Sendable () -> KeyPublication

  /// - Parameters:
  ///   - store: The records that hold the sealed keys.
  ///   - masterKeys: The keys that seal and open the records.
  ///   - publication: The publication delay, evaluated at each change, since instances come and go.
  package init(
    _ store: any KeyRecordStore, masterKeys: MasterKeys,
    publication: @autoclosure @escaping @Sendable () -> KeyPublication
  ) {
    self.store = store
    self.masterKeys = masterKeys
    published = publication
  }

  package var publication: KeyPublication? { published() }

  package var place: String { "the database's keys" }

  package func place(of purpose: KeyPurpose) -> String { "the database's record \(Self.kind)/\(purpose.rawValue)" }

  package var missing: String { "there is no such record; start a server once, or restore it from a copy" }

  package var stamp: KeyStamp { KeyStamp(ofChange: store.lastChange) }

  package func prepare() throws(KeyError) {}

  package func read() throws(KeyError) -> KeyTexts { try open(try store.readKeyRecords()) }

  package func readBetweenChanges() throws(KeyChangeError) -> KeyTexts {
    try KeyChangeError.files { () throws(KeyError) in try read() }
  }

  package func create(_ purpose: KeyPurpose, _ bytes: [UInt8]) throws(KeyError) -> Bool {
    try write(purpose, bytes, expecting: nil)
  }

  package func replace(
    _ purpose: KeyPurpose, by change: (KeyTexts) throws(KeyChangeError) -> [UInt8]
  ) throws(KeyChangeError) {
    for _ in 0..<Self.tries {
      let found = try KeyChangeError.files { () throws(KeyError) in try store.readKeyRecords() }
      let bytes = try change(try KeyChangeError.files { () throws(KeyError) in try open(found) })
      let isWritten = try KeyChangeError.files { () throws(KeyError) in
        try write(purpose, bytes, expecting: found.records[purpose.rawValue]?.change)
      }
      if isWritten { return }
    }
    throw .locked(path: place(of: purpose))
  }

  /// Seals with the first master key everything that an older one sealed, so that the older one can be removed.
  ///
  /// - Returns: The purposes whose keys were sealed again.
  package func reseal() throws(KeyError) -> [KeyPurpose] {
    var resealed: [KeyPurpose] = []
    for purpose in KeyPurpose.allCases {
      for _ in 0..<Self.tries {
        let found = try store.readKeyRecords()
        guard let record = found.records[purpose.rawValue], !masterKeys.isNewest(record.body) else { break }
        let bytes = try open(record.body, purpose)
        guard try write(purpose, bytes, expecting: record.change) else { continue }
        resealed.append(purpose)
        break
      }
    }
    return resealed
  }

  private func write(_ purpose: KeyPurpose, _ bytes: [UInt8], expecting change: Int64?) throws(KeyError) -> Bool {
    let body = masterKeys.seal(bytes, kind: Self.kind, name: purpose.rawValue)
    return try store.writeKeyRecord(purpose.rawValue, body, expecting: change)
  }

  private func open(_ found: KeyRecords) throws(KeyError) -> KeyTexts {
    var texts = KeyTexts([:], nowMilliseconds: found.nowMilliseconds)
    for purpose in KeyPurpose.allCases {
      guard let record = found.records[purpose.rawValue] else { continue }
      texts.bytes[purpose] = try open(record.body, purpose)
    }
    return texts
  }

  private func open(_ body: [UInt8], _ purpose: KeyPurpose) throws(KeyError) -> [UInt8] {
    try masterKeys.open(body, kind: Self.kind, name: purpose.rawValue, place: place(of: purpose))
  }
}
