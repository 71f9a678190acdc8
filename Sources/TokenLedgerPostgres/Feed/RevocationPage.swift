#if Postgres
/// A page of the table `revocation` as the feed reads it.
///
/// A damaged row does not keep others from being applied.
struct RevocationPage {
  private(set) var rows: [RevocationRow] = []
  /// The damaged rows, in the order of their numbers.
  private(set) var faults: [Fault] = []
  /// The number of rows, including damaged ones.
  let count: Int
  /// The number of the last row, or nil for an empty page.
  let lastNumber: Int64?

  struct Fault: Hashable {
    var number: Int64
    /// The fault in one line.
    var text: String
  }

  /// - Throws: `.malformed` for a row without a number.
  init(_ found: Rows) throws(DatabaseError) {
    count = found.count
    lastNumber = count == 0 ? nil : try found.int64(count - 1, 0)
    for row in 0..<count {
      let number = try found.int64(row, 0)
      do throws(DatabaseError) {
        rows.append(try RevocationRow(found, row))
      } catch {
        let kept = Self.session(found, row, number)
        if let kept { rows.append(kept) }
        faults.append(Fault(number: number, text: Self.text(number, error, isKept: kept != nil)))
      }
    }
  }

  /// Returns the revocation of a whole session for a damaged revocation of it or of one of its access tokens, which
  /// cannot refuse more than that; nil if the row does not name a session.
  private static func session(_ found: Rows, _ row: Int, _ number: Int64) -> RevocationRow? {
    do throws(DatabaseError) {
      let kind = try found.int64(row, 3)
      guard kind == 1 || kind == 2 else { return nil }
      let until = Timestamp(milliseconds: try found.int64(row, 2))
      return RevocationRow(
        number: number, time: until, until: until, kind: .session(try found.sessionID(row, 4)))
    } catch {
      return nil
    }
  }

  private static func text(_ number: Int64, _ error: DatabaseError, isKept: Bool) -> String {
    let effect =
      isKept ? "every access token of its session is refused" : "what it says of access tokens is not heeded"
    return "Row \(number) of the table `revocation` is damaged (\(error)): \(effect); revoke again what it was for, "
      + "and delete it."
  }
}
#endif
