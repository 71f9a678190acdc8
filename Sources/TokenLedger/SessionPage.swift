/// Some of the sessions that a listing asks for, and where it goes on.
public struct SessionPage: Sendable, Hashable {
  /// In an order that stays the same while the ledger is open.
  public var sessions: [Session]
  /// Nil at the end. A page may hold fewer sessions than were asked for and yet not be the last one.
  public var next: SessionCursor?
}

/// The place in a listing after one session.
public struct SessionCursor: Sendable, Hashable {
  package var slot: UInt32
  package var session: SessionID

  package init(slot: UInt32, session: SessionID) {
    self.slot = slot
    self.session = session
  }
}
