import Platform
import SystemPackage
import TokenAccounts
import TokenEngine
import TokenHTTP
import TokenLedger
import TokenSigning

/// The findings on keys, users, clients, and the certificate.
struct DoctorAccounts {
  let data: DataFolderOption
  let settings: ServerSettings

  private var quotedData: String { ShellText.quoted(data.path) }

  func findings() -> [DoctorFinding] {
    keys() + users() + clients() + certificate()
  }

  private func keys() -> [DoctorFinding] {
    let folder = data.folder.appending("keys").string
    let keys: TokenKeys
    do throws(KeyError) {
      keys = try TokenKeys.open(folder: folder)
    } catch {
      guard error.kind == .missing, (try? FileSystem.names(in: data.logFolder.string)) == nil else {
        let isMissing = error.kind == .missing
        return [
          .problem(
            "keys", error.description,
            fix: isMissing ? "restore \(folder) from a copy; with new keys every token that is out is refused" : nil)
        ]
      }
      return [.note("keys", "there are none yet; the first start makes them, or refresh-ledger init")]
    }
    guard let current = keys.access.first(where: { $0.state == .current }) else { return [] }
    let retiring = (keys.access + keys.refresh).filter { $0.state == .retiring }
    let next = keys.access.first { $0.state == .next }
    var words = ["access tokens are signed with \(current.algorithm.rawValue), key \(current.id)"]
    words.append(next.map { "next is \($0.id)" } ?? "no next key yet")
    words.append(retiring.isEmpty ? "none retires" : "\(retiring.count) retire")
    var findings = [DoctorFinding.ok("keys", words.joined(separator: "; "))]
    if current.algorithm != settings.engine.algorithm {
      let wanted = settings.engine.algorithm.rawValue
      findings.append(
        .warning(
          "keys", "tokens.algorithm is \(wanted), the keys are for \(current.algorithm.rawValue)",
          fix: "refresh-ledger keys rotate --data \(quotedData) --alg \(wanted)"))
    }
    return findings + overdue(keys)
  }

  /// The retiring keys whose tokens have all expired.
  private func overdue(_ keys: TokenKeys) -> [DoctorFinding] {
    let now = SessionClock.system.now().milliseconds
    func isOver(_ key: SigningKey, _ lifetime: Duration) -> Bool {
      key.state == .retiring && key.retiredAt.map { $0 + lifetime.wholeMilliseconds < now } ?? false
    }
    let over =
      keys.access.filter { isOver($0, settings.engine.accessLifetime) }
      + keys.refresh.filter { isOver($0, settings.engine.absoluteLifetime) }
    return over.map {
      .note(
        "keys", "what \($0.id) signed has expired by the lifetimes of the settings",
        fix: "refresh-ledger keys retire \($0.id) --data \(quotedData)")
    }
  }

  private func users() -> [DoctorFinding] {
    let (users, otherSpellings): ([Subject], [String])
    do throws(AccountError) {
      let file = try SubjectFile(path: DataFolderOption.usersPath(data.folder))
      (users, otherSpellings) = (try file.list(), try file.otherSpellings())
    } catch {
      return [.problem("users", error.description)]
    }
    guard !users.isEmpty else {
      return [
        .warning(
          "users", "there are none, so nobody can log in; a start makes one",
          fix: "refresh-ledger users add NAME --data \(quotedData) --password-stdin")
      ]
    }
    let disabled = users.count(where: { !$0.isEnabled })
    return [.ok("users", "\(users.count), \(disabled == 0 ? "all enabled" : "\(disabled) of them disabled")")]
      + otherForms(otherSpellings, users)
  }

  /// The names in another form than NFC. Any change of the file writes every name in NFC, so the fix names a change
  /// that changes nothing else.
  private func otherForms(_ spellings: [String], _ users: [Subject]) -> [DoctorFinding] {
    guard let user = users.first else { return [] }
    return SpelledNames(spellings).map { names in
      let change = "users \(user.isEnabled ? "enable" : "disable") \(ShellText.quoted(user.id)) --data \(quotedData)"
      return [
        .note(
          "users", "names in another Unicode form than NFC, taken for the same in NFC: \(names.words)",
          fix: "refresh-ledger \(change) writes the file anew, all names in NFC")
      ]
    } ?? []
  }

  private func clients() -> [DoctorFinding] {
    let clients: [Client]
    do throws(AccountError) {
      clients = try ClientFile(path: DataFolderOption.clientsPath(data.folder)).list()
    } catch {
      return [.problem("clients", error.description)]
    }
    guard settings.http.wire == .standard else {
      return [.note("clients", "wire: romm asks for none; \(clients.count) are there")]
    }
    guard !clients.isEmpty else {
      return [
        .warning(
          "clients", "there are none, so nobody can ask for tokens; a start makes one",
          fix: "refresh-ledger clients add ID --data \(quotedData) --secret-stdin")
      ]
    }
    let (admins, open) = (clients.count(where: \.isAdmin), clients.count(where: \.isPublic))
    return [.ok("clients", "\(clients.count): \(admins) with admin rights, \(open) public")]
  }

  private func certificate() -> [DoctorFinding] {
    guard let paths = settings.certificate else { return [] }
    let certificate: ServerCertificate
    do {
      certificate = try ServerCertificate(certificate: paths.certificate, key: paths.key)
    } catch {
      return [.problem("certificate", error.description)]
    }
    var findings: [DoctorFinding] = []
    let left = certificate.expiresAtSeconds - SessionClock.system.now().seconds
    let days = left / 86_400
    let fix = "put a new one in its place and send the server SIGHUP"
    switch left {
    case ..<0: findings.append(.problem("certificate", "\(paths.certificate) has expired", fix: fix))
    case ..<(14 * 86_400):
      findings.append(.warning("certificate", "\(paths.certificate) ends in \(days) days", fix: fix))
    default: findings.append(.ok("certificate", "\(paths.certificate) ends in \(days) days"))
    }
    if let exposure = FileExposure(path: paths.key), exposure.othersCanRead || exposure.othersCanChange {
      findings.append(
        .warning(
          "certificate", "others can read its key \(paths.key)", fix: "chmod 600 \(ShellText.quoted(paths.key))"))
    }
    return findings
  }
}
