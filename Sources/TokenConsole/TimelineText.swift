internal import TokenEngine
internal import TokenLedger

/// The life of a session as items of a list.
enum TimelineText {
  /// So many rotations in a row stand in one item, to be unfolded.
  private static let foldMin = 4

  private enum Tone: String {
    case good, plain, note, bad, end, gap
  }

  static func items(of history: SessionHistory) -> [HTML] {
    var items: [HTML] = []
    var rest = history.events[...]
    while let event = rest.first {
      let run = rest.prefix(while: isPlainUse)
      if run.count >= foldMin, let last = run.last {
        items.append(fold(Array(run), last))
        rest = rest.dropFirst(run.count)
      } else {
        items.append(item(event))
        rest = rest.dropFirst()
      }
      if items.count == 1, history.omittedCount > 0 { items.append(gap(history.omittedCount)) }
    }
    if let revokedAt = history.revokedAt {
      items.append(item(.end, revokedAt, nil, "Revoked", "The checkpoint tells no more of it."))
    }
    return items
  }

  private static func isPlainUse(_ event: AuditEvent) -> Bool {
    switch event.fact {
    case .rotated, .used: true
    default: false
    }
  }

  private static func item(_ event: AuditEvent) -> HTML {
    let (tone, title, detail) = words(event.fact)
    return item(tone, event.time, event.sequence, title, detail)
  }

  private static func item(
    _ tone: Tone, _ time: Timestamp, _ sequence: UInt64?, _ title: HTML, _ detail: HTML
  ) -> HTML {
    let number: HTML = sequence.map { "<span class=\"quiet\">record \(FigureText.count($0))</span>" } ?? ""
    return """
      <li class="\(tone.rawValue)"><p class="when">\(FigureText.time(time, exact: true)) \(number)</p>
      <p class="what">\(title)</p><p class="quiet">\(detail)</p></li>
      """
  }

  private static func gap(_ count: Int) -> HTML {
    "<li class=\"gap\"><p class=\"what\">\(FigureText.count(count)) events are not shown</p></li>"
  }

  private static func fold(_ run: [AuditEvent], _ last: AuditEvent) -> HTML {
    let rows = run.map { event -> HTML in
      "<li>\(FigureText.time(event.time, exact: true)) \(words(event.fact).title)</li>"
    }
    return """
      <li class="plain"><p class="when">until \(FigureText.time(last.time, exact: true))</p>
      <p class="what">Refreshed \(run.count) times in a row</p>
      <details><summary>Show each</summary><ol class="run">\(rows)</ol></details></li>
      """
  }

  private static func words(_ fact: AuditEvent.Fact) -> (tone: Tone, title: HTML, detail: HTML) {
    switch fact {
    case .opened(_, let subject, let client, let scope, _):
      let scopes: HTML = scope.isEmpty ? "no scope" : "the scope \(scope)"
      return (.good, "Opened", "For \(FigureText.name(subject)) at \(FigureText.name(client)), with \(scopes).")
    case .rotated(let token, _, _): return (.plain, "Rotated to generation \(token.generation)", "")
    case .used(let token, _, _): return (.plain, "Refreshed, the \(FigureText.ordinal(token.generation)) time", "")
    case .replayed(let token, _, _, let reuse):
      return (
        .note, "Pair repeated: replayed in the grace window",
        "The token before generation \(token.generation) came again: \(ReuseText.words(reuse))."
      )
    case .successorUsed(let token, _, _):
      return (.note, "Grace window closed", "The access token of generation \(token.generation) was used.")
    case .reused(let token, _, _, let reuse, let behind, let revoked):
      let end: HTML = revoked ? "The session was revoked with it." : "The session goes on, by rotation.reuse."
      return (
        .bad, "Reused: a used refresh token came again",
        "Generation \(token.generation), \(behind) behind: \(ReuseText.words(reuse)). \(end)"
      )
    case .revoked(_, _, _, let cause): return (.end, "\(EndText.words(cause))", "")
    case .revokedAll(let scope): return (.end, "Revoked with \(ScopeText.words(scope))", "")
    case .accessRevoked(let token, let end):
      return (
        .note, "Access token of generation \(token.generation) revoked",
        "It is refused until its end, \(FigureText.time(end)). The session goes on."
      )
    case .expired: return (.end, "Expired", "Its time was over.")
    case .missed:
      return (.gap, "Here the log begins, with a checkpoint", "What was before is not in the log any more.")
    case .oneTimeIssued, .oneTimeConsumed: return (.note, "A one-time token of this id", "")
    }
  }
}
