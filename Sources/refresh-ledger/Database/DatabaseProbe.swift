#if Postgres
import TokenEngine
import TokenLedgerPostgres

/// A probe of every host of a database and of the ledger in it, for `database check` and `doctor`.
///
/// It changes nothing.
struct DatabaseProbe {
  private let settings: ServerSettings
  private let isWhole: Bool

  /// Creates a probe; `isWhole` is true if the settings are all of a server's, and not only those of a store.
  init(_ settings: ServerSettings, isWhole: Bool) {
    self.settings = settings
    self.isWhole = isWhole
  }

  private static let hostTimeout = Duration.seconds(5)

  func findings() throws(CommandError) -> [DoctorFinding] {
    let address = try settings.store.address()
    var hosts: [DatabaseFindings.Host] = []
    var primary: (survey: ServerSurvey, connection: DatabaseConnection)?
    defer { primary?.connection.close() }
    for (index, host) in address.hosts.enumerated() {
      do throws(DatabaseError) {
        let connection = try DatabaseConnection.open(address, host: index, timeout: Self.hostTimeout)
        let answer: DatabaseFindings.Host.Answer
        do throws(DatabaseError) { answer = try look(connection) } catch {
          connection.close()
          throw error
        }
        hosts.append(DatabaseFindings.Host(name: "\(host)", answer: .success(answer)))
        if !answer.survey.isInRecovery, answer.survey.timeline > primary?.survey.timeline ?? -1 {
          primary?.connection.close()
          primary = (answer.survey, connection)
        } else {
          connection.close()
        }
      } catch {
        hosts.append(DatabaseFindings.Host(name: "\(host)", answer: .failure(error)))
      }
    }
    let findings = DatabaseFindings(settings: settings.store, hosts: hosts).findings()
    guard let primary else { return findings }
    return findings + ledger(primary.survey, primary.connection)
  }

  private func look(_ connection: DatabaseConnection) throws(DatabaseError) -> DatabaseFindings.Host.Answer {
    let began = ContinuousClock.now
    let before = SessionClock.system.now()
    let survey = try ServerSurvey.read(connection, deadline: began + Self.hostTimeout)
    // The server read its clock at some moment in between, about in the middle.
    let half = (ContinuousClock.now - began).wholeMilliseconds / 2
    return DatabaseFindings.Host.Answer(
      survey: survey, processID: Int64(connection.backendProcessID),
      clockAhead: .milliseconds(survey.clockMilliseconds - before.milliseconds - half))
  }

  private func ledger(_ server: ServerSurvey, _ connection: DatabaseConnection) -> [DoctorFinding] {
    let deadline = ContinuousClock.now + Self.hostTimeout
    let schema = settings.store.schema
    do throws(DatabaseError) {
      let missing = try DatabaseSchema.missing(try SchemaName(schema), on: connection, deadline: deadline)
      guard missing.isEmpty || missing.contains("ledger") else {
        return [
          .problem(
            "schema", "\(schema): lacks \(missing.joined(separator: ", "))",
            fix:
              "restore the whole schema from a backup, or make another one: refresh-ledger database init --schema NAME")
        ]
      }
      let ledger =
        missing.isEmpty ? try LedgerSurvey.read(connection, schema: schema, deadline: deadline) : nil
      return LedgerFindings(settings: settings, isWhole: isWhole, server: server, ledger: ledger).findings()
    } catch {
      return [
        .problem("schema", "\(schema): cannot be read: \(error.words)", fix: DatabaseFailure.fix(of: error))
      ]
    }
  }
}
#endif
