extension Duration {
  /// Rounded down.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  var inSeconds: Double { self / .seconds(1) }
}
