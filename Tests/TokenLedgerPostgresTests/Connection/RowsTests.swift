#if Postgres
import PostgresTesting
import Testing
import TokenLedgerPostgres

/// What a reply holds in place of what its reader expects is an error, and never a trap.
@Suite(.fewAtOnce) struct RowsTests {
  private func rows(_ sql: String) async throws -> Rows {
    let address = try await TestedServer.shared().address(database: "postgres")
    return try DatabaseConnection.open(address, host: 0, timeout: .seconds(20)).run([query(sql)])[0]
  }

  private func kind<Value>(_ read: () throws(DatabaseError) -> Value) -> DatabaseError.Kind? {
    do {
      _ = try read()
      return nil
    } catch {
      return error.kind
    }
  }

  @Test func aValueOfAnotherTypeIsMalformed() async throws {
    let rows = try await rows("select 1::int8, 'a'::text, '\\x00'::bytea, true, 1.5::numeric, now()")
    for column in 0..<6 {
      if column != 0 { #expect(kind { () throws(DatabaseError) in try rows.int64(0, column) } == .malformed) }
      if column != 1 { #expect(kind { () throws(DatabaseError) in try rows.text(0, column) } == .malformed) }
      if column != 2 { #expect(kind { () throws(DatabaseError) in try rows.bytes(0, column) } == .malformed) }
      if column != 3 { #expect(kind { () throws(DatabaseError) in try rows.bool(0, column) } == .malformed) }
    }
  }

  @Test func aNullIsMalformedWhereAValueMustBe() async throws {
    let rows = try await rows("select null::int8, null::text, null::bytea, null::bool")
    #expect(kind { () throws(DatabaseError) in try rows.int64(0, 0) } == .malformed)
    #expect(kind { () throws(DatabaseError) in try rows.text(0, 1) } == .malformed)
    #expect(kind { () throws(DatabaseError) in try rows.bytes(0, 2) } == .malformed)
    #expect(kind { () throws(DatabaseError) in try rows.withBytes(0, 2) { $0.count } } == .malformed)
    #expect(kind { () throws(DatabaseError) in try rows.bool(0, 3) } == .malformed)
  }

  @Test(arguments: [(-1, 0), (2, 0), (0, -1), (0, 1), (.max, .max)])
  func aRowOrColumnThatIsNotThereIsMalformed(row: Int, column: Int) async throws {
    let rows = try await rows("select a::int8 from generate_series(1, 2) a")
    #expect(kind { () throws(DatabaseError) in try rows.int64IfPresent(row, column) } == .malformed)
  }

  @Test func bytesAreReadWithoutACopyToo() async throws {
    let rows = try await rows("select '\\x0102ff'::bytea")
    #expect(try rows.withBytes(0, 0) { $0.count == 3 && $0[2] == 255 })
  }

  @Test func namesAndVarcharsAreTexts() async throws {
    let rows = try await rows("select 'a'::name, 'b'::varchar, current_database()")
    #expect(try rows.text(0, 0) == "a")
    #expect(try rows.text(0, 1) == "b")
    #expect(try rows.text(0, 2) == "postgres")
  }

  @Test func theChangedRowsAreCounted() async throws {
    let rows = try await rows("with a as (select 1) select * from generate_series(1, 7)")
    #expect(rows.changedCount == 7)
    let database = try await TestedDatabase.make()
    try database.execute("create table t (a int); insert into t select generate_series(1, 5)")
    let connection = try database.connect()
    #expect(try connection.run([query("delete from t where a < 4")])[0].changedCount == 3)
    #expect(try connection.run([query("create table u (a int)")])[0].changedCount == 0)
  }
}
#endif
