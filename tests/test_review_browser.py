"""The review page in a real browser, from its link to what is saved."""

from __future__ import annotations

import json
import math
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import browser
import pytest
from browser import Chromium, Page, Server, serve
from selenium.webdriver.common.keys import Keys

chromium, page = browser.chromium, browser.page

TALK = """\
Ana: We went to the shop on Saturday.
Ben: You never listen to me.
Ana: Whatever.
Ben: I am sorry, that was unfair of me.
Ana: Thank you, that helps me a lot.
Ben: Maybe we could go again.
Ana: Yes, let us do that together.
Ben: We could take the bus this time.
Ana: And buy the good bread on the corner.
Ben: You know that I like the dark one.
Ana: They have both of them on Fridays.
Ben: Hm.
Ana: And then we could cook for your mother.
"""
LABELS = ["neutral", "confrontation", "withdrawal", "repair", *["neutral"] * 7, "withdrawal", "neutral"]


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.txt"
    path.write_text(TALK, encoding="utf-8")
    return path


@pytest.fixture
def server(talk: Path) -> Iterator[Server]:
    with serve(talk, "--coder", "Kim") as each:
        yield each


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory, chromium: Chromium) -> Iterator[Server]:
    """A server for many tests, whose link the browser has opened."""
    path = tmp_path_factory.mktemp("lasting") / "talk.txt"
    path.write_text(TALK, encoding="utf-8")
    with serve(path, "--coder", "Kim") as each:
        chromium.get(each.link)
        yield each


UNDO_ALL = """
const done = arguments[arguments.length - 1];
const headers = { "Content-Type": "application/json",
  "X-Mendline-CSRF": document.querySelector("meta[name=csrf]").content };
const undo = `/api/sessions/${document.getElementById("review").dataset.session}/undo`;
(async () => {
  for (;;) {
    const answer = await (await fetch(undo, { method: "POST", headers, body: "{}" })).json();
    if (answer.turn === null) return done();
  }
})();
"""


@pytest.fixture
def opened(lasting: Server, page: Page) -> Page:
    """The page of a session that nobody has coded, on a server that other tests use too."""
    page.open(lasting.address)
    page.later(UNDO_ALL)
    page.reload()
    return page


# What is shown


def test_the_link_opens_the_only_session_once(server: Server, page: Page, chromium: Chromium):
    page.open(server.link)
    assert page.find("h1").text == "talk"
    assert "token" not in chromium.current_url
    assert page.find("#people-rows").text == "Ana ▽ 1 ▲ 0 ● 0\nBen ▽ 1 ▲ 1 ● 1"
    assert page.text("#coded") == "0 of 13 turns coded by you"
    assert page.text("#check") == "2 to check"
    chromium.delete_all_cookies()
    chromium.get(server.link)
    assert page.find("h1").text == "This page cannot be shown"
    assert "mendline review" in page.text("main")
    assert any("403" in complaint for complaint in page.complaints())


def test_every_row_says_what_it_is(opened: Page):
    listbox = opened.find("#transcript")
    assert (listbox.get_attribute("role"), listbox.accessible_name) == ("listbox", "Turns of the session")
    rows = opened.all("#transcript [role=option]")
    assert [row.get_attribute("aria-posinset") for row in rows] == [str(place) for place in range(1, 14)]
    assert {row.get_attribute("aria-setsize") for row in rows} == {"13"}
    assert opened.row(1) == "Turn 1, Ben, confrontation, attack, by the model, 91\u00a0%: You never listen to me."
    assert opened.row(11) == "Turn 11, Ben, withdrawal, avoid, by the model, 45\u00a0%, to check: Hm."
    assert rows[1].accessible_name == opened.row(1)
    assert [opened.find(f"#turn-{turn}").get_attribute("class").split()[1] for turn in range(13)] == LABELS


def test_episodes_are_told_and_lead_to_their_turns(opened: Page):
    assert opened.text("#outcomes-part .headline p") == "2 rupture episodes"
    assert opened.text("#outcomes") == "✓ 1 repaired◐ 0 attempted○ 1 open"
    assert opened.text("#first") == "Look first at episode 2 (open)."
    first, second = opened.all(".episode")
    assert "1 ✓ repaired turns 1 to 4" in first.text
    assert "Begins with Ben. 1 repair attempt: 1 accepted." in first.text
    assert "Nobody tried to repair." in second.text
    second.click()
    assert opened.current == 11
    assert opened.script("return document.activeElement.id") == "transcript"
    assert [each.get_attribute("aria-current") for each in (first, second)] == [None, "true"]


def test_the_timeline_draws_and_a_click_moves(opened: Page):
    painted = opened.script("""
      const canvas = document.getElementById("timeline");
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const colours = new Set();
      for (let at = 0; at < pixels.length; at += 4)
        if (pixels[at + 3] === 255) colours.add(pixels.slice(at, at + 3).join());
      return [...colours];""")
    assert isinstance(painted, list)
    # Withdrawal and its outline, confrontation, repair, and the mark of the current turn.
    assert {"10,95,158", "176,58,0", "8,105,74", "11,87,164"} <= set(painted)
    opened.script("""
      const canvas = document.getElementById("timeline");
      const { left, top } = canvas.getBoundingClientRect();
      const at = { bubbles: true, clientX: left + 60, clientY: top + 22 + 20 * 2.5 };
      canvas.dispatchEvent(new PointerEvent("pointermove", at));
      canvas.dispatchEvent(new MouseEvent("click", at));""")
    assert opened.current == 2
    assert opened.text("#tip") == "2 · Ana · ▽ withdrawal, minimal 65 % Whatever."


# Moving


def test_keys_move(opened: Page):
    assert opened.current == 0
    opened.press("j", "j")
    assert opened.current == 2
    opened.press("k")
    assert opened.current == 1
    opened.press("n")
    assert opened.current == 2
    opened.press("n")
    assert opened.current == 11
    opened.press("n")
    opened.live("No rupture after this one.")
    opened.chord(Keys.SHIFT, "n")
    assert opened.current == 2
    opened.press("u")
    assert opened.current == 5
    opened.press("u")
    assert opened.current == 11
    opened.chord(Keys.SHIFT, "u")
    assert opened.current == 5
    opened.find("#transcript").click()
    opened.press(Keys.END)
    assert opened.current == 12
    opened.press(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_DOWN)
    assert opened.current == 11
    opened.press(Keys.HOME)
    assert opened.current == 0
    opened.find("#turn-4").click()
    assert opened.current == 4


def test_keys_do_nothing_while_somebody_types_or_a_dialog_is_open(opened: Page):
    opened.press("/", "j", "1", "z")
    assert opened.find("#find").get_property("value") == "j1z"
    assert opened.all(".row.coded") == []
    opened.press(*[Keys.BACKSPACE] * 3, Keys.ESCAPE, "?")
    assert opened.find("#help").get_property("open")
    assert "renegotiate" in opened.text("#help-labels")
    opened.press("j", "1")
    assert (opened.current, opened.all(".row.coded")) == (0, [])
    opened.press(Keys.ESCAPE)
    assert not opened.find("#help").get_property("open")
    opened.chord(Keys.CONTROL, "1")
    assert opened.all(".row.coded") == []


def test_keys_can_be_kept_to_the_transcript(opened: Page):
    opened.press("?")
    opened.find("#keys-everywhere").click()
    opened.press(Keys.ESCAPE)
    opened.find("#help-button").send_keys("j")
    assert opened.current == 0
    opened.find("#transcript").send_keys("j")
    assert opened.current == 1


# Coding


def test_a_turn_is_coded_saved_and_there_after_loading_again(opened: Page):
    opened.press("j", "3")
    opened.live("Turn 1: repair. Saved.")
    opened.press("v", "q", "t")
    opened.press("She came back.", Keys.ESCAPE)
    opened.saved()
    told = "Turn 1, Ben, repair, validate, coded by you, the model said confrontation, you are not sure, has a note"
    assert opened.row(1) == f"{told}: You never listen to me."
    assert "✎ you · model: confrontation 91 %" in opened.find("#turn-1 .who").text
    opened.until(lambda: opened.text("#coded") == "1 of 13 turns coded by you", "the count")
    opened.reload()
    opened.press("j")
    assert opened.row(1) == f"{told}: You never listen to me."
    assert opened.find("#note").get_property("value") == "She came back."
    assert opened.find("#unsure").get_attribute("aria-pressed") == "true"
    assert opened.find("[data-marker=validate]").get_attribute("aria-pressed") == "true"
    assert opened.find(".choice.repair").get_attribute("aria-pressed") == "true"


def test_confirming_the_model_counts_as_coding_and_keeps_its_marker(opened: Page):
    opened.press("n", "2")
    opened.saved()
    assert opened.row(1) == "Turn 1, Ben, confrontation, attack, coded by you: You never listen to me."
    opened.press("a")  # its own letter takes the marker away
    opened.saved()
    assert opened.row(1) == "Turn 1, Ben, confrontation, coded by you: You never listen to me."


def test_marker_letters_act_only_on_a_label_that_has_them(opened: Page):
    opened.press("j", "v")
    assert opened.all(".row.coded") == []
    opened.press("1", "v")
    opened.saved()
    assert opened.row(1).startswith("Turn 1, Ben, withdrawal, coded by you,")
    opened.press("q", "4", "m")
    opened.saved()
    assert opened.row(1).startswith(
        "Turn 1, Ben, neutral, coded by you, the model said confrontation, you are not sure"
    )


def test_undo_goes_back_change_by_change_and_to_the_turn(opened: Page):
    opened.press("1", "j", "2", "c", "j", "j")
    opened.saved()
    opened.press("z")
    opened.live("Undone. Turn 1 is confrontation, attack.")
    assert opened.current == 1
    opened.press("z")
    opened.live("Undone. Turn 1 is not coded by you.")
    opened.press("z")
    opened.live("Undone. Turn 0 is not coded by you.")
    assert opened.current == 0
    opened.press("z")
    opened.live("Nothing is left to undo.")
    assert opened.all(".row.coded") == []


def test_a_coding_is_taken_back(opened: Page):
    opened.press("3", "0")
    opened.saved()
    assert opened.row(0).startswith("Turn 0, Ana, neutral, by the model, 97\u00a0%")
    opened.reload()
    assert opened.text("#coded") == "0 of 13 turns coded by you"


def test_a_mouse_is_enough(opened: Page):
    opened.find("#turn-2").click()
    opened.find(".choice.confrontation").click()
    opened.find("[data-marker=reject]").click()
    opened.find("#unsure").click()
    opened.find("#note").send_keys("Short")
    opened.find("#turn-3").click()
    opened.saved()
    assert opened.row(2).startswith("Turn 2, Ana, confrontation, reject, coded by you, the model said withdrawal, you")
    opened.find("#undo").click()
    opened.live("Undone. Turn 2")
    assert (opened.current, "has a note" in opened.row(2)) == (2, False)


def test_episodes_follow_the_coding(opened: Page):
    opened.press("n", "n", "n", "3")
    opened.until(lambda: opened.text("#outcomes-part .headline p") == "1 rupture episode", "the episodes")
    opened.until(lambda: opened.text("#first").startswith("Every episode was repaired"), "the advice")


def test_a_note_is_kept_for_its_turn_and_needs_a_label(opened: Page):
    opened.press("t")
    opened.live("Label this turn first; a note belongs to your coding.")
    assert not opened.find("#note").is_enabled()
    opened.press("4", "t")
    opened.script("document.getElementById('note').value = 'x'.repeat(1990)")
    opened.press("y" * 20)
    assert len(str(opened.find("#note").get_property("value"))) == 2000
    opened.press(Keys.ESCAPE, "j")
    opened.saved()
    opened.reload()
    assert len(str(opened.find("#note").get_property("value"))) == 2000


# Saving


def test_a_refused_change_is_put_back_and_told(opened: Page):
    opened.press("j", "3")
    opened.saved()
    opened.network(offline=True)
    opened.press("1")
    opened.until(lambda: opened.text("#saved") == "not saved", "the refusal")
    assert opened.row(1).startswith("Turn 1, Ben, repair, coded by you")
    assert "not saved" in opened.find("#turn-1").text
    problem = opened.find("#problem-text").text
    assert problem.startswith("Turn 1 was not saved and is as it was. Mendline does not answer.")
    assert opened.find("[role=alert]").is_displayed()
    opened.network()
    opened.press("1")
    opened.saved()
    assert not opened.find("#problem").is_displayed()
    assert opened.row(1).startswith("Turn 1, Ben, withdrawal, coded by you")
    assert all("ERR_INTERNET_DISCONNECTED" in complaint for complaint in opened.complaints())


def test_leaving_with_unsaved_changes_warns_and_writes_keep_their_order(opened: Page):
    leave = "const event = new Event('beforeunload', { cancelable: true }); return !dispatchEvent(event);"
    assert opened.script(leave) is False
    opened.network(latency=400)
    opened.press("1", "2", "c", "3", "v", "q")
    assert opened.text("#saved") == "saving…"
    assert "saving…" in opened.find("#turn-0").text
    assert opened.script(leave) is True
    opened.network()
    opened.saved()
    assert opened.script(leave) is False
    opened.reload()
    assert opened.row(0).startswith("Turn 0, Ana, repair, validate, coded by you")
    for expected in ("repair, validate", "repair", "confrontation, complain", "confrontation", "withdrawal"):
        opened.press("z")
        opened.live(f"Undone. Turn 0 is {expected}.")


def test_a_typed_note_is_saved_without_leaving_it(opened: Page):
    opened.press("4", "t")
    opened.press("Half a sentence")
    assert opened.script("return !dispatchEvent(new Event('beforeunload', { cancelable: true }))") is True
    opened.until(lambda: "has a note" in opened.row(0), "the note")
    opened.saved()
    assert opened.script("return document.activeElement.id") == "note"
    assert opened.find("#note").get_property("value") == "Half a sentence"


def test_a_server_that_is_gone_is_told(server: Server, page: Page):
    page.open(server.link)
    assert server.stop() == 0
    page.press("1")
    page.until(lambda: page.text("#saved") == "not saved", "the refusal")
    assert "Is `mendline review` still running in its terminal?" in page.text("#problem")
    assert page.row(0).startswith("Turn 0, Ana, neutral, by the model")
    assert all("ERR_CONNECTION_REFUSED" in complaint for complaint in page.complaints())


def test_coders_do_not_see_or_change_each_others_codings(talk: Path, page: Page):
    for coder, key, label in (("Kim", "1", "withdrawal"), ("Lee", "3", "repair")):
        with serve(talk, "--coder", coder) as server:
            page.open(server.link)
            assert page.text("#coded") == "0 of 13 turns coded by you"
            page.press(key)
            page.settled()
            assert page.row(0).startswith(f"Turn 0, Ana, {label}, coded by you")
    with serve(talk, "--coder", "Kim") as server:
        page.open(server.link)
        assert page.row(0).startswith("Turn 0, Ana, withdrawal, coded by you")
        page.press("z")
        page.live("Undone. Turn 0 is not coded by you.")
        page.settled()


# Filters


def shown(page: Page) -> list[int]:
    return [int(row.get_attribute("data-turn") or "") for row in page.all("#transcript [role=option]")]


def test_filters_alone_and_together(opened: Page):
    opened.find("[data-filter=withdrawal]").click()
    opened.live("2 of 13 turns shown.")
    assert shown(opened) == [2, 11]
    assert opened.current == 2
    opened.find("[data-filter=confrontation]").click()
    assert shown(opened) == [1, 2, 11]
    opened.find("#filter-speakers button:nth-child(2)").click()
    assert shown(opened) == [1, 11]
    opened.find("[data-filter=doubtful]").click()
    assert (shown(opened), opened.text("#shown")) == ([11], "1 of 13 turns")
    assert opened.row(11).startswith("Turn 11")
    assert opened.find("#turn-11").get_attribute("aria-setsize") == "1"
    opened.press("/", "mother")
    assert (shown(opened), opened.text("#shown")) == ([], "0 of 13 turns")
    assert opened.find("#empty").is_displayed()
    opened.press(Keys.ESCAPE, "1")
    opened.live("No turn is shown. Change the filters.")
    opened.find("#all-again").click()
    assert shown(opened) == list(range(13))
    assert not opened.find("#empty").is_displayed()
    assert opened.find("#find").get_property("value") == ""


def test_moves_stay_within_what_is_shown(opened: Page):
    opened.find("#filter-speakers button:nth-child(2)").click()
    assert shown(opened) == [1, 3, 5, 7, 9, 11]
    opened.press("j", "j")
    assert opened.current == 5
    opened.press("n")
    assert opened.current == 11
    opened.chord(Keys.SHIFT, "n")
    assert opened.current == 1
    opened.press("u")
    assert opened.current == 5


def test_a_turn_that_is_coded_stays_until_the_next_one(opened: Page):
    opened.find("[data-filter=open-work]").click()
    opened.press("3", "v")
    opened.saved()
    assert shown(opened)[0] == 0
    opened.until(lambda: opened.text("#shown") == "12 of 13 turns", "the count")
    assert opened.row(0).startswith("Turn 0, Ana, repair, validate, coded by you")
    opened.press("j")
    assert (opened.current, shown(opened)[0]) == (1, 1)
    opened.press("z")
    opened.live("Undone.")
    assert (opened.current, shown(opened)[0]) == (0, 0)


# Blind coding


def test_blind_mode_shows_nothing_of_the_model(talk: Path, page: Page, chromium: Chromium):
    with serve(talk, "--coder", "Kim", "--blind") as server:
        page.open(server.link)
        assert page.row(1) == "Turn 1, Ben, not yet coded: You never listen to me."
        assert page.all("#transcript .label") == []
        assert not page.find("#episodes-part").is_displayed()
        assert not page.find("#coding-model").is_displayed()
        assert page.find("#blind-note").is_displayed()
        page.press("n")
        page.live("No rupture after this one.")
        page.press("j", "2", "a")
        page.saved()
        assert page.row(1) == "Turn 1, Ben, confrontation, attack, coded by you: You never listen to me."
        page.press("k", "n")
        assert page.current == 1
        bodies = payloads(chromium)
        assert {"/api/sessions", "/turns/1"} <= {part for part in ("/api/sessions", "/turns/1") if part in str(bodies)}
        for address, body in bodies.items():
            if "/api/" in address:
                told = json.loads(body)
                turns = told.get("turns", [told.get("turn")])
                assert [turn["model"] for turn in turns] == [None] * len(turns)
                assert told.get("episodes", []) == []
                assert "mendline-small" not in body
        page.reload()
        markup = str(page.script("return document.documentElement.outerHTML"))
        assert "mendline-small" not in markup
        assert "%" not in page.text("#transcript")


def payloads(chromium: Chromium) -> dict[str, str]:
    """What the network brought, by address."""
    found = {}
    for entry in chromium.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.responseReceived" and "/api/" in event["params"]["response"]["url"]:
            request = {"requestId": event["params"]["requestId"]}
            body = chromium.execute_cdp_cmd("Network.getResponseBody", request)["body"]
            found[event["params"]["response"]["url"]] = body
    return found


# The recording


def test_space_plays_the_moment_of_a_turn(tmp_path: Path, page: Page):
    recording, captions = tmp_path / "talk.wav", tmp_path / "talk.vtt"
    with wave.open(str(recording), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        tone = (struct.pack("<h", int(2000 * math.sin(at / 4))) for at in range(8000 * 6))
        sound.writeframes(b"".join(tone))
    cues = [("00:00.000", "00:02.000", "Ana", "Hello there."), ("00:02.000", "00:03.000", "Ben", "You never listen."),
            ("00:03.000", "00:06.000", "Ana", "I do, I do.")]  # fmt: skip
    captions.write_text(
        "WEBVTT\n\n" + "\n\n".join(f"{start} --> {end}\n<v {who}>{text}</v>" for start, end, who, text in cues) + "\n",
        encoding="utf-8",
    )
    with serve(captions, "--coder", "Kim", "--media", recording) as server:
        page.open(server.link)
        page.until(lambda: page.script("return document.getElementById('media').readyState >= 1"), "the recording")
        page.press("j", " ")
        page.live("Playing turn 1, from 0:00:02.")
        page.until(lambda: "playing" in (page.find("#turn-1").get_attribute("class") or ""), "the mark of what plays")
        page.until(lambda: page.script("return document.getElementById('media').paused"), "the end of the turn")
        stopped = page.script("return document.getElementById('media').currentTime")
        assert isinstance(stopped, float)
        assert 2.9 <= stopped <= 3.3
        assert "playing" not in (page.find("#turn-1").get_attribute("class") or "")
        page.find("#play").click()
        page.until(lambda: not page.script("return document.getElementById('media').paused"), "playing again")
        page.find("#transcript").send_keys(" ")
        assert page.script("return document.getElementById('media').paused")


# For everybody


def test_the_whole_page_by_keyboard(opened: Page):
    opened.press("j", "2")  # so that all controls of a coded turn can be operated
    opened.saved()
    opened.script("document.activeElement.blur(); getSelection().collapse(document.body, 0)")
    stops, unseen = [], []
    for _ in range(80):
        opened.press(Keys.TAB)
        stop = opened.script("""
          const { activeElement: at } = document;
          if (at === document.body) return null;
          const style = getComputedStyle(at);
          const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
          return [at.id || at.dataset.filter || at.dataset.marker || at.textContent.trim(), seen];""")
        if stop is None:
            break
        assert isinstance(stop, list)
        stops.append(stop[0])
        if not stop[1]:
            unseen.append(stop[0])
    else:
        raise AssertionError(f"the focus never leaves: {stops}")
    assert unseen == []
    assert stops[:2] == ["Skip to the transcript", "skip-coding"]
    operated = {"undo", "help-button", "check", "withdrawal", "doubtful", "open-work", "find", "transcript", "unsure",
                "take-back", "note", "complain", "attack"}  # fmt: skip
    assert operated <= set(stops)
    assert any(stop.startswith("1 ✓ repaired") for stop in stops)
    opened.press(Keys.TAB, Keys.ENTER)
    assert opened.script("return document.activeElement.id") == "transcript"
    opened.press(Keys.ARROW_DOWN, "3", "f", Keys.ENTER)
    opened.live("turns shown.")
    opened.saved()


def test_pressing_a_marker_by_keyboard_keeps_the_focus(opened: Page):
    opened.press("j", "2")
    opened.find("[data-marker=reject]").send_keys(Keys.ENTER)
    opened.saved()
    assert opened.script("return document.activeElement.dataset.marker") == "reject"


CONTRAST = """
const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
    if (a === 1) return [r, g, b];
  }
  return parts(getComputedStyle(document.documentElement).backgroundColor);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const poor = [];
let looked = 0;
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const off = element.closest("button:disabled, textarea:disabled, noscript");
  if (!walker.currentNode.data.trim() || !element.checkVisibility() || off) continue;
  const [one, other] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  looked += 1;
  if (contrast < 4.5) poor.push([walker.currentNode.data.trim(), element.className, contrast]);
}
return [looked, poor];
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_of_all_text(opened: Page, scheme: str):
    page = opened
    page.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    page.reload()
    page.press("j", "3", "v", "q", "j", "j", "j")
    page.saved()
    page.network(offline=True)
    page.press("1")
    page.until(lambda: page.text("#saved") == "not saved", "the refusal")
    page.network()
    page.find("[data-filter=confrontation]").click()
    page.find("[data-filter=repair]").click()
    brightness = page.script("return getComputedStyle(document.body).backgroundColor")
    assert brightness == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
    for _ in range(2):
        found = page.script(CONTRAST)
        assert isinstance(found, list)
        looked, poor = found
        assert looked > 60
        assert poor == []
        page.press("?")  # and once more with the help open
    page.complaints()  # of the network that was cut


def test_no_motion_where_none_is_wanted(opened: Page):
    duration = "return getComputedStyle(document.querySelector('.row')).transitionDuration"
    opened.media(prefers_reduced_motion="reduce")
    assert opened.script(duration) == "0s"
    opened.media(prefers_reduced_motion="no-preference")
    assert opened.script(duration) != "0s"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (512, 384), (320, 256)])
def test_nothing_runs_off_the_side(opened: Page, width: int, height: int):
    """1024 pixels; the same at a zoom of 200 %; and what WCAG 2.2 asks for reflow."""
    opened.size(width, height, scale=1 if width > 600 else 2)
    opened.press("j", "3")
    opened.saved()
    off = opened.script("""
      const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      const all = [...document.querySelectorAll("body *")].filter((each) => each.checkVisibility()
        && !each.closest(".aside, .skip, #live"));
      const out = all.filter((each) => each.getBoundingClientRect().right > innerWidth + 1
        || each.getBoundingClientRect().left < -1);
      const cut = [...document.querySelectorAll("#transcript, .side, #overview, #filters")]
        .filter((each) => each.scrollWidth > each.clientWidth + 1);
      return [wide, [...out, ...cut].map((each) => each.id || each.className)];""")
    assert off == [0, []]
    box = opened.find("#turn-1").rect
    assert box["width"] > 150


# Safety


def test_words_of_a_transcript_stay_words(tmp_path: Path, page: Page):
    path = tmp_path / "talk.jsonl"
    rows = [
        {
            "session": "<b>s</b>",
            "speaker": "<img src=x onerror='hacked=1'>",
            "text": "<script>hacked=1</script> Hi",
        },
        {"session": "<b>s</b>", "speaker": "\u202eesrever", "text": "\u202eback to front\u202c \u2067isolated"},
        {"session": "<b>s</b>", "speaker": "{{ 7*7 }}", "text": "&lt;b&gt; ${7*7} </script><script>hacked=1</script>"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    with serve(path, "--coder", "<i>Kim</i>") as server:
        page.open(server.link)
        page.press("j", "2", "t")
        page.press("<script>hacked=1</script>", Keys.ESCAPE)
        page.settled()
        page.reload()
        assert page.script("return typeof hacked") == "undefined"
        assert page.find("#turn-0 .said").text == "<script>hacked=1</script> Hi"
        assert page.find("#turn-0 .speaker").text == "<img src=x onerror='hacked=1'>"
        assert page.find("#turn-1 .said").text == "<U+202E>back to front<U+202C> <U+2067>isolated"
        assert page.find("#turn-2 .said").text == rows[2]["text"]
        assert "<i>Kim</i>" in page.find("header").text
        isolation = "return getComputedStyle(document.querySelector(arguments[0])).unicodeBidi"
        assert {page.script(isolation, part) for part in ("#turn-1 .said", "#turn-1 .speaker")} == {"isolate"}
        assert page.all("main img, main script, main b > b, main i") == []


def test_the_policy_holds_in_the_browser(opened: Page):
    """Otherwise a page without complaints would prove nothing."""
    opened.script("""
      const script = document.createElement("script");
      script.textContent = "hacked = 1";
      document.body.append(script);
      const image = document.createElement("img");
      image.src = "http://127.0.0.1:9/x.png";
      document.body.append(image);
      document.body.setAttribute("style", "color: red");""")
    opened.until(lambda: opened.script("return complaints.length >= 3"), "the policy's complaints")
    assert opened.script("return typeof hacked") == "undefined"
    assert {"script-src-elem", "img-src", "style-src-attr"} <= {each.split()[0] for each in opened.complaints()}


# Long sessions

TURNS = 5000
SAID = ("You never listen to me.", "Whatever.", "I am sorry, I was tired and should not have said it.", "Maybe.",
        "We went on about the shopping and what we would cook for your mother when she comes. " * 4)  # fmt: skip


@pytest.fixture(scope="module")
def long_server(tmp_path_factory: pytest.TempPathFactory, chromium: Chromium) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("long") / "long.txt"
    lines = (f"{('Ana', 'Ben', 'Cleo')[turn % 3]}: {SAID[turn * 7 % 5]} Number {turn}." for turn in range(TURNS))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with serve(path, "--coder", "Kim") as each:
        chromium.get(each.link)
        yield each


RELABEL = """
const done = arguments[arguments.length - 1];
const state = document.getElementById("saved");
const once = (key) => new Promise((resolve) => {
  const begun = performance.now();
  const look = new MutationObserver(() => {
    if (state.textContent !== "saved") return;
    look.disconnect();
    resolve(performance.now() - begun);
  });
  look.observe(state, { childList: true });
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
});
(async () => {
  const times = [];
  for (let round = 0; round < 20; round++) {
    times.push(await once(String(1 + (round % 3))));
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, cancelable: true }));
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  done(times);
})();"""


def quartile(times: list[float]) -> float:
    """The time under which a quarter of them stays."""
    return quantiles(times, n=4)[0]


def test_five_thousand_turns_open_and_relabel_in_time(long_server: Server, page: Page):
    page.open(long_server.address)
    times: list[float] = []
    # The best counts: whatever else the machine does can only make it slower.
    while len(times) < 10 and min(times, default=math.inf) >= 2000:
        page.reload()
        times.append(page.script("return performance.getEntriesByName('mendline-ready')[0].startTime"))
    assert min(times) < 2000, times
    assert len(page.all("#transcript [role=option]")) < 80
    rounds: list[list[float]] = []
    while len(rounds) < 8 and min(map(quartile, rounds), default=math.inf) >= 100:
        rounds.append(page.later(RELABEL))  # type: ignore[arg-type]
    assert min(map(quartile, rounds)) < 100, rounds


GAPS = """
const list = document.getElementById("transcript");
const { top, bottom } = list.getBoundingClientRect();
const boxes = [...list.querySelectorAll("[role=option]")].map((row) => [row.getBoundingClientRect(), row])
  .filter(([box]) => box.bottom > top && box.top < bottom);
const places = boxes.map(([, row]) => Number(row.dataset.turn));
const gaps = boxes.slice(1).map(([box], place) => Math.abs(box.top - boxes[place][0].bottom));
return [places, Math.max(0, ...gaps), boxes[0][0].top <= top + 1, boxes.at(-1)[0].bottom >= bottom - 1];
"""


def test_five_thousand_rows_are_where_they_belong(long_server: Server, page: Page):
    page.open(long_server.address)
    for part in (0.31, 0.999, 0.02, 0.77):
        page.later("""
          const [part, done] = arguments;
          const list = document.getElementById("transcript");
          list.scrollTop = list.scrollHeight * part;
          setTimeout(done, 200);""", part)  # fmt: skip
        found = page.script(GAPS)
        assert isinstance(found, list)
        places, gap, covers_top, covers_bottom = found
        assert places == list(range(places[0], places[-1] + 1))
        assert (gap < 1, covers_top, covers_bottom) == (True, True, True)
    page.find("#transcript").send_keys(Keys.END)
    assert page.current == TURNS - 1
    assert "Number 4999." in page.row(TURNS - 1)
    page.until(lambda: page.find(f"#turn-{TURNS - 1}").is_displayed(), "the last row")
    assert page.script("""
      const list = document.getElementById("transcript");
      const row = document.querySelector(".row.current").getBoundingClientRect();
      return row.bottom <= list.getBoundingClientRect().bottom + 1;""")
    page.script("""
      const strip = document.getElementById("timeline");
      const { left, bottom } = strip.getBoundingClientRect();
      strip.dispatchEvent(new MouseEvent("click", { bubbles: true, clientX: left + 5, clientY: bottom - 200 }));""")
    assert 2000 < page.current < 4500
    page.press("/", "Number 77")
    page.until(lambda: page.text("#shown") == "11 of 5000 turns", "the search")
    assert shown(page) == [77, *range(770, 780)]


def test_what_is_read_stays_in_place_while_heights_above_it_change(long_server: Server, page: Page):
    page.open(long_server.address)
    moved = page.later("""
      const done = arguments[arguments.length - 1];
      const list = document.getElementById("transcript");
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const where = (row) => row.getBoundingClientRect().top - list.getBoundingClientRect().top;
      (async () => {
        list.scrollTop = 200000;
        await frame();
        const jumps = [];
        for (let step = 0; step < 40; step++) {
          const row = [...list.querySelectorAll("[role=option]")].find((each) => where(each) > 150);
          const before = where(row);
          list.scrollTop -= 100;  // upwards, where nothing was measured yet
          await frame();
          jumps.push(Math.abs(where(row) - before - 100));
        }
        done(Math.max(...jumps));
      })();""")
    assert isinstance(moved, int | float)
    assert moved <= 2


def test_a_narrower_window_keeps_the_place(long_server: Server, page: Page):
    page.open(long_server.address)
    page.find("#transcript").send_keys(Keys.END)
    page.press(*["k"] * 5)
    page.size(1024, 768)
    page.until(lambda: page.script(GAPS)[1] < 1, "the rows to settle")  # type: ignore[index]
    assert page.script("return document.querySelector('.row.current').getBoundingClientRect().height") > 0


# The list of sessions


def test_a_folder_has_a_list_that_leads_to_each_session(tmp_path: Path, page: Page):
    (tmp_path / "first.txt").write_text(TALK, encoding="utf-8")
    (tmp_path / "second.txt").write_text("Ana: Fine.\nBen: We went on about it.\n", encoding="utf-8")
    with serve(tmp_path, "--coder", "Kim") as server:
        page.driver.get(server.link)
        assert [each.text for each in page.all(".sessions a")] == ["first", "second"]
        figures = [each.text for each in page.all(".sessions > li:first-child li")]
        assert figures == ["13 turns", "▽▲ 3 rupture turns", "● 1 repair turn", "2 to check", "0 coded by you"]
        page.find(".sessions a").send_keys(Keys.ENTER)
        page.ready()
        page.press("1")
        page.settled()
        page.find("a.brand").click()
        page.until(lambda: "1 coded by you" in page.text(".sessions"), "the list")
        page.size(320, 480)
        assert page.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    with serve(tmp_path, "--coder", "Kim", "--blind") as server:
        page.driver.get(server.link)
        assert [each.text for each in page.all(".sessions > li:first-child li")] == ["13 turns", "1 coded by you"]
