import Glibc
import Testing
import TokenEngine
import TokenSigning

#if Postgres
import TokenLedgerPostgres
#endif

/// The end of a process while threads of it still end: each test runs in a process of its own.
@Suite struct ProcessEndTests {
  @Test("Once an engine on a folder was opened, libcrypto is usable until the process has ended")
  func folder() async {
    await #expect(processExitsWith: .success) {
      useRandomnessLast()
      let folder = EngineFolder()
      let engine = try await RotationEngine.open(folder: folder.path)
      try await engine.close()
    }
  }

  #if Postgres
  @Test("Once a ledger in a database was to be opened, libcrypto is usable until the process has ended")
  func database() async {
    await #expect(processExitsWith: .success) {
      useRandomnessLast()
      var options = PostgresOptions()
      options.requestDeadline = .milliseconds(100)
      let address = try DatabaseAddress("postgresql://ledger@127.0.0.1:1/ledger")
      await #expect(throws: DatabaseError.self) { try await PostgresLedger.open(address, options: options) }
      useRandomness()
    }
  }
  #endif
}

/// Uses libcrypto in an exit handler that runs after those that are registered later, libcrypto's own among them.
///
/// If libcrypto has cleaned up by then it has no randomness, and the process crashes.
private func useRandomnessLast() {
  atexit { useRandomness() }
}

private func useRandomness() {
  var random = OpenSSLRandom()
  _ = random.next()
}
