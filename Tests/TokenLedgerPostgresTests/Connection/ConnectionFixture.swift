#if Postgres
import Platform
import PostgresTesting
import Synchronization
import Testing
import TokenLedgerPostgres

/// A query of a statement that is named by its text.
func query(_ sql: String, _ parameters: [Parameter] = []) -> Query {
  Query(Statement(name: String(sql.prefix(63)), sql: sql), parameters)
}

extension DatabaseConnection {
  @discardableResult
  func run(_ queries: [Query], after: [Query] = []) throws(DatabaseError) -> [Rows] {
    try transaction(queries, after: after, deadline: .now + .seconds(30))
  }

  /// The error of a transaction that must fail.
  func error(of queries: [Query], after: [Query] = []) -> DatabaseError? {
    do {
      try run(queries, after: after)
      return nil
    } catch {
      return error
    }
  }
}

extension DatabaseError {
  /// Its kind, without its text.
  enum Kind: Hashable {
    case unreachable, refusedConnection(String?), nothingHappened(String), statement(String, Int)
    case warned, lost, malformed, unsuitable, unready
  }

  var kind: Kind {
    switch self {
    case .unreachable: .unreachable
    case .refusedConnection(let code, _): .refusedConnection(code)
    case .nothingHappened(let code, _): .nothingHappened(code)
    case .statement(let code, let index, _): .statement(code, index)
    case .warned: .warned
    case .lost: .lost
    case .malformed: .malformed
    case .unsuitable: .unsuitable
    case .unready: .unready
    }
  }
}
/// Work on a thread of its own, beside a test that blocks: Swift's tasks share few threads.
final class Beside<Answer: Sendable>: Sendable {
  private let result = Mutex<Result<Answer, any Error>?>(nil)
  private let end = Semaphore()

  init(_ work: @escaping @Sendable () throws -> Answer) throws {
    let thread = DetachedThread { [self] in
      result.withLock { $0 = Result(catching: work) }
      end.post()
    }
    try #require(thread.start() == 0)
  }

  /// Waits for its end; to be called once.
  func answer() throws -> Answer {
    end.wait()
    return try result.withLock { try #require($0) }.get()
  }
}
#endif
