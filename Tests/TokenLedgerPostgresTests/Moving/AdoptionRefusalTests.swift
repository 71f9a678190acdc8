#if Postgres
import Foundation
import PostgresTesting
import Testing
import TokenLedger
import TokenTestInputs

@testable import TokenLedgerPostgres

@Suite("A move to a database that cannot be", .fewAtOnce)
struct AdoptionRefusalTests {
  private func open(_ fixture: MoveFixture, _ subject: String = "ann") async throws {
    try await fixture.withFolder { ledger in
      _ = try await ledger.open(.tested(subject), deadline: nil) { session, _ in session }
    }
  }

  private func refusal(_ adoption: FolderAdoption) async -> String {
    do throws(MoveError) {
      _ = try await adoption.run()
      return "none"
    } catch {
      return "\(error)"
    }
  }

  @Test(
    "for a ledger that is there already, another issuer, keys that would be lost, or a folder without a log, leaves the folder as it was"
  )
  func refuses() async throws {
    let fixture = try await MoveFixture()
    var adoption = fixture.adoption()
    #expect(await refusal(adoption).contains("cannot list"))
    try await open(fixture)
    try fixture.database.execute("update refresh_ledger.ledger set issuer = 'https://a.example'")
    adoption.issuer = "https://b.example"
    #expect(await refusal(adoption).contains("issued for https://a.example"))
    adoption.issuer = nil
    try fixture.database.execute("insert into refresh_ledger.record values ('key', 'access', 'x', 1)")
    #expect(await refusal(adoption).contains("--master-key"))
    try fixture.database.execute("insert into refresh_ledger.record values ('user', 'ann', 'x', 2)")
    #expect(await refusal(adoption).contains("there is a ledger already"))
    #expect(await fixture.refusalOfFolder() == nil)
    try fixture.database.execute("delete from refresh_ledger.record where kind = 'user'")
    adoption.records = [MovedRecord(kind: "key", name: "access", body: [9])]
    #expect(await refusal(adoption) == "none")
    #expect(try fixture.database.value("select body from refresh_ledger.record where kind = 'key'") == "\\x09")
  }

  @Test("while the database is filled from another folder, or once it has opened there, says so")
  func refusesOthers() async throws {
    let (fixture, other) = (try await MoveFixture(), try await MoveFixture())
    try await open(fixture)
    try await open(other, "bob")
    var adoption = fixture.adoption()
    adoption.onProgress = { $0.step != .sessions }
    #expect(await refusal(adoption) == MoveError.stopped.description)
    var second = other.adoption()
    second.address = fixture.database.address
    #expect(await refusal(second).contains("another folder's ledger is there"))
    #expect(await other.refusalOfFolder() == nil)
    // Nor does what was begun go to another database.
    var elsewhere = adoption
    elsewhere.address = other.database.address
    #expect(await refusal(elsewhere).contains("moved.mark says where"))
    elsewhere.options.schema = "another"
    #expect(await refusal(elsewhere).contains("moved.mark says where"))
    #expect(try other.database.value("select to_regclass('another.ledger')") == nil)
    elsewhere.options.schema = adoption.options.schema
    await #expect { try await elsewhere.undo() } throws: { "\($0)".contains("has nothing of this folder") }
    adoption.onProgress = { _ in true }
    #expect(await refusal(adoption) == "none")
    #expect(await refusal(second).contains("another folder's ledger is there"))
  }

  @Test(
    "after its mark was taken away in the middle, so that the folder may have been served from, begins again only once it was taken back"
  )
  func refusesServed() async throws {
    let fixture = try await MoveFixture()
    try await open(fixture)
    var adoption = fixture.adoption()
    adoption.onProgress = { $0.step != .sessions }
    #expect(await refusal(adoption) == MoveError.stopped.description)
    try FileManager.default.removeItem(atPath: fixture.log.appending("moved.mark").string)
    try await open(fixture, "bob")
    adoption.onProgress = { _ in true }
    #expect(await refusal(adoption).contains("--undo"))
    try await adoption.undo()
    #expect(try await adoption.run().counts.sessions == 2)
  }

  @Test("where no synchronous standby is named and one is required, begins nothing")
  func refusesWithoutStandby() async throws {
    let fixture = try await MoveFixture()
    try await open(fixture)
    var adoption = fixture.adoption()
    adoption.options.standby = .required
    #expect(await refusal(adoption).contains("names no synchronous standby"))
    #expect(await fixture.refusalOfFolder() == nil)
    #expect(await fixture.refusalOfInstance() == nil)
  }

  @Test("because a row is refused in the middle, goes on once that is settled")
  func goesOn() async throws {
    let fixture = try await MoveFixture()
    try await open(fixture)
    try fixture.database.execute("alter table refresh_ledger.session add constraint no_ann check (subject <> 'ann')")
    #expect(await refusal(fixture.adoption()).contains("no_ann"))
    #expect(await fixture.refusalOfFolder()?.contains("is being moved") == true)
    try fixture.database.execute("alter table refresh_ledger.session drop constraint no_ann")
    #expect(try await fixture.adoption().run().counts.sessions == 1)
  }
}
#endif
