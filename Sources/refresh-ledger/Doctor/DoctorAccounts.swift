import Platform
import SystemPackage
import TokenAccounts
import TokenEngine
import TokenHTTP
import TokenLedger
import TokenObservability
import TokenSigning

/// The findings on keys, users and clients in a data folder.
struct DoctorAccounts {
  let data: DataFolderOption
  let settings: ServerSettings

  private var quotedData: String { ShellText.quoted(data.path) }

  func findings() -> [DoctorFinding] {
    keys() + users() + clients()
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
            fix: isMissing ? "restore \(folder) from a copy; with new keys, every token issued so far is refused" : nil)
        ]
      }
      return [.note("keys", "there are none yet; the first start or refresh-ledger init makes them")]
    }
    return KeyFindings(keys: keys, settings: settings, options: "--data \(quotedData)").findings()
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
          "users", "there are none, so nobody can log in; the next start makes one",
          fix: "refresh-ledger users add NAME --data \(quotedData) --password-stdin")
      ]
    }
    let disabled = users.count(where: { !$0.isEnabled })
    return [.ok("users", "\(users.count), \(disabled == 0 ? "all enabled" : "\(disabled) of them disabled")")]
      + otherForms(otherSpellings, users)
  }

  /// Returns the finding on names that are not in NFC.
  ///
  /// Any change of the file writes every name in NFC, so the fix names a change that changes nothing else.
  private func otherForms(_ spellings: [String], _ users: [Subject]) -> [DoctorFinding] {
    guard let user = users.first else { return [] }
    return SpelledNames(spellings).map { names in
      let change = "users \(user.isEnabled ? "enable" : "disable") \(ShellText.quoted(user.id)) --data \(quotedData)"
      return [
        .note(
          "users", "names that are not in Unicode's form NFC, and are treated as if they were: \(names.words)",
          fix: "refresh-ledger \(change) rewrites the file with all names in NFC")
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
      return [.note("clients", "wire: romm needs none; there are \(clients.count)")]
    }
    guard !clients.isEmpty else {
      return [
        .warning(
          "clients", "there are none, so nobody can ask for tokens; the next start makes one",
          fix: "refresh-ledger clients add ID --data \(quotedData) --secret-stdin")
      ]
    }
    let (admins, open) = (clients.count(where: \.isAdmin), clients.count(where: \.isPublic))
    return [.ok("clients", "\(clients.count): \(admins) with admin rights, \(open) public")]
      + cookies(clients) + proofs(of: clients)
  }

  /// Returns the finding on the client that pages get cookies for, which a start would refuse if it is not fit.
  private func cookies(_ clients: [Client]) -> [DoctorFinding] {
    let id = settings.cookies.client
    guard !id.isEmpty else { return [] }
    do {
      _ = try CookieClientFault.check(
        clients.first { $0.id.hasSameBytes(as: id) }, id: id, options: settings.engine)
      return [.ok("cookies", "for pages of the client \(id)")]
    } catch {
      return [.problem("cookies", settings.cookies.message(of: error, storeOptions: "--data \(quotedData)"))]
    }
  }

  /// Returns the finding on clients that have to prove a key while proofs are ignored, or the reverse.
  private func proofs(of clients: [Client]) -> [DoctorFinding] {
    let needing = clients.filter(\.requiresProof).map(\.id)
    switch settings.engine.dpop.mode {
    case .off where !needing.isEmpty:
      return [
        .warning(
          "proofs", "dpop.mode is off, but \(Self.names(needing)) can get tokens only with a proof of a key",
          fix: "set dpop.mode to optional, so that the metadata say that this server accepts proofs")
      ]
    case .required where needing.count < clients.count:
      let others = clients.filter { !$0.requiresProof }.map(\.id)
      return [
        .note(
          "proofs",
          "dpop.mode is required: every client must send proofs (RFC 9449), also \(Self.names(others)), whose entry does not require it",
          fix: "make sure that they can, or set dpop.mode to optional and add the ones that can with --dpop required")
      ]
    default: return []
    }
  }

  private static func names(_ ids: [String]) -> String {
    let shown = ids.prefix(5).map { ShellText.quoted(LogText.line($0)) }.joined(separator: ", ")
    return ids.count > 5 ? "\(shown) and \(ids.count - 5) more" : shown
  }
}
