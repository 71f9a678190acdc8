/// What a look back into the log found, or why there is nothing to show.
enum LookBack<Found> {
  case found(Found)
  case unknown(HTML)
}
