"""The console, as whoever runs a server uses it.

tools/browser names this file to pytest; by its name no other collection takes it, and its Selenium, for its own.
"""

import os
import signal
from pathlib import Path

import pytest

from browser import NARROW, WIDE, Browser, chromium
from place import ANN, LONG, TRICKY, Place, place  # noqa: F401


def enter(browser: Browser, place: Place) -> None:
    """By the admin client."""
    browser.open(place.url)
    assert browser.path == "/console/sign-in"
    browser.fill("#client", place.admin.id)
    browser.fill("#secret", place.admin.secret or "")
    browser.press("Sign in")
    assert browser.path == "/console"


def new_link(place: Place) -> str:
    before = place.link()
    os.kill(place.server.pid, signal.SIGUSR1)
    for _ in range(500):
        if place.link() != before:
            return place.link()
        signal.sigtimedwait([], 0.01)
    raise AssertionError("SIGUSR1 printed no link")


def test_link_search_timeline_revocation(place: Place):
    """The link of the terminal signs in; a subject is found, its session's life is told, the session is revoked."""
    with chromium() as browser:
        link = new_link(place)
        browser.open(link)
        browser.press("Sign in")
        assert browser.path == "/console"
        assert "one-time link" in browser.one("header").text
        assert "Ready: changes are accepted" in browser.text
        assert "A used refresh token came again" in browser.text

        browser.press("Sessions")
        browser.fill("#subject", ANN.name)
        browser.press("Find")
        rows = browser.all("tbody tr")
        assert [row.find_element("css selector", "code").text for row in rows] == [place.live]
        browser.press(place.live)
        told = browser.text
        for words in ("Live", "Opened", "Refreshed 6 times in a row", "Pair repeated: replayed in the grace window"):
            assert words in told

        browser.press("Revoke this session…")
        assert "Revoke this session?" in browser.text
        browser.press("Cancel")
        assert "Live" in browser.text
        browser.press("Revoke this session…")
        browser.press("Revoke the session")
        assert "The session was revoked." in browser.text
        assert "Ended" in browser.text and "Revoked on request" in browser.text

        browser.open(f"{place.url}/sessions?subject={ANN.name}")
        assert "No live session was found." in browser.text
        browser.press("Look for ended sessions too")
        ended = {row.find_element("css selector", "code").text: row.text for row in browser.all("tbody tr")}
        assert set(ended) == {place.live, place.reused}
        assert "a used token came again" in ended[place.reused]
        browser.press(place.reused)
        assert "Reused: a used refresh token came again" in browser.text

        browser.press("Sign out")
        browser.open(place.url)
        assert browser.path == "/console/sign-in"
        # The link was used up.
        browser.open(link)
        browser.press("Sign in")
        assert "used already" in browser.text
        complaints = [line for line in browser.complaints() if "403" not in line]
        assert complaints == []


def test_names_are_text_and_nothing_breaks_the_policy(place: Place):
    with chromium() as browser:
        enter(browser, place)
        for path in ("", "/sessions", "/keys", "/log", f"/sessions/{place.reused}", "/sign-in", "/link?secret=none"):
            browser.open(f"{place.url}{path}")
            assert browser.complaints() == []
            assert browser.driver.title.endswith("refresh-ledger")
        browser.open(f"{place.url}/sessions")
        browser.fill("#subject", TRICKY.name)
        browser.press("Find")
        assert len(browser.all("tbody tr")) == 3
        assert TRICKY.name in browser.one("tbody").text
        assert browser.driver.title == "Sessions · refresh-ledger"
        browser.press("Revoke all of them…")
        assert TRICKY.name in browser.text
        assert browser.complaints() == []
        # The policy is in force: a script of the page itself is not run.
        browser.driver.execute_script(
            "const s = document.createElement('img'); s.src = 'https://example.invalid/x.png'; document.body.append(s)"
        )
        browser.wait(lambda: any("Content Security Policy" in line for line in browser.complaints()))
        assert browser.all("script:not([src])") == [] and browser.all("style, [style]") == []


def test_figures_renew_themselves(place: Place):
    with chromium() as browser:
        enter(browser, place)
        figure = browser.one("[data-figure=opened-total]")
        before = int(figure.text)
        assert "renew themselves" in browser.text
        place.server.open_session(TRICKY.name, place.admin, place.admin)
        browser.wait(lambda: int(figure.text) > before)
        line = browser.one("[data-line=opened]").get_attribute("points")
        assert len(line.split()) == 60
        assert browser.complaints() == []


def test_all_works_without_a_script(place: Place):
    with chromium(script=False) as browser:
        enter(browser, place)
        assert "Without scripts the figures are those of the moment" in browser.text
        assert "renew themselves" not in browser.text
        place.server.open_session(TRICKY.name, place.admin, place.admin)
        for section in ("Keys", "Log", "Sessions"):
            browser.press(section)
            assert browser.one("h1").text == section
        browser.fill("#subject", TRICKY.name)
        browser.press("Find")
        browser.press("Revoke all of them…")
        browser.press("Revoke all of them")
        assert "of this subject w" in browser.text
        assert "No live session was found." in browser.text
        assert browser.complaints() == []


def test_keyboard_and_screen_reader(place: Place):
    """What a person without a mouse or without sight has to go by is there on every page."""
    with chromium() as browser:
        enter(browser, place)
        for path in ("", "/sessions", "/keys", "/log", f"/sessions/{place.reused}", "/revoke?subject=ann"):
            browser.open(f"{place.url}{path}")
            assert len(browser.all("h1")) == 1 and len(browser.all("main")) == 1
            assert browser.one("html").get_attribute("lang") == "en"
            assert len(browser.all("nav [aria-current=page]")) == 1
            for field in browser.all("input:not([type=hidden])"):
                assert field.accessible_name
            for table in browser.all("table"):
                assert table.find_elements("css selector", "th[scope=col]")
            for section in browser.all("section"):
                assert section.accessible_name
            for element in browser.all("button, a"):
                assert element.accessible_name
        browser.open(place.url)
        active = browser.driver.switch_to.active_element
        active.send_keys("\ue004")
        skip = browser.driver.switch_to.active_element
        assert skip.text == "Skip to the content"
        assert skip.value_of_css_property("outline-style") == "solid"
        skip.send_keys("\ue007")
        assert browser.driver.switch_to.active_element.get_attribute("id") == "main"


@pytest.mark.parametrize("size", [WIDE, NARROW, (320, 640)])
def test_no_page_is_wider_than_the_window(place: Place, size: tuple[int, int]):
    with chromium(size=size) as browser:
        enter(browser, place)
        for path in ("", "/sessions", "/keys", "/log", f"/sessions/{place.reused}", "/revoke?subject=ann"):
            browser.open(f"{place.url}{path}")
            width = browser.driver.execute_script("return document.documentElement.scrollWidth")
            assert width <= size[0], path


@pytest.mark.skipif("CONSOLE_SCREENSHOTS" not in os.environ, reason="CONSOLE_SCREENSHOTS names no folder")
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("dark", [False, True])
def test_pictures(place: Place, size: tuple[int, int], dark: bool):
    folder = Path(os.environ["CONSOLE_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "sign-in": "/sign-in", "link": "/link?secret=none", "overview": "", "sessions": "/sessions?subject=ann&ended=1",
        "all": "/sessions", "timeline": f"/sessions/{place.live}", "reused": f"/sessions/{place.reused}",
        "question": "/revoke?subject=ann", "keys": "/keys", "log": "/log",
    }
    for subject in (ANN.name, TRICKY.name, LONG.name):
        pair = place.server.open_session(subject, place.admin, place.admin)
        place.server.refresh(pair["refresh_token"], place.admin)
    own = place.server.request("GET", "/me", bearer=pair["access_token"]).json["session"]
    pages |= {"live": f"/sessions/{own}", "one": f"/sessions/{own}/revoke"}
    with chromium(dark=dark, size=size) as browser:
        enter(browser, place)
        for name, path in pages.items():
            browser.open(f"{place.url}{path}")
            height = browser.driver.execute_script("return document.documentElement.scrollHeight")
            browser.driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": size[0], "height": max(height, size[1]), "deviceScaleFactor": 1, "mobile": size == NARROW},
            )
            tone = "dark" if dark else "light"
            browser.driver.save_screenshot(str(folder / f"{name}-{size[0]}-{tone}.png"))
