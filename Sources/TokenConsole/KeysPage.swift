internal import TokenEngine
internal import TokenLedger

/// A page with the keys in force, without their secrets.
struct KeysPage {
  let keys: [KeyState]
  let store: StoreText

  var body: HTML {
    """
    <div class="heading"><h1>Keys</h1></div>
    <section class="panel" aria-label="Keys in force">
    <table role="table">
    <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Key id</th>\
    <th role="columnheader" scope="col">Signs</th><th role="columnheader" scope="col">Algorithm</th>\
    <th role="columnheader" scope="col">State</th><th role="columnheader" scope="col">Retiring since (UTC)</th></tr></thead>
    <tbody role="rowgroup">\(keys.map(row))</tbody>
    </table>
    </section>
    <section class="panel" aria-labelledby="states">
    <h2 id="states">The states of a key</h2>
    <dl class="facts wide">
    <div><dt>next</dt><dd>Published and accepted; signs after the next rotation.</dd></div>
    <div><dt>current</dt><dd>Signs.</dd></div>
    <div><dt>retiring</dt><dd>Signs no more; what it signed is accepted until it is retired.</dd></div>
    </dl>
    <p class="quiet"><code>refresh-ledger keys rotate</code> and <code>keys retire</code> change them, and \(followers) within a
    second.</p>
    </section>
    """
  }

  private var followers: HTML { store.isShared ? "each instance follows" : "this server follows" }

  private func row(_ key: KeyState) -> HTML {
    let signs = key.use == .access ? "access tokens" : "refresh tokens"
    let tone = key.state == .current ? "good" : "plain"
    let since = key.retiredAtMilliseconds.map { FigureText.time(Timestamp(milliseconds: $0)) } ?? "–"
    return """
      <tr role="row"><td role="cell" data-label="Key id"><code>\(key.id)</code></td><td role="cell" data-label="Signs">\(signs)</td>
      <td role="cell" data-label="Algorithm">\(key.algorithm)</td>
      <td role="cell" data-label="State"><span class="tag \(tone)">\(key.state.rawValue)</span></td>
      <td role="cell" data-label="Retiring since (UTC)">\(since)</td></tr>
      """
  }
}
