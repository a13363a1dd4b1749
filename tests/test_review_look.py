"""What the review page's files promise: nothing inline, nothing from elsewhere, colours that can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import find_browser

WEB = Path(__file__).parents[1] / "review" / "web"
REPORT = Path(__file__).parents[1] / "review" / "report" / "templates" / "report.css"
SCRIPTS = sorted((WEB / "static").glob("*.js"))
STYLES = sorted((WEB / "static").glob("*.css"))
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
TEXTS = ("text", "soft", "link", "withdrawal", "confrontation", "repair", "neutral", "repaired", "attempted", "open")


def schemes(style: Path) -> dict[str, dict[str, str]]:
    """The colours by name, light and dark, as six digits."""
    text = style.read_text(encoding="utf-8")
    light, dark = text.split("@media (prefers-color-scheme: dark)", 1)
    dark = dark.split("\n}\n", 1)[0]
    return {name: dict(re.findall(r"--([a-z]+): #([0-9a-f]{6});", part)) for name, part in
            (("light", light), ("dark", dark))}  # fmt: skip


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio of two colours."""
    lights = []
    for colour in (one, other):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_contrast_is_computed_as_the_guidelines_say():
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(scheme: str):
    colours = schemes(WEB / "static" / "colours.css")[scheme]
    for ground in ("ground", "panel", "here"):
        for name in TEXTS:
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ("edge", "focus"):
            assert contrast(colours[name], colours[ground]) >= 3, (name, ground)
    assert contrast(colours["text"], colours["warn"]) >= 4.5
    assert contrast(colours["open"], colours["warn"]) >= 3


def test_colours_are_those_of_the_report():
    page, report = schemes(WEB / "static" / "colours.css"), schemes(REPORT)
    assert len(report["light"]) > 15
    for scheme, colours in report.items():
        assert colours.items() <= page[scheme].items()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_nothing_inline_and_nothing_from_elsewhere(template: Path):
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe|autoescape", text)
    assert not re.search(r"<script(?! type=\"module\" src=\"/static/[a-z]+\.js\"></script>)", text)
    assert not re.search(r"(?:src|href)=\"(?!/static/|/(?:api/)?sessions/\{\{|/\"|#|\{\{ media\.url)", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_markup_and_ask_nobody_else(script: Path):
    text = script.read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)  # types in comments are imported too
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|Function\(", code)
    assert not re.search(r"\w+://|localStorage|sessionStorage|indexedDB|sendBeacon|import\(", code)
    assert set(re.findall(r"from \"([^\"]+)\"", text)) <= {f"./{each.name}" for each in SCRIPTS}
    assert len(text.splitlines()) <= 300


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_styles_load_nothing(style: Path):
    assert not re.search(r"@import|url\(|expression\(", style.read_text(encoding="utf-8"))


def test_every_element_that_a_script_asks_for_is_in_the_template():
    asked = {name for script in SCRIPTS for name in re.findall(r"byId\(\"([a-z-]+)\"\)", script.read_text("utf-8"))}
    there = re.findall(r"\bid=\"([a-z-]+)\"", (WEB / "templates" / "session.html").read_text(encoding="utf-8"))
    assert len(asked) > 30
    assert asked <= set(there)
    there.remove("media")  # once as sound, once as video
    assert len(there) == len(set(there))


def test_every_script_is_reached_from_the_page():
    reached, todo = set(), ["main.js"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += re.findall(r"[\"(]\./([a-z]+\.js)\"", (WEB / "static" / name).read_text(encoding="utf-8"))
    assert reached == {script.name for script in SCRIPTS}
    page = (WEB / "templates" / "session.html").read_text(encoding="utf-8")
    early = re.findall(r"<link rel=\"modulepreload\" href=\"/static/([a-z]+\.js)\">", page)
    assert sorted([*early, "main.js", "types.js"]) == sorted(reached)  # all at once, not one after the other


def test_without_a_browser_tests_are_skipped_or_fail_where_it_is_required(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMEWEBDRIVER", raising=False)
    monkeypatch.delenv("MENDLINE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium chromium-driver"):
        find_browser()
    monkeypatch.setenv("MENDLINE_BROWSER", "required")
    with pytest.raises(pytest.fail.Exception, match="no chromium and chromedriver here"):
        find_browser()
