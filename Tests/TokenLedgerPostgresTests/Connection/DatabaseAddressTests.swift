#if Postgres
import PostgresTesting
import Testing
import TokenLedgerPostgres

@Suite(.fewAtOnce) struct DatabaseAddressTests {
  @Test func eachHostIsNamedWithItsPortInOrder() throws {
    let url = try DatabaseAddress("postgresql://app@db1:6001,db2,[::1]:6003/ledger")
    #expect(url.hosts.map(\.description) == ["db1:6001", "db2:5432", "[::1]:6003"])
    let string = try DatabaseAddress("host=db1,db2 hostaddr=10.0.0.1,10.0.0.2 port=7000 user=app")
    #expect(string.hosts.map(\.name) == ["db1", "db2"])
    #expect(string.hosts.map(\.address) == ["10.0.0.1", "10.0.0.2"])
    #expect(string.hosts.map(\.port) == ["7000", "7000"])
  }

  @Test func aFolderOfASocketIsAHost() throws {
    let address = try DatabaseAddress("postgresql://app@%2Ftmp%2Fa:6001/ledger")
    #expect(address.hosts.first?.name == "/tmp/a")
    #expect(try DatabaseAddress(address.description) == DatabaseAddress("host=/tmp/a port=6001 user=app dbname=ledger"))
  }

  @Test(arguments: [
    "postgresql://app:hunter2@db1,db2/ledger?sslmode=require",
    "host=db1,db2 user=app password=hunter2 dbname=ledger", "postgresql://app@db1,db2/ledger?password=hunter2",
  ])
  func noTextOfAnAddressHasItsPassword(text: String) throws {
    let address = try DatabaseAddress(text)
    var dumped = ""
    dump(address, to: &dumped)
    #expect(address.description == "postgresql://app@db1:5432,db2:5432/ledger")
    #expect(address.debugDescription == address.description)
    #expect(!dumped.contains("hunter2"))
    #expect(!"\([address]) \(Optional(address) as Any)".contains("hunter2"))
  }

  @Test(arguments: [
    "hunter2", "host=db1 hunter2", "postgresql://app:hunter2%zz@db1/ledger", "postgresql://app:x@db1/ledger?hunter2=x",
    "postgresql://app:x@db1/ledger?x=hunter2", "host='hunter2", "postgresql://app:hunter2@[::1/ledger",
    "host=db1 password=one hunter2=two", "host=db1\0password=hunter2", "postgresql://app:hunter2@db1:port/ledger",
    "postgresql://app:hunter2@db1,db2,db3:1,db4/ledger?port=1,2", "service=missing password=hunter2",
    "host=db1 password=hunter2 sslmode=sometimes", "postgresql://app:top@hunter2@db1/ledger",
    "postgresql://app:top@db1,hunter2@db1/ledger", "postgresql://app:top@db1/hunter2@db1/ledger",
  ])
  func aMalformedAddressIsRefusedInOneLineThatHasNoPassword(text: String) {
    let error = #expect(throws: DatabaseError.self) { try DatabaseAddress(text) }
    #expect(error?.kind == .unsuitable)
    #expect(error.map { !$0.description.contains("hunter2") && !$0.description.contains("\n") } ?? false)
    #expect(error?.description.hasPrefix("The database's address") == true)
  }

  @Test func anAtSignOfThePasswordIsWrittenAsItsBytes() throws {
    let error = #expect(throws: DatabaseError.self) { try DatabaseAddress("postgresql://app:top@hunter2@db1/ledger") }
    #expect(error?.description.contains("%40") == true)
    let address = try DatabaseAddress("postgresql://app:top%40hunter2@db1/ledger")
    #expect(address.description == "postgresql://app@db1:5432/ledger")
  }

  @Test func addressesOfOneTextAreEqualAndOthersAreNot() throws {
    let address = try DatabaseAddress("postgresql://app:one@db1/ledger")
    #expect(try address == DatabaseAddress("host=db1 user=app password=one dbname=ledger"))
    #expect(try address != DatabaseAddress("postgresql://app:two@db1/ledger"))
    #expect(try address != DatabaseAddress("postgresql://app:one@db1/ledger?sslmode=require"))
  }

  @Test func theTimeOfAConnectionIsTheAddressOwn() throws {
    #expect(try DatabaseAddress("host=db1 connect_timeout=7").connectTimeout == .seconds(7))
    #expect(try DatabaseAddress("host=db1").connectTimeout == nil)
    #expect(try DatabaseAddress("host=db1 connect_timeout=0").connectTimeout == nil)
  }
}
#endif
