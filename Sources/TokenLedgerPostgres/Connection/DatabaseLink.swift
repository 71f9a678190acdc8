#if Postgres
internal import CLibPQ
internal import Platform
internal import SystemPackage

/// A raw connection of libpq, used by one thread at a time.
///
/// It sends without waiting, and waits for answers at most until a deadline. Every error that breaks it closes it.
@safe final class DatabaseLink {
  /// The warnings since they were last taken.
  private final class Warnings {
    var texts: [String] = []
  }

  /// The connection of libpq, or nil once it is closed.
  private var connection: OpaquePointer?
  private let warnings = Warnings()
  /// The rule by which waits for answers end before their deadline, if there is one.
  var overtaking: Overtaking?

  /// Takes ownership of an open connection.
  @unsafe init(_ connection: OpaquePointer) {
    unsafe self.connection = unsafe connection
    let warnings = unsafe Unmanaged.passUnretained(warnings).toOpaque()
    // The argument lives as long as this object, which finishes the connection before it is freed.
    unsafe PQsetNoticeReceiver(
      connection,
      { context, notice in
        guard let context = unsafe context, let notice = unsafe notice else { return }
        let report = unsafe Report(notice)
        guard report.severity == "WARNING" else { return }
        let text = "\(report.message) (\(report.code ?? "no code"))"
        unsafe Unmanaged<Warnings>.fromOpaque(context).takeUnretainedValue().texts.append(text)
      }, warnings)
    unsafe PQsetnonblocking(connection, 1)
  }

  deinit { close() }

  var isOpen: Bool { unsafe connection != nil }

  /// Closes the connection at once.
  ///
  /// The server closes its end when it notices, and completes what it has begun.
  func close() {
    guard let connection = unsafe connection else { return }
    unsafe self.connection = nil
    unsafe PQfinish(connection)
  }

  /// Closes the connection and returns the error that says so.
  func lost(_ text: String) -> DatabaseError {
    close()
    return .lost(text)
  }

  /// Returns the connection for a call of libpq.
  @unsafe private func handle() throws(DatabaseError) -> OpaquePointer {
    guard let connection = unsafe connection else { throw .lost("it is closed") }
    return unsafe connection
  }

  /// Returns libpq's last error message.
  @unsafe private func complaint(_ connection: OpaquePointer) -> String {
    unsafe String(cString: PQerrorMessage(connection)).onOneLine
  }
}

// MARK: - Facts of the server
extension DatabaseLink {
  var serverVersion: Int { unsafe connection.map { unsafe Int(PQserverVersion($0)) } ?? 0 }
  var backendProcessID: Int32 { unsafe connection.map { unsafe PQbackendPID($0) } ?? 0 }

  func parameter(_ name: String) -> String? {
    guard let connection = unsafe connection, let value = unsafe PQparameterStatus(connection, name) else { return nil }
    return unsafe String(cString: value)
  }

  /// True if a transaction is open, or has failed and was not rolled back yet.
  var isInTransaction: Bool {
    guard let connection = unsafe connection else { return false }
    let status = unsafe PQtransactionStatus(connection)
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
  }

  func takeWarnings() -> [String] {
    defer { warnings.texts.removeAll() }
    return warnings.texts
  }
}

// MARK: - Sending, which fills libpq's buffer; the bytes are sent while answers are awaited
extension DatabaseLink {
  /// Enters pipeline mode: everything that is sent until the next synchronization is one transaction.
  ///
  /// - Throws: `.lost`.
  func enterPipeline() throws(DatabaseError) {
    let connection = unsafe try handle()
    guard unsafe PQenterPipelineMode(connection) == 1 else { throw lost(unsafe complaint(connection)) }
  }

  func leavePipeline() throws(DatabaseError) {
    let connection = unsafe try handle()
    guard unsafe PQexitPipelineMode(connection) == 1 else { throw lost(unsafe complaint(connection)) }
  }

  func send(prepare statement: Statement, types: [UInt32]) throws(DatabaseError) {
    let connection = unsafe try handle()
    let isSent = unsafe PQsendPrepare(connection, statement.name, statement.sql, Int32(types.count), types)
    guard isSent == 1 else { throw lost(unsafe complaint(connection)) }
  }

  func send(_ name: String, parameters: borrowing ParameterBuffer) throws(DatabaseError) {
    let connection = unsafe try handle()
    let isSent = unsafe parameters.withPointers { values, lengths, formats in
      unsafe PQsendQueryPrepared(connection, name, Int32(values.count), values, lengths, formats, 1)
    }
    guard isSent == 1 else { throw lost(unsafe complaint(connection)) }
  }

  /// Ends a transaction of the pipeline.
  func sendSynchronization() throws(DatabaseError) {
    let connection = unsafe try handle()
    guard unsafe PQpipelineSync(connection) == 1 else { throw lost(unsafe complaint(connection)) }
  }

  /// Sends statements as text, outside a pipeline.
  func send(script: String) throws(DatabaseError) {
    let connection = unsafe try handle()
    guard unsafe PQsendQuery(connection, script) == 1 else { throw lost(unsafe complaint(connection)) }
  }
}

// MARK: - Receiving
extension DatabaseLink {
  /// Returns the next answer, or nil at the end of those to one command.
  ///
  /// - Throws: `.lost`, and closes the connection, if the deadline passes.
  func nextReply(until deadline: ContinuousClock.Instant) throws(DatabaseError) -> Reply? {
    let connection = unsafe try handle()
    var isLate = false
    while unsafe PQisBusy(connection) != 0 {
      // Unsent bytes are sent meanwhile, since otherwise both sides could wait for the other to read. An error in
      // writing is reported by reading.
      let isSending = unsafe PQflush(connection) == 1
      let ready = try waitForAnswer(isSending ? [.input, .output] : .input, until: deadline)
      // The deadline also applies if input keeps coming and is never complete.
      guard !ready.isEmpty, !isLate else { throw lost("no answer came before the deadline") }
      if ready.contains(.input) { try takeInput() }
      isLate = ContinuousClock.now >= deadline
    }
    return unsafe PQgetResult(connection).map { unsafe Reply($0) }
  }

  /// Reads the input that has arrived, without waiting.
  ///
  /// - Throws: `.lost` if the connection is broken.
  func takeInput() throws(DatabaseError) {
    let connection = unsafe try handle()
    guard unsafe PQconsumeInput(connection) == 1 else { throw lost(unsafe complaint(connection)) }
  }

  /// Takes one notification that has arrived.
  ///
  /// Returns false if there is none.
  func takeNotification() throws(DatabaseError) -> Bool {
    guard let notification = unsafe PQnotifies(try handle()) else { return false }
    unsafe PQfreemem(notification)
    return true
  }

  func wait(
    for wanted: Readiness, orWakeBy wakeUp: WakeUp? = nil, until deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Readiness {
    try atSocket { socket throws(Errno) in
      try Readiness.wait(for: wanted, of: socket, orWakeBy: wakeUp, until: deadline)
    }
  }

  private func waitForAnswer(
    _ wanted: Readiness, until deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Readiness {
    let ready = try atSocket { socket throws(Errno) in
      try Readiness.wait(for: wanted, of: socket, overtaking, until: deadline)
    }
    guard let ready else { throw lost(Overtaking.reason) }
    return ready
  }

  /// Waits at the connection's socket; a wait that the system refuses breaks the connection.
  private func atSocket<Ready>(_ wait: (CInt) throws(Errno) -> Ready) throws(DatabaseError) -> Ready {
    let socket = unsafe PQsocket(try handle())
    do {
      return try wait(socket)
    } catch {
      throw lost("the system does not wait for its socket: \(error)")
    }
  }
}
#endif
