import Glibc
import RotationModel

#if Postgres
import TokenLedgerPostgres
#endif

/// An instance that only reads: prints the events of a ledger in a database, one a line, after a number.
///
/// tools/cluster-proof kills it, starts it again after the last number that it has, and compares what it was told with
/// the table.
@main
struct EventFollower {
  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count == 3, let place = UInt64(arguments[2]) else {
      end(64, "usage: event-follower DATABASE SCHEMA NUMBER")
    }
    #if Postgres
    do {
      var options = PostgresOptions()
      options.schema = arguments[1]
      let ledger = try await PostgresLedger.open(try DatabaseAddress(arguments[0]), options: options)
      for try await event in try await ledger.events(after: place) { write("\(event)\n", to: STDOUT_FILENO) }
      end(1, "the stream has ended")
    } catch {
      end(1, "\(error)")
    }
    #else
    end(70, "built without the trait Postgres")
    #endif
  }

  private static func end(_ code: Int32, _ why: String) -> Never {
    write("event-follower: \(why)\n", to: STDERR_FILENO)
    exit(code)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { exit(1) }
      bytes = bytes.dropFirst(count)
    }
  }
}
