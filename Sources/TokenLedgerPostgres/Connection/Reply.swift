#if Postgres
internal import CLibPQ

/// One answer of libpq to one command, with its rows; freed with its last owner.
@safe final class Reply {
  enum Status: Hashable {
    case rows, done
    /// The end of a transaction in a pipeline.
    case sync
    /// The command was skipped, since one before it in the pipeline failed.
    case passedOver
    case failed
    /// An answer that no statement here asks for.
    case unexpected
  }

  private let result: OpaquePointer
  let rowCount: Int
  let columnCount: Int

  /// Takes ownership of a result.
  @unsafe init(_ result: OpaquePointer) {
    unsafe self.result = unsafe result
    rowCount = unsafe Int(PQntuples(result))
    columnCount = unsafe Int(PQnfields(result))
  }

  deinit { unsafe PQclear(result) }

  var status: Status {
    switch unsafe PQresultStatus(result) {
    case PGRES_TUPLES_OK: .rows
    case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .done
    case PGRES_PIPELINE_SYNC: .sync
    case PGRES_PIPELINE_ABORTED: .passedOver
    case PGRES_FATAL_ERROR: .failed
    default: .unexpected
    }
  }

  /// The error that the server reported, or libpq, which has no code.
  var failure: Report { unsafe Report(result) }

  /// The number of rows that the command changed, or 0 for a command that changes none.
  var changedCount: Int { Int(unsafe String(cString: PQcmdTuples(result))) ?? 0 }

  /// True if all columns are in binary.
  var isBinary: Bool { unsafe columnCount == 0 || PQbinaryTuples(result) == 1 }

  func type(ofColumn column: Int) -> DatabaseType {
    DatabaseType(rawValue: unsafe PQftype(result, Int32(column)))
  }

  /// Calls `body` with the bytes of a value, or nil for a null.
  ///
  /// The row and the column must exist.
  func withBytes<Result, Failure: Error>(
    _ row: Int, _ column: Int, _ body: (Span<UInt8>?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition((0..<rowCount).contains(row) && (0..<columnCount).contains(column))
    let (row, column) = (Int32(row), Int32(column))
    guard unsafe PQgetisnull(result, row, column) == 0, let value = unsafe PQgetvalue(result, row, column) else {
      return try body(nil)
    }
    let bytes = unsafe UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(result, row, column)))
    return try body(unsafe bytes.bindMemory(to: UInt8.self).span)
  }
}

/// An error or a notice of the server.
struct Report: Sendable, Hashable {
  /// The severity in English: `ERROR`, `FATAL`, `PANIC`, `WARNING`, `NOTICE` and others; nil from libpq itself.
  let severity: String?
  /// The SQLSTATE, or nil from libpq itself.
  let code: String?
  /// The message in one line, without what the server says about the rows.
  let message: String

  @unsafe init(_ result: OpaquePointer) {
    func field(_ number: Int32) -> String? {
      unsafe PQresultErrorField(result, number).map { unsafe String(cString: $0) }
    }
    severity = field(ledger_field_severity)
    code = field(ledger_field_code)
    message = unsafe (field(ledger_field_message) ?? String(cString: PQresultErrorMessage(result))).onOneLine
  }
}
#endif
