/// The style sheet of a page, light and dark.
///
/// The colours have a contrast of at least 4.5 for text and 3 for lines.
enum PageStyle {
  static let css = colours + layout + drawings

  private static let colours = """
    :root{color-scheme:light dark;--back:#fff;--card:#f6f7f9;--text:#1b1f24;--soft:#57606a;--rule:#d5dae0;--a:#0b62c4;--b:#b0510a;\
    --a-soft:#0b62c426;--bad:#b3261e;--bad-b:#8a1c5b;--bad-back:#fdecea;--good:#1a6b34;--good-back:#e8f5ec;--over:#1b1f24;--halo:#fff;\
    --h1:#dbe9f9;--h2:#b4d2f2;--h3:#87b7e8;--h4:#5798da;--h5:#2f7ac8;--h6:#145ea6;--h7:#0a3f75}
    @media (prefers-color-scheme:dark){:root{--back:#12161b;--card:#1b2128;--text:#e6eaef;--soft:#a5afba;--rule:#343d47;--a:#63aefc;\
    --b:#f5a45b;--a-soft:#63aefc2b;--bad:#ff8f87;--bad-b:#f28fd0;--bad-back:#3a1d1c;--good:#7bd394;--good-back:#16301f;--over:#fff;--halo:#12161b;\
    --h1:#15314f;--h2:#1a4571;--h3:#215a93;--h4:#2f75b8;--h5:#4f96da;--h6:#86bdf2;--h7:#cfe6ff}}

    """

  private static let layout = """
    *{box-sizing:border-box}
    body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    main{max-width:960px;margin:0 auto;padding:24px 20px 48px}
    h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px}
    h2{font-size:1.15rem;margin:0}
    p{margin:0}
    .soft,figcaption p,dt,footer{color:var(--soft)}
    .soft{overflow-wrap:anywhere}
    .verdict{margin:20px 0;padding:12px 16px;border-radius:8px;border:1px solid currentColor;font-weight:600}
    .good{color:var(--good);background:var(--good-back)}
    .bad{color:var(--bad);background:var(--bad-back)}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px;margin:0 0 8px;padding:0;list-style:none}
    .tiles li{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 12px}
    .tiles b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums;line-height:1.3;overflow-wrap:anywhere}
    .tiles span{color:var(--soft);font-size:.85rem}
    figure,section{margin:32px 0 0}
    figcaption p{font-size:.92rem}
    .legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:8px 0;padding:0;font-size:.88rem}
    .legend li{display:flex;align-items:center;gap:7px}
    .pair{display:grid;grid-template-columns:minmax(0,1fr);gap:0 24px}
    .pair>div{min-width:0}
    details{margin-top:6px;font-size:.9rem}
    summary{cursor:pointer;color:var(--a)}
    .scroll{overflow-x:auto;max-height:24rem;overflow-y:auto;margin-top:6px}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
    th,td{text-align:right;padding:4px 10px;border-bottom:1px solid var(--rule);font-weight:400;white-space:nowrap}
    thead th{color:var(--soft);position:sticky;top:0;background:var(--back)}
    th:first-child{text-align:left}
    dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,260px),1fr));gap:6px 24px;margin:8px 0 0}
    dl div{display:flex;justify-content:space-between;gap:12px;border-bottom:1px solid var(--rule);padding:4px 0}
    dd{margin:0;flex:none;max-width:68%;text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
    .bars-list{list-style:none;margin:8px 0 0;padding:0}
    .bars-list li{display:grid;grid-template-columns:minmax(8.5em,14em) 1fr auto;gap:10px;align-items:center;padding:3px 0}
    .bars-list i{display:block;height:12px;border-radius:3px;background:var(--bad)}
    .bars-list .sample{grid-column:1/-1;color:var(--soft);font-size:.85rem;overflow-wrap:anywhere}
    .evidence{margin:8px 0 0;padding-left:1.4em}
    .evidence li{margin:6px 0;overflow-wrap:anywhere}
    footer{margin-top:40px;font-size:.85rem}

    """

  private static let drawings = """
    svg{display:none;width:100%;height:auto}
    svg.wide{display:block}
    @media (max-width:719px){svg.wide{display:none}svg.medium{display:block}}
    @media (max-width:479px){svg.medium{display:none}svg.narrow{display:block}}
    @media (min-width:900px){.pair{grid-template-columns:repeat(2,minmax(0,1fr))}.pair svg.wide{display:none}.pair svg.medium{display:block}}
    svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
    .grid{stroke:var(--rule);stroke-width:1;fill:none;opacity:.6}
    .axis{stroke:var(--soft);stroke-width:1;fill:none}
    .line{fill:none;stroke-width:2;stroke-linejoin:round}
    .halo{fill:none;stroke:var(--halo);stroke-width:5;stroke-linejoin:round;opacity:.75}
    .a{stroke:var(--a)}.b{stroke:var(--b)}.over{stroke:var(--over)}
    .error-a{stroke:var(--bad)}.error-b{stroke:var(--bad-b)}
    .target{stroke:var(--soft);stroke-dasharray:2 5}
    .dashed{stroke-dasharray:6 4}
    .area-a{fill:var(--a-soft)}
    .bars{fill:var(--a);stroke:var(--back);stroke-width:1}
    .heat1{fill:var(--h1)}.heat2{fill:var(--h2)}.heat3{fill:var(--h3)}.heat4{fill:var(--h4)}.heat5{fill:var(--h5)}.heat6{fill:var(--h6)}.heat7{fill:var(--h7)}
    .key{display:inline-block;width:26px;height:0;border-top:3px solid}
    .key-a,.key-a-dashed{color:var(--a)}.key-b,.key-b-dashed{color:var(--b)}.key-over,.key-over-dashed{color:var(--over)}
    .key-error-a{color:var(--bad)}.key-error-b{color:var(--bad-b)}
    .key-a-dashed,.key-b-dashed,.key-over-dashed{border-top-style:dashed}
    .key-target{color:var(--soft);border-top-style:dotted}
    .key-heat{border:0;height:12px;width:70px;background:linear-gradient(to right,var(--h1),var(--h2),var(--h3),var(--h4),var(--h5),var(--h6),var(--h7))}
    @media print{details{display:none}}

    """
}
