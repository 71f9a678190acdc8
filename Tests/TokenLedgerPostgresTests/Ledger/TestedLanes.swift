#if Postgres
import PostgresTesting
import RotationModel
import Testing
import TokenTestInputs

@testable import TokenLedgerPostgres

/// One lane on a ledger, with nothing beside it: what goes over its connection is what its calls send.
struct TestedLanes: Sendable {
  let fixture: LedgerFixture
  let proxy: FaultProxy
  let lanes: Lanes

  init(_ fixture: LedgerFixture, count: Int = 1, deadline: Duration = .seconds(20)) async throws {
    self.fixture = fixture
    proxy = try FaultProxy(to: fixture.database.server)
    var options = fixture.options
    (options.connections, options.requestDeadline) = (count, deadline)
    let connector = Connector(try proxy.address(of: fixture.database), setting: try LedgerSetting(options: options))
    lanes = try await Lanes.start(connector, deadline: .now + .seconds(20))
  }

  /// Lanes that are closed after `body`.
  static func with(
    count: Int = 1, deadline: Duration = .seconds(20), _ body: (TestedLanes) async throws -> Void
  ) async throws {
    let tested = try await TestedLanes(LedgerFixture(clock: ManualClock()), count: count, deadline: deadline)
    do {
      try await body(tested)
      await tested.lanes.queue.close()
    } catch {
      await tested.lanes.queue.close()
      throw error
    }
  }

  /// Sessions that have been refreshed once, so that the ledger knows all that it must before a refresh.
  func sessions(_ count: Int = 1, grace: Int64 = 0) async throws -> [Session] {
    let requests = try (0..<count).map { index in
      OpeningRequest(id: .random(), grant: try SessionGrant.tested("subject \(index)"))
    }
    let answer = try await lanes.open(requests, deadline: nil)
    var sessions: [Session] = []
    for request in requests {
      let opened = try #require(answer.session(request.id))
      sessions.append(try #require(try await rotate(opened.tokenID, grace: grace).granted))
    }
    return sessions
  }

  func rotate(_ token: TokenID, grace: Int64 = 0) async throws(LedgerError) -> Rotation {
    try await lanes.rotate(
      RotationRequest(token: token, client: "web", graceMilliseconds: grace, accessMilliseconds: 900_000), deadline: nil
    ).0
  }
}

extension SessionID {
  static func random() -> SessionID {
    var generator = SystemRandomNumberGenerator()
    return SessionID(from: &generator)
  }

  /// As SQL has it.
  var literal: String { "'\\x" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "'" }
}
#endif
