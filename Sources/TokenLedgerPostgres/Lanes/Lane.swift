#if Postgres
internal import Platform

/// A thread with a connection, on which one step after another runs.
///
/// `@unchecked`: what it keeps is touched by its own thread alone.
final class Lane: @unchecked Sendable {
  private let number: Int
  private let queue: LaneQueue
  private let connector: Connector
  private let requestDeadline: Duration
  private var connection: LedgerConnection?
  /// The number of failures in a row.
  private var failures = 0

  /// Creates a lane with a connection that is ready; without one it connects by itself.
  init(_ number: Int, queue: LaneQueue, connector: Connector, connection: LedgerConnection?) {
    (self.number, self.queue, self.connector, self.connection) = (number, queue, connector, connection)
    requestDeadline = connector.setting.options.requestDeadline
  }

  /// Closes the connection of a lane that does not run.
  func close() { connection?.database.close() }

  func run() {
    if connection != nil { queue.noteConnection(lane: number) }
    while let connection = connected() {
      guard let step = queue.take(lane: number) else { break }
      perform(step, on: connection)
      queue.finish(lane: number)
    }
    connection?.database.close()
    queue.noteEnd(lane: number)
  }

  /// The connection, or one that is made anew, however long that takes; nil if the ledger is closed meanwhile.
  private func connected() -> LedgerConnection? {
    while true {
      if let connection, connection.database.isOpen { return connection }
      connection = nil
      do throws(DatabaseError) {
        let made = try connector.connect(deadline: .now + min(requestDeadline, .seconds(10)))
        connection = made
        queue.noteConnection(lane: number)
        failures = 0
      } catch {
        queue.noteOutage(lane: number, why: error.description)
        if queue.isClosing { return nil }
        backOff()
      }
    }
  }

  /// 100 ms, doubling to a second, unless the feed finds the database before.
  private func backOff() {
    failures += 1
    queue.pause(lane: number, for: min(.milliseconds(100) * (1 << min(failures - 1, 4)), .seconds(1)))
  }

  private func perform(_ step: LaneStep, on connection: LedgerConnection) {
    do throws(DatabaseError) {
      switch step {
      case .fast(let rotations, let tokens): try connection.rotate(rotations, tokens, queue)
      case .slow(let rotations): try connection.rotateSlowly(rotations)
      case .opening(let openings): try connection.open(openings)
      case .single(let call): try call.run(connection)
      }
    } catch {
      connection.database.rollBack(deadline: .now + .seconds(1))
      recover(step, from: error, on: connection)
    }
  }

  /// Lets what was not answered be tried again: as a retry if it can have taken effect.
  private func recover(_ step: LaneStep, from error: DatabaseError, on connection: LedgerConnection) {
    let calls = step.calls
    switch error {
    case .unreachable, .refusedConnection, .unsuitable, .unready: connection.database.close()
    case .nothingHappened("40001", _), .nothingHappened("40P01", _), .nothingHappened("55P03", _):
      // A fast step waits for no row, so it met a mark that everybody waits for.
      if case .fast = step { break }
      for call in calls { call.noteFailure(isFinal: false) }
    case .nothingHappened: for call in calls { call.noteFailure(isFinal: true) }
    case .statement, .malformed:
      for call in calls {
        call.noteSent()
        call.noteFailure(isFinal: true)
      }
    case .warned: for call in calls { call.noteSent() }
    case .lost:
      connection.database.close()
      connector.passOver(connection)
      for call in calls { call.noteSent() }
    }
    queue.putBack(step, why: error.description)
    guard connection.database.isOpen else {
      self.connection = nil
      return queue.noteOutage(lane: number, why: error.description)
    }
    queue.pause(lane: number, for: .milliseconds(Int64.random(in: 2...20)))
  }
}
#endif
