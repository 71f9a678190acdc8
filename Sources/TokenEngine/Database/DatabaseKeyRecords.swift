#if Postgres
internal import Platform
internal import RotationModel
internal import Synchronization
internal import TokenLedgerPostgres
internal import TokenSigning

/// The key records in the database of a ledger.
///
/// Its calls wait for the database, so they must not run on a thread of Swift's pool.
struct DatabaseKeyRecords: KeyRecordStore {
  private let records: SharedRecords

  init(_ records: SharedRecords) { self.records = records }

  var lastChange: Int64 { records.lastChange }

  func readKeyRecords() throws(KeyError) -> KeyRecords {
    let found = try wait { records async throws(LedgerError) in try await records.records(.key) }
    let named = found.records.map { ($0.name, KeyRecords.Record(body: $0.body, change: $0.change)) }
    return KeyRecords(Dictionary(named) { _, newer in newer }, nowMilliseconds: found.now.milliseconds)
  }

  func writeKeyRecord(_ name: String, _ body: [UInt8], expecting change: Int64?) throws(KeyError) -> Bool {
    try wait { records async throws(LedgerError) in
      try await records.put(.key, name, body, expecting: change) != nil
    }
  }

  private func wait<Answer: Sendable>(
    _ ask: @escaping @Sendable (SharedRecords) async throws(LedgerError) -> Answer
  ) throws(KeyError) -> Answer {
    let (reply, records) = (Reply<Answer>(), records)
    Task.detached {
      do throws(LedgerError) { reply.set(.success(try await ask(records))) } catch { reply.set(.failure(error)) }
    }
    do { return try reply.wait() } catch { throw KeyError(.unavailable, path: records.place, "\(error)") }
  }
}

/// The answer of a task to a thread that waits for it.
private final class Reply<Answer: Sendable>: Sendable {
  private let result = Mutex<Result<Answer, LedgerError>?>(nil)
  private let isThere = Semaphore()

  func set(_ result: Result<Answer, LedgerError>) {
    self.result.withLock { $0 = result }
    isThere.post()
  }

  func wait() throws(LedgerError) -> Answer {
    isThere.wait()
    guard let result = result.withLock({ $0 }) else { preconditionFailure("a reply without a result") }
    return try result.get()
  }
}
#endif
