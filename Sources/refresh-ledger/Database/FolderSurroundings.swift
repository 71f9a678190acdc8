#if Postgres
import SystemPackage
import TokenAccounts
import TokenLedgerPostgres
import TokenSigning

/// The parts of a data folder beside its log, in the form of a database: users, clients and keys.
///
/// Its calls block.
struct FolderSurroundings {
  private let data: DataFolderOption

  init(_ data: DataFolderOption) {
    self.data = data
  }

  private var usersPath: String { DataFolderOption.usersPath(data.folder) }
  private var clientsPath: String { DataFolderOption.clientsPath(data.folder) }
  private var keyFolder: FolderKeys { FolderKeys(folder: data.folder.appending("keys").string) }

  /// Returns everything as records.
  ///
  /// `masterKeys` are the files of the keys that seal the signing keys; if there are none, the signing keys are left
  /// out.
  func records(masterKeys: [String]) throws(CommandError) -> [MovedRecord] {
    let (users, clients): (AccountCopy, AccountCopy)
    do throws(AccountError) {
      users = try SubjectFile(path: usersPath).copy()
      clients = try ClientFile(path: clientsPath).copy()
    } catch {
      throw CommandError(error)
    }
    let accounts = users.records.map { MovedRecord($0, .user) } + clients.records.map { MovedRecord($0, .client) }
    return accounts + (try masterKeys.isEmpty ? [] : keys(masterKeys))
  }

  private func keys(_ files: [String]) throws(CommandError) -> [MovedRecord] {
    let (keys, texts): (MasterKeys, KeyTexts)
    do throws(KeyError) { keys = try MasterKeys(files: files) } catch { throw CommandError(error) }
    do throws(KeyChangeError) { texts = try keyFolder.readBetweenChanges() } catch { throw CommandError(error) }
    return texts.bytes.map { purpose, bytes in
      MovedRecord(
        kind: SealedKeys.kind, name: purpose.rawValue,
        body: keys.seal(bytes, kind: SealedKeys.kind, name: purpose.rawValue))
    }
  }

  /// Stores users and clients in place of the contents of their files, and signing keys if the folder has no others.
  ///
  /// `masterKeys` are the files of the keys that sealed the signing keys.
  func keep(_ records: [MovedRecord], masterKeys: [String]) throws(CommandError) {
    func copy(_ kind: SharedRecord.Kind) -> AccountCopy {
      AccountCopy(
        records.filter { $0.kind == kind.rawValue }.map { AccountCopy.Record(name: $0.name, body: $0.body) })
    }
    do throws(AccountError) {
      try SubjectFile(path: usersPath).replaceAll(with: copy(.user))
      try ClientFile(path: clientsPath).replaceAll(with: copy(.client))
    } catch {
      throw CommandError(error)
    }
    let keys = records.filter { $0.kind == SealedKeys.kind }
    if !keys.isEmpty { try keep(keys: keys, masterKeys) }
  }

  private func keep(keys records: [MovedRecord], _ files: [String]) throws(CommandError) {
    do throws(KeyError) {
      let keys = try MasterKeys(files: files)
      try keyFolder.prepare()
      for purpose in KeyPurpose.allCases {
        guard let record = records.first(where: { $0.name == purpose.rawValue }) else { continue }
        let place = "the database's record \(SealedKeys.kind)/\(purpose.rawValue)"
        let bytes = try keys.open(record.body, kind: SealedKeys.kind, name: purpose.rawValue, place: place)
        guard try !keyFolder.create(purpose, bytes) else { continue }
        try replace(purpose, bytes)
      }
    } catch {
      throw CommandError(error)
    }
  }

  /// Accepts a key file that an earlier call left, and refuses one with another key.
  private func replace(_ purpose: KeyPurpose, _ bytes: [UInt8]) throws(KeyError) {
    guard try keyFolder.read().bytes[purpose] != bytes else { return }
    throw KeyError(
      .malformed, path: keyFolder.place(of: purpose),
      "other keys are there already; move them away, or name a new folder")
  }
}

extension MovedRecord {
  fileprivate init(_ record: AccountCopy.Record, _ kind: SharedRecord.Kind) {
    self.init(kind: kind.rawValue, name: record.name, body: record.body)
  }
}
#endif
