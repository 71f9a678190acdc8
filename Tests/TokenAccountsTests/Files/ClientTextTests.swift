import Testing

@testable import TokenAccounts

@Suite("What people write of a client")
struct ClientTextTests {
  @Test(
    "A grace window reads as it is written",
    arguments: [
      ("0s", Duration.zero, "0s"), ("500ms", .milliseconds(500), "500ms"), ("30s", .seconds(30), "30s"),
      ("5m", .seconds(300), "300s"), ("1500ms", .milliseconds(1500), "1500ms"), ("2000ms", .seconds(2), "2s"),
    ])
  func grace(text: String, window: Duration, written: String) throws {
    #expect(try ClientFile.grace(text) == window)
    #expect(ClientFile.text(of: window) == written)
  }

  @Test(
    "What is no grace window of 0 to 300 s is refused",
    arguments: ["", "s", "30", "-1s", "+1s", "1.5s", "30 s", "301s", "6m", "1h", "99999999999999999999s", "٣s"])
  func badGrace(text: String) {
    let failure = accountFailure { () throws(AccountError) in _ = try ClientFile.grace(text) }
    #expect(failure == .invalid(field: "grace", rule: ClientDuration.grace.rule))
  }

  @Test("Lifetimes outside their limits are refused")
  func badLifetimes() {
    for (access, refresh) in [("0s", "1d"), ("31d", "1d"), ("1m", "0s"), ("1m", "36601d"), ("x", "1d")] {
      #expect(
        accountFailure { () throws(AccountError) in
          _ = try ClientFile.lifetimes(access: access, idle: refresh)
        } != nil)
    }
  }

  @Test("Grants read in any order, and what is no grant is refused")
  func grants() throws {
    #expect(try ClientFile.grants("refresh_token password") == [.refreshToken, .password])
    #expect(try ClientFile.grants("") == [])
    for text in ["implicit", "password  refresh_token", " password", "Password"] {
      #expect(accountFailure { () throws(AccountError) in _ = try ClientFile.grants(text) } != nil)
    }
  }
}
