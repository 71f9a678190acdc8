/// What a checkpoint came to.
public struct CheckpointReport: Sendable, Hashable {
  /// The last record that it covers.
  public var sequence: UInt64
  /// Sessions and one-time tokens in it.
  public var entries: Int
  /// Of the file.
  public var bytes: UInt64
  /// Segments that it replaced and that are gone now.
  public var segmentsRemoved: Int
}

/// How far the writing of a checkpoint has come.
public struct CheckpointProgress: Sendable, Hashable {
  public var entriesWritten: Int
  public var entriesTotal: Int
}
