#if Postgres
import PostgresTesting
import Testing
import TokenLedgerPostgres
import TokenTestInputs

@Suite(.fewAtOnce) struct ParameterTests {
  private func connection() async throws -> DatabaseConnection {
    try DatabaseConnection.open(
      try await TestedServer.shared().address(database: "postgres"), host: 0, timeout: .seconds(20))
  }

  @Test func eachKindOfValueComesBackAsItWent() async throws {
    let connection = try await connection()
    let rows = try connection.run([
      query(
        "select $1, $2, $3, $4, $5, $6",
        [.int16(-2), .int32(.min), .int64(.max), .bool(true), .text("Ångström \u{1F511}"), .bytes([0, 1, 255])])
    ])[0]
    #expect(try rows.int64(0, 0) == -2)
    #expect(try rows.int64(0, 1) == Int64(Int32.min))
    #expect(try rows.int64(0, 2) == .max)
    #expect(try rows.bool(0, 3))
    #expect(try rows.text(0, 4) == "Ångström \u{1F511}")
    #expect(try rows.bytes(0, 5) == [0, 1, 255])
  }

  @Test func anEmptyValueIsNoNull() async throws {
    let connection = try await connection()
    let rows = try connection.run([
      query("select $1, $2, $3, $4", [.text(""), .bytes([]), .text(nil), .bytes(nil)]),
      query("select $1, $2", [.bytes([]), .text("")]),
    ])
    #expect(try rows[0].text(0, 0) == "")
    #expect(try rows[0].bytes(0, 1) == [])
    #expect(try rows[0].textIfPresent(0, 2) == nil)
    #expect(try rows[0].bytesIfPresent(0, 3) == nil)
    #expect(try rows[1].bytes(0, 0) == [])
  }

  @Test func nullsOfEachTypeComeBack() async throws {
    let connection = try await connection()
    let rows = try connection.run([
      query("select $1, $2, $3, $4", [.int16(nil), .int32(nil), .int64(nil), .bool(nil)])
    ])[0]
    for column in 0..<3 { #expect(try rows.int64IfPresent(0, column) == nil) }
    #expect(try rows.boolIfPresent(0, 3) == nil)
  }

  private static let unnest = """
    select * from unnest($1::int8[], $2::text[], $3::bytea[], $4::bool[], $5::int2[]) with ordinality
    as a(i, t, b, f, s, n) order by n
    """

  @Test(arguments: [0, 1, 2, 255, 1000, 20_000]) func arraysComeBackInOrderWithTheirNulls(count: Int) async throws {
    var random = SeededGenerator(seed: UInt64(count))
    func some<Value>(_ value: (Int) -> Value) -> [Value?] {
      (0..<count).map { Int.random(in: 0..<5, using: &random) == 0 ? nil : value($0) }
    }
    let integers = some { Int64($0) &* 0x1234_5678_9ABC_DEF1 }
    let texts = some { String(repeating: "é", count: $0 % 7) + "\($0)" }
    let bytes = some { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: $0 % 13) }
    let (flags, shorts) = (some { $0.isMultiple(of: 3) }, some { Int16(truncatingIfNeeded: $0 &* 31) })
    let connection = try await connection()
    let rows = try connection.run([
      query(
        Self.unnest,
        [.int64Array(integers), .textArray(texts), .bytesArray(bytes), .boolArray(flags), .int16Array(shorts)])
    ])[0]
    try #require(rows.count == count)
    #expect(try (0..<count).map { try rows.int64IfPresent($0, 0) } == integers)
    #expect(try (0..<count).map { try rows.textIfPresent($0, 1) } == texts)
    #expect(try (0..<count).map { try rows.bytesIfPresent($0, 2) } == bytes)
    #expect(try (0..<count).map { try rows.boolIfPresent($0, 3) } == flags)
    #expect(try (0..<count).map { try rows.int64IfPresent($0, 4) } == shorts.map { $0.map { Int64($0) } })
  }

  @Test func anArrayWrittenElementByElementIsTheSameArray() async throws {
    let connection = try await connection()
    let statement = query("select $1::int8[] = $2::int8[] and $3::text[] = $4::text[] and $5::bytea[] = $6::bytea[]")
      .statement
    var (integers, texts, bytes) = (
      ArrayParameter(of: .int64), ArrayParameter(of: .text), ArrayParameter(of: .bytes)
    )
    for round in 0..<3 {
      integers.removeAll()
      texts.removeAll()
      bytes.removeAll()
      for index in 0..<(round * 100) {
        integers.append(Int64(index))
        texts.append("text \(index)")
        bytes.append([UInt8](repeating: UInt8(index % 256), count: 12).span)
      }
      let rows = try connection.run([
        Query(
          statement,
          [
            .array(integers), .int64Array((0..<(round * 100)).map { Int64($0) }), .array(texts),
            .textArray((0..<(round * 100)).map { "text \($0)" }), .array(bytes),
            .bytesArray((0..<(round * 100)).map { [UInt8](repeating: UInt8($0 % 256), count: 12) }),
          ])
      ])[0]
      #expect(try rows.bool(0, 0))
      #expect(integers.count == round * 100)
    }
  }

  @Test(arguments: [
    Parameter.text("a\0b"), .text("\0"), .textArray(["a", nil, "b\0"]),
    .array(
      {
        var array = ArrayParameter(of: .text)
        array.append("\0")
        return array
      }()),
  ])
  func aTextThatHasANULIsRefusedBeforeAnythingIsSent(parameter: Parameter) async throws {
    let connection = try await connection()
    try connection.simple("create temporary table kept (a int)", deadline: .now + .seconds(20))
    let error = connection.error(of: [
      query("insert into kept values (1)"), query("select \(parameter.isArray ? "$1::text[]" : "$1")", [parameter]),
    ])
    #expect(error?.kind == .nothingHappened("22021"))
    #expect(try connection.run([query("select 1 from kept")])[0].count == 0)
  }
}

extension Parameter {
  fileprivate var isArray: Bool {
    switch self {
    case .textArray, .array: true
    default: false
    }
  }
}
#endif
