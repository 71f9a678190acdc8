#if Postgres
import Foundation
import PostgresTesting
import Testing

@Suite("A folder and a database, one after the other")
struct DatabaseMoveTests {
  /// A folder whose server has ended, and a session in it.
  private struct Held {
    let data: String
    let client: TestClient
    let access: String
    let refresh: String
    let password: String
  }

  private func hold(in folder: TestFolder) throws -> Held {
    let data = "\(folder.path)/data"
    let server = try TestServer(data: data)
    let password = try server.secret("PASSWORD")
    let client = TestClient("app:a-secret-of-the-app")
    let added = try CommandResult.of(
      BuiltCommand.path, ["clients", "add", "app", "--secret-stdin", "--data", data], input: "a-secret-of-the-app\n")
    try #require(added.code == 0, "\(added)")
    let reply = try until { try server.connect().logIn(client, password: password) }
    #expect(try server.stop() == 0)
    return Held(
      data: data, client: client, access: reply.member("access_token"), refresh: reply.member("refresh_token"),
      password: password)
  }

  /// Asks until the answer is 200: a server sees a change of accounts within a tenth of a second.
  private func until(_ ask: () throws -> TestReply) throws -> TestReply {
    for _ in 0..<100 {
      let reply = try ask()
      if reply.status == 200 { return reply }
      usleep(50_000)
    }
    return try ask()
  }

  @Test("Sessions, users, clients and keys move to the database and back, and the side that was left refuses")
  func movesAndReturns() async throws {
    let shared = try await CommandDatabase.make()
    let held = try hold(in: shared.folder)
    let adopted = try shared.run("database", "adopt", "--data", held.data, "--json")
    #expect(adopted.code == 0 && adopted.output.contains(#""sessions":1"#), "\(adopted)")
    for words in [["serve", "--port", "0"], ["users", "list"], ["keys", "list"]] {
      let refused = try CommandResult.of(BuiltCommand.path, words + ["--data", held.data], input: "")
      #expect(refused.code == 78 && refused.errors.contains("has moved to"), "\(refused)")
    }
    let server = try shared.serve()
    #expect(try server.connect().get("/me", bearer: held.access).status == 200)
    let refreshed = try server.connect().refresh(held.client, held.refresh)
    #expect(refreshed.status == 200, "\(refreshed)")
    #expect(try server.connect().refresh(held.client, "\(held.refresh)x").status == 400)
    #expect(try server.connect().logIn(held.client, password: held.password).status == 200)
    let again = try shared.run("database", "adopt", "--data", held.data)
    #expect(again.code == 0 && again.output.contains("had moved before"), "\(again)")
    #expect(try server.stop() == 0)

    let target = "\(shared.folder.path)/new"
    // As an interrupted move leaves it.
    try FileManager.default.createDirectory(
      atPath: "\(target)/log.leaving", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let early = try CommandResult.of(BuiltCommand.path, ["serve", "--port", "0", "--data", target], input: "")
    #expect(early.code == 78 && early.errors.contains("database leave") && early.isOneLineError, "\(early)")
    let left = try shared.run("database", "leave", "--data", target)
    #expect(left.code == 0 && left.output.contains("2 live sessions"), "\(left)")
    let refused = try shared.run("serve", "--port", "0")
    #expect(refused.code == 78 && refused.errors.contains("has left the database"), "\(refused)")
    let last = try TestServer(data: target)
    #expect(try last.connect().refresh(held.client, refreshed.member("refresh_token")).status == 200)
    #expect(try last.connect().refresh(held.client, held.refresh).status == 400)
    #expect(try last.connect().logIn(held.client, password: held.password).status == 200)
    #expect(try last.stop() == 0)
  }

  @Test("What was begun and is not whole is taken back with --undo; what has opened is not")
  func undoes() async throws {
    let shared = try await CommandDatabase.make()
    let held = try hold(in: shared.folder)
    let nothing = try shared.run("database", "adopt", "--undo", "--data", held.data)
    #expect(nothing.code == 78 && nothing.isOneLineError, "\(nothing)")
    // It ends in the middle where a row is refused.
    #expect(try shared.run("database", "init").code == 0)
    try shared.database.execute(
      """
      create function refresh_ledger.refuse() returns trigger language plpgsql as $$ begin raise exception 'no more rows'; end $$;
      create trigger refuse before insert on refresh_ledger.session execute function refresh_ledger.refuse()
      """)
    let broken = try shared.run("database", "adopt", "--data", held.data)
    #expect(broken.code != 0 && broken.errors.contains("no more rows"), "\(broken)")
    let closed = try CommandResult.of(
      BuiltCommand.path, ["serve", "--port", "0", "--data", held.data], input: "")
    #expect(closed.code == 78 && closed.errors.contains("is being moved to"), "\(closed)")
    let undone = try shared.run("database", "adopt", "--undo", "--data", held.data)
    #expect(undone.code == 0, "\(undone)")
    let server = try TestServer(data: held.data)
    #expect(try server.connect().refresh(held.client, held.refresh).status == 200)
    #expect(try server.stop() == 0)
    try shared.database.execute("drop trigger refuse on refresh_ledger.session")
    #expect(try shared.run("database", "adopt", "--data", held.data).code == 0)
    let late = try shared.run("database", "adopt", "--undo", "--data", held.data)
    #expect(late.code == 78 && late.errors.contains("has opened there"), "\(late)")
  }

  @Test(
    "A folder whose server runs, one without a log, and a database that has a ledger are refused with nothing changed")
  func refuses() async throws {
    let shared = try await CommandDatabase.make()
    let held = try hold(in: shared.folder)
    let server = try TestServer(data: held.data)
    let locked = try shared.run("database", "adopt", "--data", held.data)
    #expect(locked.code == 75 && locked.isOneLineError, "\(locked)")
    #expect(try server.stop() == 0)
    let empty = "\(shared.folder.path)/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
    let absent = try shared.run("database", "adopt", "--data", empty)
    #expect(absent.code != 0 && absent.isOneLineError, "\(absent)")
    try shared.makeLedger()
    let taken = try shared.run("database", "adopt", "--data", held.data, "--issuer", CommandDatabase.issuer)
    #expect(taken.code == 78 && taken.errors.contains("there is a ledger already"), "\(taken)")
    let again = try TestServer(data: held.data)
    #expect(try again.stop() == 0)
  }
}
#endif
