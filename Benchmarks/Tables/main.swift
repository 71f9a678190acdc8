import Foundation

/// Returns the number of bytes of this process that are resident, or 0 if it is not known.
func residentBytes() -> Int {
  let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
  return pages.flatMap { Int($0[1]) }.map { $0 * 4096 } ?? 0
}

/// Measures one kind of table, so that `tables table|dictionary COUNT` compares the session table with the standard
/// library's dictionary.
///
/// Prints nanoseconds an insertion and a rotation (a look-up and one changed integer, in random order), the
/// slowest of every 64th insertion, and resident bytes a session.
func measure(
  _ name: String, _ ids: [SessionID], insert: (SessionID) -> Void, rotate: (SessionID) -> Void
) {
  let order = (0..<2_000_000).map { _ in Int.random(in: 0..<ids.count) }
  let clock = ContinuousClock()
  let before = residentBytes()
  var slowest = Duration.zero
  let inserting = clock.measure {
    for (position, id) in ids.enumerated() {
      if position % 64 == 0 { slowest = max(slowest, clock.measure { insert(id) }) } else { insert(id) }
    }
  }
  let rotating = clock.measure { for position in order { rotate(ids[position]) } }
  let bytes = (residentBytes() - before) / ids.count
  print(
    name, ids.count, "insert \(Int(inserting / .nanoseconds(ids.count))) ns",
    "rotate \(Int(rotating / .nanoseconds(order.count))) ns",
    "slowest insert \(Int(slowest / .microseconds(1))) µs", "\(bytes) B each", separator: "  ")
}

guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[2]), count > 0 else {
  print("usage: tables table|dictionary COUNT")
  exit(64)
}
var generator = SystemRandomNumberGenerator()
let ids = (0..<count).map { _ in SessionID(from: &generator) }
if CommandLine.arguments[1] == "table" {
  var table = SessionTable()
  measure("table", ids) { id in
    guard let slot = table.nextFree() else { return }
    table.insert(SessionEntry(idHigh: id.high, idLow: id.low, status: .live), at: slot)
  } rotate: { id in
    if let slot = table.slot(of: id) { table[slot].generation &+= 1 }
  }
} else {
  var table: [SessionID: SessionEntry] = [:]
  measure("dictionary", ids) { id in
    table[id] = SessionEntry(idHigh: id.high, idLow: id.low, status: .live)
  } rotate: { id in
    table[id]?.generation &+= 1
  }
}
