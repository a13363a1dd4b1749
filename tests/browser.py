"""A real browser on a real server: fixtures and helpers for tests of the review page. Needs selenium and a Chromium.

The server is `mendline review` in a process of its own, with its command line, store and sockets; only the annotator is
the stand-in of conftest.py, unless a test wants the shipped one. Where no browser is installed the tests are skipped,
or fail if the environment variable MENDLINE_BROWSER says "required".
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

PATIENCE = 60.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
HERE = Path(__file__).parent

STAND_IN = """
from conftest import StandIn
from mendline.model.annotator import Annotator
Annotator.load = lambda folder=None, *, threads=None: StandIn()
from mendline.cli import main
main()
"""
SHIPPED = "from mendline.cli import main; main()"
WATCH = """
window.complaints = [];
addEventListener("securitypolicyviolation", (event) =>
  complaints.push(`${event.violatedDirective} ${event.blockedURI}`));
addEventListener("error", (event) => complaints.push(`error: ${event.message}`));
addEventListener("unhandledrejection", (event) => complaints.push(`rejection: ${event.reason}`));
"""


class Chromium(webdriver.Chrome):
    """Headless Chromium that never asks the network for anything."""

    def __init__(self, browser: str, driver: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for switch in (
            "headless=new",
            "disable-background-networking",
            "disable-component-update",
            "disable-dev-shm-usage",
            "disable-gpu",
            "disable-sync",
            "no-first-run",
            "autoplay-policy=no-user-gesture-required",
            "mute-audio",
            "window-size=1280,800",
        ):
            options.add_argument(f"--{switch}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # Chromium refuses to start as root with it, as in containers.
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        super().__init__(options=options, service=webdriver.ChromeService(executable_path=driver))
        self.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})


def find_browser() -> tuple[str, str]:
    """The Chromium and the driver that are installed; skips, or fails where they are required."""
    drivers = os.environ.get("CHROMEWEBDRIVER")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver") or (shutil.which("chromedriver", path=drivers) if drivers else None)
    if browser and driver:
        return browser, driver
    reason = "no chromium and chromedriver here (on Debian: apt-get install chromium chromium-driver)"
    if os.environ.get("MENDLINE_BROWSER") == "required":
        pytest.fail(f"MENDLINE_BROWSER=required, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One browser for all tests."""
    driver = Chromium(*find_browser())
    yield driver
    driver.quit()


@dataclass(frozen=True, slots=True)
class Server:
    """A running `mendline review`."""

    process: subprocess.Popen[str]
    link: str

    @property
    def address(self) -> str:
        return self.link.partition("/open")[0]

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def serve(*arguments: object, annotator: str = STAND_IN) -> Iterator[Server]:
    """`mendline review` with arguments, until the block ends."""
    command = [sys.executable, "-c", annotator, "review", "--no-browser", *map(str, arguments)]
    environment: Mapping[str, str] = os.environ | {"PYTHONPATH": str(HERE), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        if "http://" not in line:
            process.kill()
            raise AssertionError(f"no link: {line}{process.stderr.read()}")
        server = Server(process, line[line.index("http://") :].strip())
        try:
            yield server
        finally:
            server.stop()


class Page:
    """What a person sees and does on the review page."""

    def __init__(self, driver: Chromium) -> None:
        self.driver = driver

    def open(self, link: str) -> None:
        self.driver.get(link)
        self.ready()

    def ready(self) -> None:
        self.until(lambda: self.script("return performance.getEntriesByName('mendline-ready').length"), "the page")

    def reload(self) -> None:
        self.driver.refresh()
        self.ready()

    def script(self, source: str, *arguments: object) -> object:
        return self.driver.execute_script(source, *arguments)

    def later(self, source: str, *arguments: object) -> object:
        return self.driver.execute_async_script(source, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, *keys: str) -> None:
        """Real keys, to whatever has the focus."""
        for key in keys:
            ActionChains(self.driver, duration=0).send_keys(key).perform()

    def chord(self, held: str, key: str) -> None:
        ActionChains(self.driver, duration=0).key_down(held).send_keys(key).key_up(held).perform()

    def until(self, true: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.02)

    def saved(self) -> None:
        """Wait until all is saved, and nothing was refused."""
        self.until(lambda: self.text("#saved") == "saved", "saving")

    def settled(self) -> None:
        """Wait until all is saved and the episodes have followed, so that the server can stop."""
        self.saved()
        self.until(lambda: self.find("#episodes-part").get_attribute("aria-busy") is None, "the episodes")

    def text(self, selector: str) -> str:
        """The text of an element, also where it is not on screen."""
        return " ".join(str(self.find(selector).get_property("textContent")).split())

    @property
    def current(self) -> int:
        """The current turn, by what screen readers are pointed to."""
        pointed = self.find("#transcript").get_attribute("aria-activedescendant")
        assert pointed is not None
        assert "current" in (self.find(f"#{pointed}").get_attribute("class") or "").split()
        return int(pointed.removeprefix("turn-"))

    def row(self, turn: int) -> str:
        """What the row of a turn says, as it is read out."""
        return str(self.find(f"#turn-{turn}").get_attribute("aria-label"))

    def live(self, words: str) -> None:
        self.until(lambda: words in self.text("#live"), f"{words!r}, said is {self.text('#live')!r}")

    def size(self, width: int, height: int, *, scale: float = 1) -> None:
        """Set the window in CSS pixels; `scale` is what the browser's zoom does to them."""
        values = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", values)

    def media(self, **features: str) -> None:
        """Media features, such as prefers_color_scheme="dark"."""
        found = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": found})

    def network(self, *, offline: bool = False, latency: int = 0) -> None:
        self.driver.execute_cdp_cmd("Network.enable", {})
        values = {"offline": offline, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", values)

    def complaints(self) -> Sequence[str]:
        """What the browser complained of since it was last asked: policy violations, errors, its console."""
        console = [str(entry["message"]) for entry in self.driver.get_log("browser")]
        found = self.script("return (window.complaints ?? []).splice(0)")
        assert isinstance(found, list)
        return [*console, *found]


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A page in the shared browser, as new. Fails if anything but what the test asked for was complained of."""
    chromium.get("about:blank")
    chromium.get_log("browser")
    chromium.get_log("performance")
    each = Page(chromium)
    each.size(1280, 800)
    yield each
    each.network()
    each.media()
    complaints = each.complaints()
    chromium.get("about:blank")
    if complaints:
        raise AssertionError("\n".join(complaints))
