from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path, PurePath

import pytest
from conversations import calm, conversation

from mendline.cli import cli
from mendline.model.labels import Label
from mendline.review.episodes import Outcome
from mendline.review.measures import review_session
from mendline.review.report.pages import index_page, session_page
from mendline.review.report.rows import in_order, row_of, to_csv, to_json
from mendline.review.report.timeline import LANES, NAMES, STRIP_TURNS, WIDTH, strips_of
from mendline.review.report.trend import BARS_FLOOR, RATES_FLOOR, TOP, trend_of

CHECKPOINT = "stand-in (00000000)"
TEXT = """\
T: How are you two?
A: You never listen to me.
B: Whatever.
A: I am sorry, I pushed too fast.
B: I know, and I do want to hear it.
"""
MENDED = "1-2s A [attack]: You again.\n4s A [own]: Sorry.\n6s B [accept]: Thank you."
HOSTILE = "</style><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>&\"'\x07"


def page(text: str, **options: object) -> str:
    return session_page(
        review_session(conversation(text)), place=PurePath("talk.txt"), checkpoint=CHECKPOINT, **options
    )


class Parsed(HTMLParser):
    """The elements of a page, and what is wrong with it."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})
    SVG_VOID = frozenset({"rect", "circle", "line", "path", "use", "polyline"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        self.found.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def ids(self) -> list[str]:
        return [each["id"] for _, each in self.found if each.get("id")]


# One page


def test_the_page_is_one_well_formed_file_that_loads_nothing():
    parsed = Parsed(page(f"{MENDED}\n{calm(20, 'A', 'B')}"))
    assert len(parsed.ids) == len(set(parsed.ids))
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in parsed.found}
    for tag, attributes in parsed.found:
        assert not any(name.startswith("on") or name in {"style", "src", "srcset"} for name in attributes), tag
        if (target := attributes.get("href")) is not None:
            assert target.startswith("#"), "only links within the page"
            assert target[1:] in parsed.ids, "that lead somewhere"


def test_the_policy_allows_the_style_sheet_by_its_hash_and_nothing_else():
    text = page(MENDED)
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [each["content"] for each in Parsed(text).named("meta") if "http-equiv" in each]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_says_what_made_the_labels_and_what_they_are_worth():
    text = " ".join("".join(Parsed(page(MENDED)).text).split())
    assert "suggestions by the model stand-in (00000000)" in text
    assert "not a clinical judgement" in text
    assert "To be checked by a person" in text


@pytest.mark.parametrize("where", ["text", "speaker", "session", "setting", "place", "checkpoint"])
def test_whatever_a_transcript_holds_is_shown_and_does_nothing(where):
    session = conversation(
        "A [attack]: {}\n{} [own]: Sorry.\nA [exit]: Bye.".format(
            HOSTILE if where == "text" else "You.", HOSTILE.replace(":", "") if where == "speaker" else "B"
        ),
        session=HOSTILE if where == "session" else "s",
        setting=HOSTILE if where == "setting" else None,
    )
    reviewed = review_session(session)
    place = PurePath(HOSTILE.replace("/", "")) if where == "place" else PurePath("f.txt")
    checkpoint = HOSTILE if where == "checkpoint" else "m"
    for text in (
        session_page(reviewed, place=place, checkpoint=checkpoint, index="../index.html"),
        index_page([row_of(reviewed, place, page=PurePath("sessions", place))], unread=0, checkpoint=checkpoint),
    ):
        parsed = Parsed(text)
        assert not {"script", "img"} & {tag for tag, _ in parsed.found}
        assert "\u202e" not in text
        assert "\x07" not in text
    assert where == "place" or "&lt;/style&gt;&lt;script&gt;alert(1)" in session_page(
        reviewed, place=place, checkpoint=checkpoint
    )


def test_surrogates_and_line_separators_can_be_written():
    text = page("A [attack]: You \ud800 said.")
    text.encode("utf-8")
    assert "\ufffd" in text


def test_every_turn_is_in_the_transcript_with_its_label_and_doubt():
    parsed = Parsed(page("T: Hello there.\nA [attack 0.42?]: You never listen.\nB [minimal]: Fine."))
    rows = {each["id"]: each["class"] for each in parsed.named("tr") if each.get("id")}
    assert rows == {"t0": "neutral", "t1": "confrontation doubt", "t2": "withdrawal"}
    text = " ".join("".join(parsed.text).split())
    assert "confrontation attack 42 %, to check You never listen." in text


def test_an_episode_tells_its_course():
    text = " ".join("".join(Parsed(page(f"{MENDED}\n{calm(6, 'A', 'B')}")).text).split())
    assert "Episode 1 ✓ repaired" in text
    assert "Repair attempt after 1 turn (0:00:03): accepted (turn 2)." in text
    assert "Accepts the repair of turn 1." in text
    assert "at least 93 % that there is a rupture" in text
    assert "The transcript ends within it" not in text
    assert "Every episode was repaired, as far as the labels tell." in text


def test_what_is_left_open_is_named_first():
    text = " ".join("".join(Parsed(page("A [attack]: You.\nB [exit]: I'm off.")).text).split())
    assert "Look first at episode 1 (open, at the end of the transcript)." in text
    assert "demand-withdraw: A confronts, B withdraws." in text


def test_no_rupture_is_not_taken_for_proof():
    text = "".join(Parsed(page("T: How are you?\nC: Fine, I slept well.")).text)
    assert "this is no proof that nothing strained" in text
    assert "–" in text


def test_times_are_shown_only_where_there_are_some():
    assert 'id="segments"' in page(MENDED)
    assert 'id="segments"' not in page(re.sub("[0-9-]+s ", "", MENDED))


def test_long_turns_are_cut_in_the_episode_and_whole_in_the_transcript():
    text = page(f"A [attack]: {'word ' * 200}end.")
    assert text.count("word word") > 200 / 2
    assert text.count("end.") == 1
    assert "word …</blockquote>" in text


def test_a_session_of_500_turns_stays_under_a_megabyte():
    moves = [" [attack 0.5?]", "", "", " [own]", ""]
    said = "And then you said that it was all the same to you. " * 4
    lines = [f"{turn * 6}-{turn * 6 + 5}s {'AB'[turn % 2]}{moves[turn % 5]}: {said}" for turn in range(500)]
    assert len(page("\n".join(lines)).encode("utf-8")) < 1_000_000


def test_the_same_session_gives_the_same_bytes():
    assert page(MENDED) == page(MENDED)


# Drawing


def test_the_timeline_has_every_turn_once_and_every_move_as_a_link():
    text = page("\n".join(["A [attack]: You.", "B [minimal]: Fine.", "A [own]: Sorry.", "B: Mm.", "C: Well."] * 60))
    links = re.findall(r'<a href="#t(\d+)" class="move (\w+)', text)
    bars = text.count('<rect class="bar neutral')
    assert len(links) == 180
    assert bars == 120
    assert {label for _, label in links} == {"withdrawal", "confrontation", "repair"}
    for label in Label:
        assert f'<symbol id="s-{label}"' in text, "each label has a shape"
    assert text.count('class="strip"') == 3


@pytest.mark.parametrize("turns", [1, 29, STRIP_TURNS, STRIP_TURNS + 1, 5 * STRIP_TURNS - 1])
def test_strips_hold_all_turns_within_their_bounds(turns):
    reviewed = review_session(conversation("A [attack]: You.\n" + calm(turns - 1, "B", "A")))
    strips = strips_of(reviewed)
    marks = [mark for strip in strips for mark in strip.marks]
    assert [mark.turn.index for mark in marks] == list(range(turns))
    assert all(mark.left >= NAMES and mark.left + mark.width <= NAMES + LANES for mark in marks)
    assert len({len(strip.marks) for strip in strips[:-1]}) <= 1
    assert all(mark.top >= 0 and mark.top + mark.height <= strip.bottom for strip in strips for mark in strip.marks)
    assert WIDTH > NAMES + LANES


def test_an_episode_runs_on_into_the_next_strip():
    text = calm(STRIP_TURNS - 2, "A", "B") + "\nA [attack]: You.\n" + calm(5, "B", "A") + "\nB [attack]: No, you.\n"
    first, second = strips_of(review_session(conversation(text + calm(STRIP_TURNS - 5, "A", "B"))))
    [begin], [end] = first.spans, second.spans
    assert (begin.begins, begin.ends, end.begins, end.ends) == (True, False, False, True)
    assert begin.left + begin.width == pytest.approx(NAMES + LANES)
    assert end.left == pytest.approx(NAMES)


def test_an_empty_transcript_has_no_strip():
    session = conversation("A: x")
    empty = type(session)(type(session.transcript)("s", ()), ())
    assert strips_of(review_session(empty)) == ()
    assert "no proof" in session_page(review_session(empty), place=PurePath("f.txt"), checkpoint="m")


def test_trend_bars_stack_and_points_show_the_rate():
    open_one = row_of(review_session(conversation("A [attack]: You.")), PurePath("1.txt"))
    mended = row_of(review_session(conversation(f"A [attack]: U.\n{calm(10, 'B', 'A')}\n{MENDED}")), PurePath("2.txt"))
    smooth = row_of(review_session(conversation("A: Hello.")), PurePath("3.txt"))
    trend = trend_of([open_one, mended, smooth])
    assert trend.most == 2
    assert [column.rate_y is None for column in trend.columns] == [False, False, True]
    assert trend.columns[0].rate_y == RATES_FLOOR
    first, second = trend.columns[1].pieces
    assert (first.outcome, second.outcome) == (Outcome.REPAIRED, Outcome.OPEN)
    assert first.top + first.height == BARS_FLOOR
    assert (second.top, second.top + second.height) == (TOP, first.top)
    assert trend.columns[2].pieces == ()


# Colours


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes() -> list[dict[str, str]]:
    style = (files("mendline.review.report") / "templates" / "report.css").read_text(encoding="utf-8")
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", root)) for root in roots]


@pytest.mark.parametrize("place", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_has_the_contrast_of_wcag_aa(place):
    base, found = palettes()[0], palettes()[place]
    colours = base | found
    texts = ["text", "soft", "link", *Label, *Outcome]
    assert {*texts, "ground", "panel"} <= set(colours)
    for text in texts:
        for ground in ("ground", "panel"):
            assert contrast(colours[text], colours[ground]) >= 4.5, f"{text} on {ground}"
    assert contrast(colours["text"], colours["warn"]) >= 4.5
    assert contrast(colours["focus"], colours["ground"]) >= 3


# Tables


def test_rows_have_the_figures():
    row = row_of(review_session(conversation(MENDED, session="s1", setting="couple")), PurePath("sub/f.vtt"))
    [found] = csv.DictReader(io.StringIO(to_csv([row], checkpoint=CHECKPOINT)))
    assert found["file"] == "sub/f.vtt"
    assert found["source"] == CHECKPOINT
    expected = {"session": "s1", "turns": "3", "episodes": "1", "repaired": "1", "open": "0", "repair_rate": "1.0",
                "median_turns_to_repair": "1", "median_seconds_to_repair": "3.0", "attempts_accepted": "1",
                "turns_confrontation": "1", "demand_withdraw": "0", "duration": "5.0"}  # fmt: skip
    assert expected.items() <= found.items()
    document = json.loads(to_json([row], checkpoint=CHECKPOINT))
    [session] = document["sessions"]
    assert document["source"] == CHECKPOINT
    assert "not a clinical judgement" in document["notice"]
    assert [each["speaker"] for each in session["speakers"]] == ["A", "B"]
    assert session["segments"][0]["episodes"] == [1]
    assert session["setting"] == "couple"


def test_a_name_cannot_become_a_formula():
    row = row_of(review_session(conversation("A: x", session='=HYPERLINK("x")')), PurePath("-f.txt"))
    [found] = csv.DictReader(io.StringIO(to_csv([row], checkpoint="+m")))
    assert (found["session"], found["file"], found["source"]) == ('\'=HYPERLINK("x")', "'-f.txt", "'+m")
    assert found["repair_rate"] == ""


def test_sessions_stand_in_the_order_of_their_names():
    reviewed = review_session(conversation("A: x"))
    places = ["b/s2.txt", "s10.txt", "s9.txt", "b/s10.txt", "S1.txt"]
    rows = in_order([row_of(reviewed, PurePath(place)) for place in places])
    assert [row.place.as_posix() for row in rows] == ["S1.txt", "s9.txt", "s10.txt", "b/s2.txt", "b/s10.txt"]


# The command


@pytest.fixture
def report(runner, stand_in):
    def run(*arguments: str | Path, code: int = 0, stdin: str | None = None):
        result = runner.invoke(cli, ["report", *map(str, arguments)], input=stdin)
        assert result.exit_code == code, (result.stderr, result.exception)
        return result

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "in/sub/c.txt").write_text(TEXT, encoding="utf-8")
    table = "session,speaker,text\none,T,Hello there\none,C,Whatever.\ntwo,T,You never listen\ntwo,C,Sorry\n"
    (tmp_path / "in/many.csv").write_text(table, encoding="utf-8")
    return tmp_path / "in"


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_one_session_becomes_one_private_file(report, folder, tmp_path):
    result = report(folder / "a.txt", "-o", tmp_path / "r.html")
    assert result.stdout == ""
    assert result.stderr == f"Annotated 1 of 1 files to {tmp_path / 'r.html'}.\n"
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "You never listen to me." in text
    assert CHECKPOINT in text
    assert "All sessions" not in text
    assert (tmp_path / "r.html").stat().st_mode & 0o777 == 0o600


def test_standard_input(report, tmp_path):
    report("-", "-o", tmp_path / "r.html", stdin=TEXT)
    assert "You never listen to me." in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_reading_and_model_options_are_heeded(report, tmp_path, stand_in):
    (tmp_path / "t.csv").write_text("who,words\nX,You never listen\nY,Sorry\n", encoding="utf-8")
    options = ("--text-column", "words", "--speaker-column", "who", "--role", "X=client", "--model", tmp_path)
    report(tmp_path / "t.csv", "-o", tmp_path / "r.html", *options, "--threads", "1")
    assert stand_in.loaded_with == {"folder": tmp_path, "threads": 1}
    assert "<td>client</td>" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_folder_gives_a_page_for_each_session_and_an_index(report, folder, tmp_path):
    report(folder, "-o", tmp_path / "out")
    out = tmp_path / "out"
    pages = ["sessions/a.html", "sessions/many-1.html", "sessions/many-2.html", "sessions/sub/c.html"]
    assert tree(out) == ["index.html", *pages]
    index = Parsed((out / "index.html").read_text(encoding="utf-8"))
    assert {each["href"] for each in index.named("a")} == set(pages)
    assert len(index.ids) == len(set(index.ids))
    back = Parsed((out / "sessions/sub/c.html").read_text(encoding="utf-8")).named("a")[0]["href"]
    assert (out / "sessions/sub" / back).resolve() == (out / "index.html").resolve()
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*.html")} == {0o600}


def test_links_hold_for_names_that_addresses_must_quote(report, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/50% #1 ü?.txt").write_text(TEXT, encoding="utf-8")
    report(tmp_path / "in", "-o", f"{tmp_path / 'out'}/")
    [link] = {each["href"] for each in Parsed((tmp_path / "out/index.html").read_text("utf-8")).named("a")}
    assert link == "sessions/50%25%20%231%20%C3%BC%3F.html"


def test_a_transcript_called_index_does_not_become_the_index(report, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/index.txt").write_text(TEXT, encoding="utf-8")
    report(tmp_path / "in", "-o", f"{tmp_path / 'out'}/")
    assert tree(tmp_path / "out") == ["index.html", "sessions/index.html"]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_summary_has_one_row_a_session(report, folder, tmp_path, form):
    report(folder, "-o", tmp_path / f"s.{form}")
    text = (tmp_path / f"s.{form}").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text))) if form == "csv" else json.loads(text)["sessions"]
    assert [row["file"] for row in rows] == ["a.txt", "many.csv", "many.csv", "sub/c.txt"]
    assert [row["session"] for row in rows] == ["a", "one", "two", "c"]
    assert "never listen" not in text, "figures only"


def test_nothing_is_replaced_unless_asked(report, folder, tmp_path, stand_in):
    (tmp_path / "r.html").write_text("mine")
    assert "--overwrite" in report(folder / "a.txt", "-o", tmp_path / "r.html", code=1).stderr
    assert stand_in.loaded_with == {}
    assert (tmp_path / "r.html").read_text() == "mine"
    report(folder / "a.txt", "-o", tmp_path / "r.html", "--overwrite")
    report(folder, "-o", tmp_path / "out")
    assert "exists and 2 more" in report(folder, "-o", tmp_path / "out", code=1).stderr
    for path in ("index.html", "sessions/a.html", "sessions/many.html", "sessions/sub/c.html"):
        (tmp_path / "out" / path).unlink(missing_ok=True)
    before = (tmp_path / "out/sessions/many-1.html").stat().st_mtime_ns
    assert "many-1.html: exists" in report(folder, "-o", tmp_path / "out", code=1).stderr
    assert (tmp_path / "out/sessions/many-1.html").stat().st_mtime_ns == before
    report(folder, "-o", tmp_path / "out", "--overwrite")


def test_pages_of_two_files_do_not_meet(report, folder, tmp_path):
    (folder / "many-2.txt").write_text(TEXT, encoding="utf-8")
    message = report(folder, "-o", tmp_path / "out", code=1).stderr
    assert "a page of another file goes here" in message
    assert "sessions/many-1.html" not in tree(tmp_path / "out"), "all sessions of a file or none"
    assert "1 file could not be read and is not here" in (tmp_path / "out/index.html").read_text(encoding="utf-8")


def test_a_session_in_two_files_is_one(report, tmp_path):
    (tmp_path / "in").mkdir()
    grid = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 9
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "{name}"
        xmin = 0
        xmax = 9
        intervals: size = 1
        intervals [1]:
            xmin = {start}
            xmax = 9
            text = "{text}"
"""
    for name, start, text in (("doctor", 0, "You never listen to me."), ("patient", 5, "Whatever.")):
        (tmp_path / f"in/day1_{name}.TextGrid").write_text(grid.format(name=name, start=start, text=text), "utf-8")
    report(tmp_path / "in", "-o", tmp_path / "out")
    assert tree(tmp_path / "out") == ["index.html", "sessions/day1.html"]
    text = (tmp_path / "out/sessions/day1.html").read_text(encoding="utf-8")
    assert "You never listen to me." in text
    assert "Whatever." in text


def test_a_bad_file_is_told_of_and_the_others_are_done(report, folder, tmp_path):
    (folder / "bad.vtt").write_text("WEBVTT\n\n00:01 --> nonsense\nterrible secret\n", encoding="utf-8")
    result = report(folder, "-o", tmp_path / "out", code=1)
    assert "1 of 4 files failed" in result.stderr
    assert "secret" not in result.stderr
    assert "1 file could not be read" in (tmp_path / "out/index.html").read_text(encoding="utf-8")


def test_nothing_is_written_where_no_file_is_good(report, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bad.vtt").write_text("WEBVTT\n\n00:01 --> nonsense\nx\n", encoding="utf-8")
    report(tmp_path / "in", "-o", tmp_path / "s.csv", code=1)
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize(
    ("paths", "output", "message"),
    [
        (["a.txt"], "r.pdf", "no form of report goes by this ending"),
        (["a.txt"], "nowhere/r.html", "there is no such folder"),
        (["a.txt", "sub/c.txt"], "r.html", "several files do not go on one page"),
        (["many.csv"], "r.html", "holds 2 sessions, and a page shows one"),
        (["."], "in/out/", "results in the folder that is read"),
        (["a.txt"], "in/a.txt/", "is a file, not a folder"),
    ],
)
def test_what_cannot_be_is_refused_with_advice(report, folder, tmp_path, paths, output, message):
    result = report(*(folder / path for path in paths), "-o", f"{tmp_path}/{output}", code=1)
    assert message in result.stderr


def test_the_output_must_be_named(report, folder):
    assert "Missing option '-o'" in report(folder / "a.txt", code=2).stderr
    assert "cannot be read together" in report(folder / "a.txt", "-", "-o", "x.csv", code=2).stderr
