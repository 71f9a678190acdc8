/// A broken invariant with its evidence. No token text: the position in the chain instead.
public struct LoadViolation: Sendable, CustomStringConvertible {
  public let description: String
}
