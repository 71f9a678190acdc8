"""Opens pages in headless Chromium and says what is wrong with them."""

import base64
import sys
from pathlib import Path

import runs
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

WIDTHS = [1280, 800, 390, 320]
SCHEMES = ["light", "dark"]

# Runs in the page; its answer is a list of sentences.
FAULTS = r"""
const faults = [];
const shown = e => e.getClientRects().length > 0;
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) faults.push(`scrolls sideways: ${root.scrollWidth} of ${root.clientWidth}`);
for (const figure of document.querySelectorAll('figure')) {
  const drawings = [...figure.querySelectorAll('svg')].filter(shown);
  if (drawings.length !== 1) faults.push(`${drawings.length} drawings of a chart are shown`);
}
const channels = text => (text.match(/[\d.]+/g) || []).map(Number);
function background(e) {
  for (let at = e; at; at = at.parentElement) {
    const c = channels(getComputedStyle(at).backgroundColor);
    if (c.length === 3 || c[3] > 0.99) return c;
  }
  return channels(getComputedStyle(document.body).backgroundColor);
}
function luminance(c) {
  const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}
const name = e => `"${e.textContent.trim().slice(0, 40)}"`;
for (const svg of [...document.querySelectorAll('svg')].filter(shown)) {
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map(e => [e, e.getBoundingClientRect()]);
  texts.forEach(([e, r], i) => {
    if (r.left < frame.left - 1 || r.right > frame.right + 1 || r.top < frame.top - 1 || r.bottom > frame.bottom + 1) faults.push(`${name(e)} leaves its drawing`);
    const size = parseFloat(getComputedStyle(e).fontSize) * frame.width / svg.viewBox.baseVal.width;
    if (size < 9.5) faults.push(`${name(e)} is ${size.toFixed(1)} px high`);
    for (const [f, s] of texts.slice(i + 1))
      if (r.left < s.right - 0.5 && s.left < r.right - 0.5 && r.top < s.bottom - 2 && s.top < r.bottom - 2) faults.push(`${name(e)} overlaps ${name(f)}`);
    if (contrast(channels(getComputedStyle(e).fill), background(svg)) < 4.5) faults.push(`${name(e)}: too little contrast`);
  });
  for (const e of svg.querySelectorAll('.line'))
    if (contrast(channels(getComputedStyle(e).stroke), background(svg)) < 3) faults.push(`line ${e.getAttribute('class')}: too little contrast`);
  if (!svg.querySelector('title').textContent || !svg.querySelector('desc').textContent) faults.push('a drawing without a text in its place');
}
for (const e of document.querySelectorAll('h1,h2,p,li,dt,dd,th,td,b,span,summary,footer')) {
  if (!shown(e) || !e.textContent.trim() || e.querySelector('*')) continue;
  if (contrast(channels(getComputedStyle(e).color), background(e)) < 4.5) faults.push(`${name(e)}: too little contrast`);
  const r = e.getBoundingClientRect();
  if (!e.closest('.scroll') && r.right > root.clientWidth + 1) faults.push(`${name(e)} leaves the page`);
}
if (performance.getEntriesByType('resource').length) faults.push('asked for something from a network');
return [...new Set(faults)];
"""


def browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def look(driver: webdriver.Chrome, page: Path, width: int, scheme: str, folder: Path) -> list[str]:
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    driver.get(page.as_uri())
    faults = driver.execute_script(FAULTS)
    driver.execute_script("document.querySelectorAll('details').forEach(e => e.open = true)")
    faults += [fault for fault in driver.execute_script(FAULTS) if fault not in faults]
    driver.execute_script("document.querySelectorAll('details').forEach(e => e.open = false)")
    faults += [entry["message"] for entry in driver.get_log("browser")]
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"})
    (folder / f"{page.stem}-{scheme}-{width}.png").write_bytes(base64.b64decode(picture["data"]))
    return faults


def main() -> int:
    folder, binary, *given = map(Path, sys.argv[1:])
    pages = given or runs.pages(binary, folder)
    wrong = 0
    driver = browser()
    try:
        for page in pages:
            for scheme in SCHEMES:
                for width in WIDTHS:
                    faults = look(driver, page, width, scheme, folder)
                    wrong += len(faults)
                    for fault in faults:
                        print(f"{page.name}, {scheme}, {width} px: {fault}")
            print(f"{page.name}: {page.stat().st_size // 1024} KiB, looked at in {len(SCHEMES) * len(WIDTHS)} ways")
    finally:
        driver.quit()
    print(f"report-screenshots: {len(pages)} pages, {wrong} fault{'' if wrong == 1 else 's'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
