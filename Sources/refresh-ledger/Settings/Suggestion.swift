/// Suggestions of known names for unknown ones.
enum Suggestion {
  /// Returns the nearest of `candidates`, or nil if none is near enough to be meant.
  static func nearest(to name: String, among candidates: [String]) -> String? {
    let wanted = folded(name)
    let wantedLeaf = folded(leaf(of: name))
    let best =
      candidates
      .map { candidate in
        let isSameLeaf = folded(leaf(of: candidate)) == wantedLeaf
        return (name: candidate, distance: isSameLeaf ? 0 : distance(wanted, folded(candidate)))
      }
      .min { $0.distance < $1.distance }
    guard let best, best.distance <= max(2, wanted.count / 4) else { return nil }
    return best.name
  }

  private static func leaf(of name: String) -> String {
    name.split(separator: ".").last.map(String.init) ?? name
  }

  private static func folded(_ name: String) -> [Character] {
    Array(name.lowercased().filter { $0 != "_" && $0 != "-" })
  }

  /// Returns the Levenshtein distance between two names.
  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var previous = Array(0...right.count)
    for (row, character) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let replaced = previous[column] + (character == other ? 0 : 1)
        current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
      }
      previous = current
    }
    return previous[right.count]
  }
}
