"""What people coded in a review becomes labelled sessions, and those change what a model says."""

import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import browser
import pytest
from browser import Page, find_browser, serve
from click.testing import CliRunner, Result
from conversations import conversation

from mendline.cli import cli
from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.annotator import Annotator
from mendline.model.labels import LABEL_OF, LABELS, MARKERS_OF, Label, Marker
from mendline.review.store.codings import Coding, coded_sessions, save, undo
from mendline.review.store.database import DEFAULT_NAME, open_store
from mendline.review.store.sessions import Key, StoredSession, keep_annotation
from mendline.review.web.sessions import MARKER_KEYS
from mendline.training.corpus import LabelledSession, locate, read_sessions
from mendline.transcripts.reading import read_transcripts

chromium, page = browser.chromium, browser.page

CONTINUE = Path(__file__).parents[1] / "configs" / "continue.toml"
CHECKPOINT = "stand-in (00000000)"
TALK = """
    0-2s Ana: Where were you?
    2-4s Ben [minimal 0.6?]: Out.
    4-6s Ana [attack]: You never tell me.
    6-9s Ben [own]: I am sorry, I should have.
    9-12s Ana: All right then.
"""
ODD = '=HYPERLINK("x") \u202egnihton\u202c  a "quote" \\ <script>  \u2028 tab\there'


def keep(folder: Path, *sessions: AnnotatedTranscript) -> tuple[StoredSession, ...]:
    """Put annotated sessions into the store of a folder, as opening their file for review does."""
    folder.mkdir(exist_ok=True)
    names = "-".join(one.transcript.session for one in sessions)
    key = Key(fingerprint=names, content=names, reading="", checkpoint=CHECKPOINT)
    with open_store(folder / DEFAULT_NAME) as store:
        return keep_annotation(store, key, sessions, place=f"{names}.txt")


def code(folder: Path, session: StoredSession, coder: str, said: Mapping[int, object], **more: object) -> None:
    """Save what a coder says of turns: a marker, a label's name, or None to take it back."""
    with open_store(folder / DEFAULT_NAME) as store:
        for turn, word in said.items():
            marker = Marker(word) if word in {*Marker} else None
            label = LABEL_OF[marker] if marker else word
            coding = None if label is None else Coding(label=Label(str(label)), marker=marker, **more)  # type: ignore[arg-type]
            save(store, session.id, turn, coder=coder, coding=coding)


@pytest.fixture
def reviewed(tmp_path) -> tuple[Path, StoredSession]:
    """A folder with a store that holds one session, not coded yet."""
    (session,) = keep(tmp_path / "sessions", conversation(TALK, session="talk"))
    return tmp_path / "sessions", session


def run(runner: CliRunner, place: Path, *options: str, output: str = "corrections.jsonl") -> Result:
    where = ["-o", str(place.parent / output)]
    return runner.invoke(cli, ["corrections", "export", str(place), *where, *options])


def exported(runner: CliRunner, place: Path, *options: str) -> list[dict[str, object]]:
    done = run(runner, place, "--overwrite", *options)
    assert done.exit_code == 0, done.output
    text = (place.parent / "corrections.jsonl").read_bytes().decode()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def read(place: Path) -> LabelledSession:
    (session,) = read_sessions([place.parent / "corrections.jsonl"], partly=True)
    return session


def test_a_coders_label_is_single_and_the_rest_is_the_models(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"}, note="He stops.")
    rows = exported(runner, folder)
    assert [row["agreement"] for row in rows] == ["model", "single", "model", "model", "model"]
    assert [row["label"] for row in rows] == ["neutral", "withdrawal", "confrontation", "repair", "neutral"]
    coded = rows[1]
    assert (coded["marker"], coded["sure"], coded["blind"]) == ("giveup", True, False)
    assert (coded["coder"], coded["note"], coded["source"]) == (["Cleo"], "He stops.", "corrections")
    assert coded["p_withdrawal"] == 0.6
    assert {row["model"] for row in rows} == {CHECKPOINT}
    assert not {"probability", "needs_review"} & coded.keys()
    assert not {"coder", "sure", "blind", "note"} & rows[0].keys()


def test_reading_gives_the_models_input_again(runner, reviewed):
    """Turns, speakers and roles are those that were annotated, so that training sees what annotating saw."""
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup", 2: "attack"})
    exported(runner, folder, "--setting", "couple therapy", "--source", "ours")
    found = read(folder)
    again = read_transcripts(folder.parent / "corrections.jsonl")[0]
    said = conversation(TALK).transcript
    assert [turn.text for turn in found.transcript.turns] == [turn.text for turn in said.turns]
    assert [turn.role for turn in found.transcript.turns] == [turn.role for turn in again.turns]
    assert [turn.start for turn in again.turns] == [0, 2, 4, 6, 9]
    assert (found.setting, found.source) == ("couple therapy", "ours")
    assert found.coded == (False, True, True, False, False)


def test_to_confirm_a_label_is_to_code_it(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {2: "attack", 4: "neutral"})
    rows = exported(runner, folder)
    assert [row["turn"] for row in rows if row["agreement"] == "single"] == [2, 4]


def test_two_coders_of_one_mind_are_both_named(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup", 2: "attack"}, note="First.")
    code(folder, session, "Dan", {1: "giveup", 2: "complain", 3: "repair"}, sure=False)
    code(folder, session, "Cleo", {3: "own"})
    rows = exported(runner, folder)
    assert [row["agreement"] for row in rows] == ["model", "both", "both", "both", "model"]
    assert {tuple(row["coder"]) for row in rows[1:4]} == {("Cleo", "Dan")}
    assert [row["marker"] for row in rows[1:4]] == [
        "giveup",
        None,
        "own",
    ]  # of two markers none, of one and none the one
    assert [row["sure"] for row in rows[1:4]] == [False, False, False]
    assert rows[1]["note"] == "Cleo: First."
    assert read(folder).markers[2] is None


def test_what_coders_differ_on_is_nobodys_label(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup", 2: "attack"})
    code(folder, session, "Dan", {1: "neutral", 2: "attack"}, note="Only an answer.")
    done = run(runner, folder)
    assert "1 coded turns (1 both) of 1 sessions" in done.stderr
    assert "Coders differ on 1 turns, which are left uncoded: talk:1. Settle them" in done.stderr
    rows = exported(runner, folder)
    assert (rows[1]["agreement"], rows[1]["label"], rows[1]["marker"]) == ("model", "withdrawal", "minimal")
    assert rows[1]["note"] == "Dan: Only an answer."
    assert rows[1]["needs_review"] is True


def test_one_coder_can_be_chosen(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"})
    code(folder, session, "Dan", {1: "neutral", 2: "attack"})
    rows = exported(runner, folder, "--coder", "Dan")
    assert [(row["label"], row["coder"]) for row in rows if row["agreement"] == "single"] == [
        ("neutral", ["Dan"]), ("confrontation", ["Dan"])
    ]  # fmt: skip
    done = run(runner, folder, "--coder", "Eve", output="never.jsonl")
    assert done.exit_code == 1
    assert "--coder Eve: no such name among what was coded. There are: Cleo, Dan." in done.stderr


def test_a_third_can_settle_what_two_differ_on(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup", 2: "attack", 3: "own"})
    code(folder, session, "Dan", {1: "neutral", 2: "defend"})
    code(folder, session, "Eve", {1: "neutral", 2: "attack", 3: "neutral"})
    assert [row["agreement"] for row in exported(runner, folder)] == ["model", "model", "both", "model", "model"]
    rows = exported(runner, folder, "--settled-by", "Eve")
    assert [row["agreement"] for row in rows] == ["model", "adjudicated", "both", "single", "model"]
    assert [(row["label"], row["coder"]) for row in (rows[1], rows[3])] == [("neutral", ["Eve"])] * 2


def test_what_was_undone_or_taken_back_is_no_label(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup", 2: "attack", 3: "own", 4: "neutral"})
    code(folder, session, "Cleo", {2: None})
    code(folder, session, "Cleo", {3: "validate"})
    with open_store(folder / DEFAULT_NAME) as store:
        undo(store, session.id, coder="Cleo")
    rows = exported(runner, folder)
    assert [row["marker"] for row in rows if row["agreement"] == "single"] == ["giveup", "own", None]


def test_blind_coding_is_told_from_coding_that_saw_the_model(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup", 2: "attack"}, blind=True)
    code(folder, session, "Dan", {2: "attack"})
    rows = exported(runner, folder)
    assert [row["blind"] for row in rows if "blind" in row] == [True, False]


def test_doubt_is_kept(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"}, sure=False)
    assert exported(runner, folder)[1]["sure"] is False
    assert read(folder).sure[1] is False


def test_notes_can_be_left_out(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"}, note="A private thought.")
    rows = exported(runner, folder, "--no-notes")
    assert not any("note" in row for row in rows)
    assert "private" not in (folder.parent / "corrections.jsonl").read_text()


def test_odd_text_comes_through_unharmed(runner, tmp_path):
    """No escaping for spreadsheets or pages: what is learned from is what was said."""
    folder = tmp_path / "sessions"
    talk = conversation("Ana: Hello.\nBen: Hm.", session="odd")
    first, second = talk.transcript.turns
    turns = (replace(first, speaker="=1+1"), replace(second, text=ODD))
    talk = replace(talk, transcript=replace(talk.transcript, turns=turns))
    (session,) = keep(folder, talk)
    code(folder, session, "Cleo", {1: "neutral"}, note=ODD)
    rows = exported(runner, folder)
    assert rows[0]["speaker"] == "=1+1"
    assert rows[1]["text"] == rows[1]["note"] == ODD
    assert len((tmp_path / "corrections.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert read(folder).transcript.turns[1].text == ODD


def test_sessions_that_are_called_the_same_are_told_apart(runner, tmp_path):
    folder = tmp_path / "sessions"
    first, second = keep(
        folder, conversation(TALK, session="week 1"), conversation("Ana: Hi.\nBen: Hm.", session="week 1")
    )
    code(folder, first, "Cleo", {1: "giveup"})
    code(folder, second, "Cleo", {1: "minimal"})
    names = list(dict.fromkeys(row["session"] for row in exported(runner, folder)))
    assert names == [f"week 1-{first.id[:8]}", f"week 1-{second.id[:8]}"]
    assert len(read_sessions([tmp_path / "corrections.jsonl"], partly=True)) == 2
    rows = exported(runner, folder, "--session", names[1])
    assert {row["session"] for row in rows} == {names[1]}
    assert len({row["session"] for row in exported(runner, folder, "--session", "week 1")}) == 2


def test_sessions_without_a_label_are_left_out(runner, tmp_path):
    folder = tmp_path / "sessions"
    sessions = keep(folder, *(conversation(f"Ana: {name}.\nBen: Hm.", session=name) for name in ("a", "b", "c")))
    code(folder, sessions[0], "Cleo", {1: "minimal"})
    code(folder, sessions[1], "Cleo", {1: "minimal"})
    code(folder, sessions[1], "Dan", {1: "neutral"})
    done = run(runner, folder)
    assert "1 sessions are left out" in done.stderr
    assert {row["session"] for row in exported(runner, folder)} == {"a"}
    done = run(runner, folder, "--session", "b", output="never.jsonl")
    assert done.exit_code == 1
    assert "coders differ on every turn that they coded (1)" in done.stderr
    done = run(runner, folder, "--session", "c", output="never.jsonl")
    assert "--session c: no such name among what was coded. There are: a, b." in done.stderr
    assert not (tmp_path / "never.jsonl").exists()


def test_nobody_coded_anything(runner, reviewed):
    folder, session = reviewed
    done = run(runner, folder)
    assert done.exit_code == 1
    assert "nobody has coded a turn in it yet" in done.stderr
    code(folder, session, "Cleo", {1: "giveup"})
    code(folder, session, "Cleo", {1: None})
    assert "nobody has coded a turn in it yet" in run(runner, folder).stderr
    assert not (folder.parent / "corrections.jsonl").exists()


def test_a_folder_without_a_store(runner, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run(runner, tmp_path / "empty")
    assert done.exit_code == 1
    assert "there is no such store of codings" in done.stderr
    assert not list((tmp_path / "empty").iterdir())


def test_the_store_itself_can_be_given(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"})
    done = runner.invoke(
        cli, ["corrections", "export", str(folder / DEFAULT_NAME), "-o", str(folder.parent / "a.jsonl")]
    )
    assert done.exit_code == 0, done.output


def test_nothing_is_replaced_unless_asked_for(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"})
    output = folder.parent / "corrections.jsonl"
    output.write_text("mine")
    done = run(runner, folder)
    assert done.exit_code == 1
    assert "exists. Replace it with --overwrite" in done.stderr
    assert output.read_text() == "mine"
    store = folder / DEFAULT_NAME
    done = runner.invoke(cli, ["corrections", "export", str(store), "-o", str(store), "--overwrite"])
    assert done.exit_code == 1
    assert "is read and cannot be written as well" in done.stderr
    with open_store(store, create=False) as opened:
        assert len(coded_sessions(opened)) == 1


def test_not_into_the_folder_that_is_reviewed(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"})
    done = runner.invoke(cli, ["corrections", "export", str(folder), "-o", str(folder / "c.jsonl")])
    assert done.exit_code == 1
    assert "would be opened as a session next time" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_only_the_owner_can_read_it_and_nothing_is_half_written(runner, reviewed, monkeypatch):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"})
    output = folder.parent / "corrections.jsonl"
    output.write_text("before")
    output.chmod(0o644)
    with monkeypatch.context() as patched:

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        patched.setattr(os, "fsync", full)
        done = run(runner, folder, "--overwrite")
    assert done.exit_code == 1
    assert "No space left" in done.stderr
    assert output.read_text() == "before"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["corrections.jsonl", "sessions"]
    exported(runner, folder)
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_messages_do_not_quote_the_transcript(runner, reviewed):
    folder, session = reviewed
    code(folder, session, "Cleo", {1: "giveup"}, note="A secret.")
    code(folder, session, "Dan", {1: "neutral", 2: "attack"})
    said = run(runner, folder).output + run(runner, folder).output + run(runner, folder, "--coder", "Eve").output
    assert not any(word in said for word in ("Where were", "Ana", "Ben", "secret"))


def test_help_says_whose_label_it_is(runner):
    said = " ".join(runner.invoke(cli, ["corrections", "export", "--help"]).output.split())
    assert "That a coder saw a turn and left it as it was is no label." in said


EXAMPLE = Path(__file__).parents[1] / "examples" / "couple-session.txt"
FAIRLY_SURE = 0.6


@dataclass(frozen=True)
class Correction:
    """Where a supervisor disagrees with the model: it calls a turn neutral, and its second thought was right."""

    turn: int
    label: Label
    marker: Marker

    @classmethod
    def of(cls, said: Sequence[Annotation]) -> "Correction":
        """The turn of which the model is fairly sure that it is neutral, and nearest to saying something else."""
        sure = [one for one in said if one.label is Label.NEUTRAL and one.probability > FAIRLY_SURE]
        turn = max(sure, key=lambda one: max(one.probabilities[:-1]))
        label = LABELS[turn.probabilities.index(max(turn.probabilities[:-1]))]
        return cls(turn.turn, label, MARKERS_OF[label][0])


def few_sessions(path: Path, name: str, count: int) -> Path:
    """The first few sessions of a shipped file."""
    lines = locate(f"corpus:{name}").read_text(encoding="utf-8").splitlines(keepends=True)
    wanted = list(dict.fromkeys(json.loads(line)["session"] for line in lines))[:count]
    path.write_text("".join(line for line in lines if json.loads(line)["session"] in wanted), encoding="utf-8")
    return path


def correct_in_browser(page: Page, folder: Path, said: Correction) -> None:
    """Open the session on the review page, go to the turn and press the keys of a supervisor."""
    with serve(folder / EXAMPLE.name, "--coder", "Cleo", annotator="from mendline.cli import main; main()") as server:
        page.open(server.link)
        page.press(*"j" * said.turn)
        assert page.current == said.turn
        assert "neutral, by the model" in page.row(said.turn)
        page.press(str(LABELS.index(said.label) + 1), MARKER_KEYS[said.marker])
        page.until(lambda: f"{said.label}, {said.marker}, " in page.row(said.turn), "the new label")
        page.saved()
        page.driver.get("about:blank")  # A page that is still open would complain when the server ends.


def correct_in_store(folder: Path, said: Correction) -> None:
    """The same where no browser is installed."""
    (session,) = keep(folder, Annotator.load().annotate(read_transcripts(EXAMPLE)[0]))
    code(folder, session, "Cleo", {said.turn: said.marker})


@pytest.fixture
def correct(request: pytest.FixtureRequest) -> Callable[[Path, Correction], None]:
    """Corrects a turn of the example; in a real browser if there is one."""
    try:
        find_browser()
    except pytest.skip.Exception:
        return correct_in_store
    return partial(correct_in_browser, request.getfixturevalue("page"))


@pytest.mark.slow
def test_the_whole_circle(runner, tmp_path, monkeypatch, correct):
    """Annotate, correct, export, train a few steps from the shipped checkpoint, export: the corrected turn changes."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    (folder / EXAMPLE.name).write_bytes(EXAMPLE.read_bytes())
    transcript = read_transcripts(EXAMPLE)[0]
    before = Annotator.load().annotate(transcript).annotations
    said = Correction.of(before)
    correct(folder, said)
    rows = exported(runner, folder)
    assert [row["turn"] for row in rows if row["agreement"] == "single"] == [said.turn]
    assert (rows[said.turn]["label"], rows[said.turn]["coder"]) == (said.label, ["Cleo"])

    settings = {
        "data.train": [str(few_sessions(tmp_path / "some.jsonl", "authored-train-2", 2))],
        "data.dev": [str(few_sessions(tmp_path / "dev.jsonl", "authored-dev", 2))],
        "training.epochs": 1,
        "training.batch_size": 1,
        "training.source_balance": 1.0,
        "training.encoder_learning_rate": 1e-4,
        "training.head_learning_rate": 1e-3,
    }
    changes = [part for key, value in settings.items() for part in ("--set", f"{key}={json.dumps(value)}")]
    # What int8 costs cannot be measured on so few development turns.
    monkeypatch.setattr("mendline.training.export.MAX_LOSS", 1.0)
    arguments = [str(CONTINUE), "--data", str(tmp_path / "corrections.jsonl"), "-o", str(tmp_path / "run")]
    done = runner.invoke(cli, ["train", *arguments, *changes])
    assert done.exit_code == 0, done.output

    after = Annotator.load(tmp_path / "run" / "checkpoint").annotate(transcript).annotations
    place = LABELS.index(said.label)
    assert after[said.turn].label is said.label
    assert after[said.turn].probabilities[place] > before[said.turn].probabilities[place]
    same = [one.label is two.label for one, two in zip(before, after, strict=True)]
    assert sum(same) > 0.7 * len(same)
