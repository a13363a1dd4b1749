"""Makes the pictures of the README from the example sessions.

`make screenshots` runs it. Needs what the browser tests need: selenium, chromium and chromedriver. Nothing is drawn by
hand: the labels are those of the shipped model, the page is served by `mendline review`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from browser import SHIPPED, Chromium, Page, find_browser, serve

EXAMPLES = Path(__file__).parents[1] / "examples"
PICTURES = Path(__file__).parent
MOST_BYTES = 200_000


def review_pages(page: Page, folder: Path) -> None:
    """A session in the middle of being reviewed, light and dark."""
    with serve(folder, "--coder", "Kim", annotator=SHIPPED) as server:
        page.driver.get(server.link)
        page.driver.get(link_to(page, "couple-session"))
        page.ready()
        page.press(*["j"] * 24, "2", "c")  # "There you go. Every time.": the model takes it for neutral
        page.settled()
        keep(page, "review-light.png")
        page.media(prefers_color_scheme="dark")
        page.driver.get(f"{server.address}/")
        page.driver.get(link_to(page, "parent-child"))
        page.ready()
        page.press("n", "n", "n")
        keep(page, "review-dark.png")
        page.media()


def link_to(page: Page, session: str) -> str:
    """The address of a session in the list of sessions."""
    (link,) = (each for each in page.all(".sessions a") if each.text == session)
    return link.get_attribute("href") or ""


def report_page(page: Page, folder: Path) -> None:
    """The upper part of a report."""
    target = folder / "report.html"
    command = [sys.executable, "-m", "mendline", "report", folder / "parent-child.srt", "-o", target]
    subprocess.run(command, check=True)  # noqa: S603  (our own command)
    page.size(1100, 900)
    page.driver.get(target.as_uri())
    keep(page, "report.png")


def keep(page: Page, name: str) -> None:
    """Save what is to be seen. Fails where a picture is too large for a README."""
    page.later("setTimeout(arguments[0], 400)")  # what a pointer or a message left fades
    PICTURES.mkdir(exist_ok=True)
    target = PICTURES / name
    page.driver.save_screenshot(str(target))
    size = target.stat().st_size
    print(f"{target.relative_to(EXAMPLES.parent)}: {size / 1000:.0f} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"{name} has more than {MOST_BYTES / 1000:.0f} kB")


def main() -> None:
    """Make all pictures."""
    driver = Chromium(*find_browser())
    try:
        page = Page(driver)
        page.size(1200, 740)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for each in ("couple-session.txt", "parent-child.srt"):
                shutil.copy(EXAMPLES / each, folder)
            review_pages(page, folder)
            report_page(page, folder)
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
