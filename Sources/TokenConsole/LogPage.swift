internal import TokenEngine
internal import TokenLedger

/// A page about the log and the findings of its opening.
struct LogPage {
  let frame: ConsoleFrame
  let figures: LiveFigures
  let recovery: LedgerRecovery?

  var body: HTML {
    """
    <div class="heading"><h1>Log</h1>\(figures.statePill)</div>
    \(figures.trouble)
    <div class="columns" data-live="\(frame.path("/live"))">
    <section class="panel" aria-labelledby="records">
    <h2 id="records">Records</h2>
    <dl class="facts">
    \(fact("Given to the log", "staged"))
    \(fact("Durable, as log.durability has it", "durable"))
    \(fact("Waiting for the disk", "lag"))
    \(fact("Known to be on disk", "synced"))
    <div><dt>Durability</dt><dd>\(figures.log.durability)</dd></div>
    </dl>
    </section>
    <section class="panel" aria-labelledby="commits">
    <h2 id="commits">Commits</h2>
    <dl class="facts">
    <div><dt>Now</dt><dd>\(figures["commit-rate"]) /s</dd></div>
    \(fact("Mean of the last minute", "commit-mean"))
    \(fact("Longest of the last minute", "commit-longest"))
    \(fact("Commits since the start", "commits"))
    \(fact("Syncs since the start", "syncs"))
    \(fact("Records since the start", "records"))
    </dl>
    </section>
    <section class="panel" aria-labelledby="files">
    <h2 id="files">Files</h2>
    <dl class="facts">
    \(fact("Segments", "segments"))
    \(fact("Written since the start", "written"))
    \(fact("Grown since the checkpoint", "since-checkpoint"))
    \(fact("Entries in memory", "entries"))
    </dl>
    </section>
    \(opening)
    </div>
    """
  }

  private func fact(_ title: String, _ figure: String) -> HTML {
    "<div><dt>\(title)</dt><dd>\(figures[figure])</dd></div>"
  }

  private var opening: HTML {
    guard let recovery else { return "" }
    let checkpoint: HTML = recovery.checkpointSequence.map { "record \(FigureText.count($0))" } ?? "none"
    let tail: HTML =
      recovery.tornTail.map {
        "\(FigureText.bytes($0.bytes)) cut off \($0.segment); nothing in them was acknowledged"
      } ?? "none"
    return """
      <section class="panel" aria-labelledby="opening">
      <h2 id="opening">At the start</h2>
      <dl class="facts">
      <div><dt>Log</dt><dd><code>\(recovery.identity)</code></dd></div>
      <div><dt>Opening</dt><dd>\(FigureText.count(UInt64(recovery.epoch)))</dd></div>
      <div><dt>Records replayed</dt><dd>\(FigureText.count(recovery.records))</dd></div>
      <div><dt>Last record</dt><dd>\(FigureText.count(recovery.sequence))</dd></div>
      <div><dt>Checkpoint used</dt><dd>\(checkpoint)</dd></div>
      <div><dt>Closed cleanly before</dt><dd>\(recovery.wasClosedCleanly ? "yes" : "no")</dd></div>
      <div><dt>Torn bytes</dt><dd>\(tail)</dd></div>
      </dl>
      </section>
      """
  }
}
