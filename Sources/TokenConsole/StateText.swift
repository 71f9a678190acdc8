internal import TokenEngine

/// Whether the server accepts changes, as every page of figures says it.
enum StateText {
  static func pill(_ figures: LiveFigures) -> HTML {
    let tone = figures.health.state == .acceptsChanges ? "good" : "bad"
    return "<p class=\"pill \(tone)\" data-state>\(figures["state"])</p>"
  }
}
