/// Tells several observers, in their order.
public struct EngineObserverGroup: EngineObserver {
  private let observers: [any EngineObserver]

  public init(_ observers: any EngineObserver...) {
    self.observers = observers
  }

  public func engine(observed event: EngineEvent) {
    for observer in observers { observer.engine(observed: event) }
  }

  public func engine(committedWithin duration: Duration) {
    for observer in observers { observer.engine(committedWithin: duration) }
  }
}
