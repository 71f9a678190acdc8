internal import TokenLedger

/// The classes of replay and reuse in words.
enum ReuseText {
  static func words(_ reuse: ReuseClass) -> String {
    switch reuse {
    case .retry: "a retry, its reply was lost"
    case .race: "two callers at the same moment"
    case .lateParent: "after its grace window"
    case .staleLineage: "a copy, several rotations old"
    }
  }
}
