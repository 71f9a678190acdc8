"""Chromium without a window, and what a test asks of it."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

WIDE = (1280, 900)
NARROW = (390, 844)


@contextmanager
def chromium(
    script: bool = True, dark: bool = False, size: tuple[int, int] = WIDE, arguments: tuple[str, ...] = ()
) -> Iterator["Browser"]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars", *arguments):
        options.add_argument(argument)
    options.add_argument(f"--window-size={size[0]},{size[1]}")
    if os.geteuid() == 0:
        # Its sandbox does not run as root, as in containers.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not script:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == NARROW},
        )
        yield Browser(driver)
    finally:
        driver.quit()


class Browser:
    def __init__(self, driver: webdriver.Chrome):
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def button(self, text: str) -> WebElement:
        """The one button or link with that text."""
        found = [element for element in self.all("button, a") if element.text == text]
        assert len(found) == 1, f"{len(found)} of {text!r} on {self.driver.current_url}"
        return found[0]

    def press(self, text: str) -> None:
        """Presses it, and waits for the page that it leads to."""
        old = self.one("html")
        self.button(text).click()
        self.wait(lambda: self.one("html") != old)

    def fill(self, selector: str, text: str) -> None:
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    @property
    def text(self) -> str:
        return self.one("main").text

    @property
    def path(self) -> str:
        return re.sub(r"^https?://[^/]+", "", self.driver.current_url)

    def wait(self, condition, seconds: float = 10) -> None:
        WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(lambda _: condition())

    def complaints(self) -> list[str]:
        """What the browser wrote to its console since the last call: violations of the policy, faults of the script, missing files."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
