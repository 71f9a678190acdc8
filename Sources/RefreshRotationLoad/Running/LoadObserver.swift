/// Who watches a load while it runs. The closures are called from any task.
public struct LoadObserver: Sendable {
  /// How many of the sessions there are.
  public var onOpened: @Sendable (_ opened: Int, _ total: Int) -> Void
  /// A few times a second.
  public var onProgress: @Sendable (LoadProgress) -> Void
  /// The first hundred.
  public var onViolation: @Sendable (LoadViolation) -> Void

  public init(
    onOpened: @escaping @Sendable (Int, Int) -> Void = { _, _ in },
    onProgress: @escaping @Sendable (LoadProgress) -> Void = { _ in },
    onViolation: @escaping @Sendable (LoadViolation) -> Void = { _ in }
  ) {
    self.onOpened = onOpened
    self.onProgress = onProgress
    self.onViolation = onViolation
  }
}
