"""The page of Examples/Page, as people use it: docs/browsers.md says what each of these tests shows.

tools/browser names this file to pytest; by its name no other collection takes it, and its Selenium, for its own.
"""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from accounts import Client, User
from browser import Browser, chromium
from gateway import Gateway, certificate, gateway
from server import Server

ANN = User("ann")
APP = Client("app", options=("--grace", "30s"))
COOKIE = "__Host-refresh-token"
HOST, SIBLING, STRANGER = "shop.test", "blog.shop.test", "evil.test"


@dataclass
class Shop:
    server: Server
    gateway: Gateway
    context: ssl.SSLContext

    @property
    def url(self) -> str:
        return self.gateway.url(HOST)


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, ssl.SSLContext]]:
    folder: Path = tmp_path_factory.mktemp("shop", numbered=False)
    settings = "http: { trustProxy: true }\ncookies: { client: app }\n"
    server = Server(folder, (ANN,), (APP,), settings)
    context = certificate(folder)
    with server.start():
        yield server, context


@pytest.fixture
def shop(grounds: tuple[Server, ssl.SSLContext]) -> Iterator[Shop]:
    server, context = grounds
    with gateway(context, server.port) as made:
        yield Shop(server, made, context)


@pytest.fixture
def browser() -> Iterator[Browser]:
    names = ", ".join(f"MAP {name} 127.0.0.1" for name in (HOST, SIBLING, STRANGER))
    with chromium(arguments=("--ignore-certificate-errors", f"--host-resolver-rules={names}")) as made:
        yield made


def who(browser: Browser) -> str:
    return browser.one("#who").text


def log_in(browser: Browser, shop: Shop) -> None:
    browser.open(shop.url)
    browser.wait(lambda: who(browser) == "nobody")
    browser.fill("[name=username]", ANN.name)
    browser.fill("[name=password]", ANN.password)
    browser.button("Log in").click()
    browser.wait(lambda: who(browser) == ANN.name)


def run(browser: Browser, expression: str):
    """The value of an expression of page.js, whose exports are in `page`."""
    return browser.driver.execute_async_script(
        f"const done = arguments[0]; import('/page.js').then(page => {expression}).then(done, error => done(`${{error}}`))"
    )


def begin(browser: Browser, expression: str) -> None:
    """Begins it; `outcome` tells the value."""
    browser.driver.execute_script(
        "window.outcome = undefined; import('/page.js').then(page => "
        f"{expression}).then(value => window.outcome = value, error => window.outcome = `${{error}}`)"
    )


def outcome(browser: Browser):
    browser.wait(lambda: browser.driver.execute_script("return window.outcome !== undefined"))
    return browser.driver.execute_script("return window.outcome")


def cookie(browser: Browser) -> str | None:
    found = [each for each in browser.driver.get_cookies() if each["name"] == COOKIE]
    return found[0]["value"] if found else None


def elsewhere(shop: Shop, method: str, path: str, headers: dict[str, str]) -> tuple[int, str, str]:
    """What a program on another machine gets: status, body, Set-Cookie."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", shop.gateway.port, context=context, timeout=30)
    try:
        connection.request(method, path, headers={"Host": f"{HOST}:{shop.gateway.port}"} | headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode(), reply.getheader("Set-Cookie") or ""
    finally:
        connection.close()


def test_the_refresh_token_is_out_of_the_reach_of_scripts_and_survives_a_reload(shop: Shop, browser: Browser):
    log_in(browser, shop)
    (kept,) = [each for each in browser.driver.get_cookies() if each["name"] == COOKIE]
    assert kept["httpOnly"] and kept["secure"] and kept["sameSite"] == "Strict" and kept["path"] == "/"
    assert kept["domain"] == HOST
    assert COOKIE not in browser.driver.execute_script("return document.cookie")
    stored = browser.driver.execute_script("return JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert stored == "[{},{}]"
    browser.driver.refresh()
    browser.wait(lambda: who(browser) == ANN.name)
    assert cookie(browser) != kept["value"]


def test_two_tabs_that_refresh_at_once_share_one_rotation(shop: Shop, browser: Browser):
    log_in(browser, shop)
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(shop.url)
    browser.wait(lambda: who(browser) == ANN.name)
    second = browser.driver.current_window_handle
    before, count = cookie(browser), len(shop.gateway.refreshes())
    # Neither is passed on before both are there.
    shop.gateway.meeting = threading.Barrier(2)
    for tab in (first, second):
        browser.driver.switch_to.window(tab)
        begin(browser, "page.refresh()")
    for tab in (first, second):
        browser.driver.switch_to.window(tab)
        assert outcome(browser) is True
    shop.gateway.meeting = None
    one, other = shop.gateway.refreshes()[count:]
    assert (one.status, other.status) == (200, 200)
    assert one.cookie == other.cookie == f"{COOKIE}={before}"
    assert one.set_cookies[0].split(";")[0] == other.set_cookies[0].split(";")[0] == f"{COOKIE}={cookie(browser)}"
    # Both go on, with what both have.
    for tab in (first, second):
        browser.driver.switch_to.window(tab)
        assert run(browser, "page.call('/me').then(reply => reply.status)") == 200
    assert run(browser, "page.refresh()") is True


def test_a_lost_reply_is_made_up_for(shop: Shop, browser: Browser):
    log_in(browser, shop)
    before, count = cookie(browser), len(shop.gateway.refreshes())
    shop.gateway.to_lose = 2
    assert run(browser, "page.refresh()") is True
    lost, again, got = shop.gateway.refreshes()[count:]
    assert lost.status == again.status == got.status == 200
    assert lost.cookie == got.cookie == f"{COOKIE}={before}" and lost.set_cookies[0].split(";")[0] == got.set_cookies[0].split(";")[0]
    assert run(browser, "page.call('/me').then(reply => reply.status)") == 200


def test_a_stolen_cookie_that_is_used_elsewhere_ends_the_session(shop: Shop, browser: Browser):
    log_in(browser, shop)
    stolen = {"Cookie": f"{COOKIE}={cookie(browser)}", "Sec-Fetch-Site": "same-origin"}
    status, body, taken = elsewhere(shop, "POST", "/session/refresh", stolen)
    assert status == 200
    bearer = {"Authorization": f"Bearer {json.loads(body)['access_token']}"}
    # Two holders that refresh within a second are taken for two tabs. After that the use of the new pair closes the window: at the latest
    # two seconds after the rotation, since the access token names the second of its issue alone.
    time.sleep(2.1)
    assert elsewhere(shop, "GET", "/me", bearer)[0] == 200
    assert run(browser, "page.refresh()") is False
    assert elsewhere(shop, "GET", "/me", bearer)[0] == 401
    thief = {"Cookie": taken.split(";")[0], "Sec-Fetch-Site": "same-origin"}
    assert elsewhere(shop, "POST", "/session/refresh", thief)[0] == 400
    browser.driver.refresh()
    browser.wait(lambda: who(browser) == "nobody")


FORM = """<!doctype html><title>{name}</title><main>
<form method="post" action="{url}/session/{route}"><input name="everywhere" value="true"><button>Win</button></form>
<script>fetch("{url}/session/{route}", {{ method: "POST", mode: "no-cors", credentials: "include" }})
.then(() => document.title = "sent", () => document.title = "sent")</script></main>"""


@pytest.mark.parametrize("host", [SIBLING, STRANGER])
def test_a_form_or_script_of_another_site_is_refused(shop: Shop, browser: Browser, host: str):
    """Also of a sibling subdomain, whose requests browsers send with the cookie: it is the same site."""
    log_in(browser, shop)
    held = cookie(browser)
    for route in ("logout", "refresh", "login"):
        document = FORM.format(name=route, url=shop.url, route=route)
        with gateway(shop.context, None, {"/": document}) as attacker:
            count = len(shop.gateway.passed)
            browser.open(attacker.url(host))
            browser.wait(lambda: browser.driver.title == "sent")
            browser.button("Win").click()
            browser.wait(lambda: browser.driver.current_url.startswith(shop.url))
            sent = [each for each in shop.gateway.passed[count:] if each.path == f"/session/{route}"]
            assert len(sent) == 2 and all(each.status == 403 and each.set_cookies == [] for each in sent)
            if host == SIBLING:
                assert sent[0].cookie == f"{COOKIE}={held}"
    browser.open(shop.url)
    browser.wait(lambda: who(browser) == ANN.name)


def test_another_port_of_the_same_host_is_another_origin(shop: Shop, browser: Browser):
    log_in(browser, shop)
    document = FORM.format(name="port", url=shop.url, route="logout")
    with gateway(shop.context, None, {"/": document}) as attacker:
        browser.open(attacker.url(HOST))
        browser.wait(lambda: browser.driver.title == "sent")
        assert shop.gateway.passed[-1].status == 403 and shop.gateway.passed[-1].cookie is not None


def test_a_log_out_in_one_tab_ends_the_other(shop: Shop, browser: Browser):
    log_in(browser, shop)
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(shop.url)
    browser.wait(lambda: who(browser) == ANN.name)
    held = {"Cookie": f"{COOKIE}={cookie(browser)}", "Sec-Fetch-Site": "same-origin"}
    access = json.loads(elsewhere(shop, "POST", "/session/refresh", held)[1])["access_token"]
    bearer = {"Authorization": f"Bearer {access}"}
    assert elsewhere(shop, "GET", "/me", bearer)[0] == 200
    browser.button("Log out").click()
    browser.wait(lambda: who(browser) == "nobody")
    assert cookie(browser) is None
    browser.driver.switch_to.window(first)
    browser.wait(lambda: who(browser) == "nobody")
    # Not only forgotten by the pages: ended at the server.
    assert elsewhere(shop, "GET", "/me", bearer)[0] == 401
    assert run(browser, "page.refresh()") is False
