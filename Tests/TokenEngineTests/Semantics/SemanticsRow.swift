import TokenLedger
import TokenTesting

@testable import TokenEngine

/// One situation of the table, and how to bring it about.
struct SemanticsRow {
  typealias Options = (inout EngineOptions) -> Void
  typealias Step = (SemanticsStage) async throws -> Void
  typealias Act = (SemanticsStage) async throws -> String

  var situation: String
  var options: Options
  var prepare: Step
  /// What the row is about; returns the reply.
  var act: Act

  init(situation: String, options: @escaping Options, prepare: @escaping Step, act: @escaping Act) {
    self.situation = situation
    self.options = options
    self.prepare = prepare
    self.act = act
  }

  init(situation: String, prepare: @escaping Step, act: @escaping Act) {
    self.init(situation: situation, options: { _ in }, prepare: prepare, act: act)
  }

  struct Outcome: Hashable {
    var reply: String
    var told: String
    var recorded: String
    var state: String

    var cells: [String] { [reply, told, recorded, state] }
  }

  func play(under policy: SemanticsPolicy, on ledger: TestedLedger) async throws -> Outcome {
    let stage = try await SemanticsStage(policy, on: ledger, options)
    try await prepare(stage)
    let toldBefore = stage.fixture.observer.events.count
    var records = try await stage.engine.events().makeAsyncIterator()
    let reply = try await act(stage)
    // A log is swept with the next step of whoever comes.
    if stage.fixture.ledger.store != .embedded { try await TestedLedger.sweep(stage.fixture.ledger) }
    let told = stage.fixture.observer.events.dropFirst(toldBefore).map(SemanticsWording.told)
    // Nothing ends the sequence of events: a record of our own stands behind those that are asked about.
    _ = try await stage.engine.issueOneTimeToken(purpose: Self.endPurpose, subject: "ann", lifetime: .seconds(1))
    var recorded: [String] = []
    while let event = try await records.next() {
      if case .oneTimeIssued(_, _, Self.endPurpose) = event.fact { break }
      recorded.append(SemanticsWording.recorded(event.fact))
    }
    // Last, since to look at an access token is to use it.
    return Outcome(
      reply: reply, told: Self.cell(told), recorded: Self.cell(recorded), state: try await stage.state())
  }

  /// The lines of the table: one for each outcome, with the policies that lead to it.
  func lines(on ledger: TestedLedger) async throws -> [String] {
    var outcomes: [(outcome: Outcome, policies: [SemanticsPolicy])] = []
    for policy in SemanticsPolicy.all {
      let outcome = try await play(under: policy, on: ledger)
      if let index = outcomes.firstIndex(where: { $0.outcome == outcome }) {
        outcomes[index].policies.append(policy)
      } else {
        outcomes.append((outcome, [policy]))
      }
    }
    return outcomes.map { outcome, policies in
      "| " + ([situation, SemanticsPolicy.words(for: policies)] + outcome.cells).joined(separator: " | ") + " |"
    }
  }

  private static let endPurpose = "end of the row"

  private static func cell(_ texts: [String]) -> String {
    texts.isEmpty ? "none" : texts.joined(separator: ", ")
  }
}

/// A part of the document's table.
struct SemanticsSection {
  var title: String
  var rows: [SemanticsRow]

  static var all: [SemanticsSection] {
    [
      refreshing, predecessors, bound, boundAccess, checkedFirst, neverRotated, revoking, afterRevocation, terms,
      accessTokens, oneTime,
    ]
  }

  func text(on ledger: TestedLedger) async throws -> String {
    var lines = [
      "### \(title)", "",
      "| situation | policy | reply | observer is told | audit event | state after |", "|---|---|---|---|---|---|",
    ]
    for row in rows { lines += try await row.lines(on: ledger) }
    return lines.joined(separator: "\n")
  }
}
