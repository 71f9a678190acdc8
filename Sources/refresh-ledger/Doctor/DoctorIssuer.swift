import TokenEngine
import TokenHTTP

/// The findings on the issuer, and on whether the settings serve at its address.
struct DoctorIssuer {
  let folder: String
  let settings: ServerSettings

  private static let check = "issuer"

  func findings() -> [DoctorFinding] {
    let port = settings.http.port
    let served = settings.reachableURL(port: port)
    let choice: IssuerChoice
    do throws(CommandError) { choice = try IssuerChoice.find(settings, folder: folder) } catch {
      return [.problem(Self.check, error.description)]
    }
    switch choice {
    case .set: return [.ok(Self.check, "\(settings.engine.issuer), by tokens.issuer")]
    case .earlier(let issuer):
      return [.note(Self.check, "\(issuer), which an earlier release used; the next start keeps it")]
    case .open:
      let address = port == 0 ? "the port that it gets" : served
      return [.note(Self.check, "not decided yet: the first start takes \(address), unless tokens.issuer is set")]
    case .kept(let issuer) where issuer == served || port == 0:
      return [.ok(Self.check, "\(issuer), as the data folder keeps it")]
    case .kept(let issuer):
      return [
        .warning(
          Self.check, "\(issuer), as the data folder keeps it, but these settings serve \(served)",
          fix: "set tokens.issuer to the address that clients use; a change invalidates every token issued so far")
      ]
    }
  }
}
