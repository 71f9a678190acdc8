import Synchronization
import Testing

/// What `load` is given, and what servers of others answer.
@Suite("refresh-ledger load, given") struct LoadInputTests {
  private func load(_ url: String, _ more: [String]) throws -> CommandResult {
    try CommandResult.of(BuiltCommand.path, ["load", "--url", url, "--duration", "300ms"] + more)
  }

  @Test(
    "refresh tokens that are spent says the line of the first: 78, and no invariant broke",
    arguments: [["--race", "3", "--race-rate", "1"], []])
  func spent(more: [String]) throws {
    let folder = try TestFolder()
    let ledger = LoadTestLedger()
    let endpoint = try LoadTestEndpoint { ledger.answer($0) }
    let tokens = try folder.write("tokens", "\nspent-1\r\n  spent-2\n")
    let json = "\(folder.path)/run.json"
    let result = try load(endpoint.url, ["--tokens", tokens, "--connections", "1", "--json", json] + more)
    #expect(result.code == 78 && result.isOneLineError && result.errors.contains("\(tokens):2: "), "\(result)")
    #expect(!result.errors.contains("invariant") && !result.errors.contains("spent-1"), "\(result)")
  }

  @Test(
    "a file that holds no refresh tokens says the line: 78",
    arguments: [
      ("", ""), ("\n\r\n", ""), ("a\nb c\n", ":2: "), ("a\nb\u{E9}\n", ":2: "), ("{\"refresh_token\":\"a\"}", ":1: "),
      ("a\nb\na\n", ":3: is the refresh token of line 1 again"),
    ])
  func badFile(text: String, says: String) throws {
    let folder = try TestFolder()
    let tokens = try folder.write("tokens", text)
    let result = try load("http://127.0.0.1:1", ["--tokens", tokens])
    #expect(result.code == 78 && result.isOneLineError && result.errors.contains("\(tokens)\(says)"), "\(result)")
  }

  @Test("replies of any status from 200 on that hold a token takes the token", arguments: [200, 201, 202, 203, 226])
  func created(status: Int) throws {
    let ledger = LoadTestLedger()
    let endpoint = try LoadTestEndpoint { form in
      var reply = ledger.answer(form)
      if reply.status == 200 { reply.status = status }
      return reply
    }
    let result = try load(endpoint.url, ["--user", "ann", "--password", "right", "--connections", "2"])
    #expect(result.code == 0 && result.output.contains("0 errors"), "\(result)")
  }

  @Test("a date in Retry-After waits until then")
  func retryDate() throws {
    let ledger = LoadTestLedger()
    let count = Mutex(0)
    let endpoint = try LoadTestEndpoint { form in
      let number = count.withLock { count in
        count += 1
        return count
      }
      guard number == 1 else { return ledger.answer(form) }
      let headers = ["Date: Sun, 06 Nov 1994 08:49:36 GMT", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"]
      return .init(status: 503, headers: headers)
    }
    let began = ContinuousClock.now
    let result = try load(endpoint.url, ["--user", "ann", "--password", "right", "--connections", "1"])
    #expect(result.code == 0 && ContinuousClock.now - began >= .seconds(1), "\(result)")
  }

  @Test("both an engine and a server says that before it asks for a password")
  func contradiction() throws {
    for more in [["--url", "http://127.0.0.1:1"], ["--url", "http://127.0.0.1:1", "--password-stdin"]] {
      let result = try CommandResult.of(BuiltCommand.path, ["load", "--in-process"] + more)
      #expect(result.code == 64 && result.errors.contains("either --in-process or --url"), "\(result)")
    }
    let compared = try CommandResult.of("load", "--compare", "a", "b", "--url", "http://127.0.0.1:1")
    #expect(compared.code == 64 && compared.errors.contains("--compare runs no load"), "\(compared)")
  }
}
