"""Labelled sessions are read strictly, and labels can be kept apart from their text."""

import json
from pathlib import Path

import pytest

from mendline.model.labels import Label, Marker
from mendline.training.corpus import locate, read_sessions
from mendline.training.joining import COLUMNS, join, shipped_label_files, split, text_hashes
from mendline.transcripts.errors import CorpusError, OutputError
from mendline.transcripts.reading import read_transcripts

SHARED = Path(__file__).parents[2] / "shared" / "corpus"
ROW = {
    "session": "s1", "turn": 0, "setting": "couple therapy", "speaker": "A", "role": "partner", "text": "Fine.",
    "label": "withdrawal", "marker": "minimal", "sure": True, "agreement": "author", "source": "authored",
}  # fmt: skip


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


AUTHORED = tuple(sorted(path.stem for path in (Path(__file__).parent.parent / "corpus").glob("authored-*.jsonl")))


@pytest.mark.parametrize("name", AUTHORED)
def test_shipped_sessions_are_in_the_corpus_form(name):
    sessions = read_sessions([f"corpus:{name}"])
    assert len(sessions) >= 30
    for session in sessions:
        for label, marker in zip(session.labels, session.markers, strict=True):
            assert (label == Label.NEUTRAL) == (marker is None)


def test_no_session_is_in_two_of_the_authored_files():
    names = [one.transcript.session for name in AUTHORED for one in read_sessions([f"corpus:{name}"])]
    assert len(AUTHORED) == 8
    assert len(names) == len(set(names))


def test_no_configuration_learns_from_the_test_sessions_or_is_chosen_on_them():
    for path in (Path(__file__).parent.parent / "configs").glob("*.toml"):
        assert "authored-test" not in path.read_text()


def test_speakers_who_share_a_role_are_told_apart(tmp_path):
    rows = [{**ROW, "turn": turn, "speaker": speaker} for turn, speaker in enumerate("ABA")]
    (session,) = read_sessions([write(tmp_path / "a.jsonl", *rows)])
    assert [turn.role for turn in session.transcript.turns] == ["partner one", "partner two", "partner one"]
    assert session.markers[0] == Marker.MINIMAL


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{not json", "not a JSON object on one line"),
        ("[1]", "not a JSON object"),
        ({**ROW, "label": "anger"}, "label must be one of"),
        ({**ROW, "marker": "attack"}, "marker does not belong"),
        ({**ROW, "turn": "0"}, "turn must be a whole number"),
        ({**ROW, "turn": 5}, "turn 5 of session s1 where turn 1 is due"),
        ({**ROW, "text": None}, "text must be a string"),
        ({key: value for key, value in ROW.items() if key != "label"}, "missing key 'label'"),
    ],
)
def test_bad_line_is_named(tmp_path, row, message):
    path = write(tmp_path / "bad.jsonl", ROW, row)
    with pytest.raises(CorpusError, match=message) as caught:
        read_sessions([path])
    assert caught.value.line == 2
    assert "Fine" not in str(caught.value)


def test_empty_missing_and_repeated_files(tmp_path):
    with pytest.raises(CorpusError, match="no labelled turn"):
        read_sessions([write(tmp_path / "empty.jsonl")])
    with pytest.raises(CorpusError, match="no such file"):
        locate("corpus:none")
    path = write(tmp_path / "a.jsonl", ROW)
    with pytest.raises(CorpusError, match="was read before"):
        read_sessions([path, path])


def test_split_and_join_are_inverse(tmp_path):
    rows = [ROW, {**ROW, "turn": 1, "speaker": "B", "text": "What  happened?", "label": "repair", "marker": "invite"}]
    labelled = write(tmp_path / "labelled.jsonl", *rows)
    assert split(labelled, tmp_path / "labels.tsv") == 2
    assert "happened" not in (tmp_path / "labels.tsv").read_text()
    text = write(tmp_path / "text.jsonl", *({key: row[key] for key in ("session", "speaker", "text")} for row in rows))
    assert join(str(tmp_path / "labels.tsv"), read_transcripts(text), tmp_path / "joined.jsonl") == 2
    joined = [json.loads(line) for line in (tmp_path / "joined.jsonl").read_text().splitlines()]
    assert [row["label"] for row in joined] == ["withdrawal", "repair"]
    assert read_sessions([tmp_path / "joined.jsonl"])[0].transcript.turns[0].text == "Fine."
    assert (tmp_path / "joined.jsonl").stat().st_mode & 0o077 == 0


def test_other_words_are_refused_and_nothing_is_written(tmp_path):
    split(write(tmp_path / "labelled.jsonl", ROW), tmp_path / "labels.tsv")
    other = write(tmp_path / "text.jsonl", {"session": "s1", "speaker": "A", "text": "Good."})
    with pytest.raises(CorpusError, match="turn 0 of session s1, or one before it, has other words") as caught:
        join(str(tmp_path / "labels.tsv"), read_transcripts(other), tmp_path / "joined.jsonl")
    assert caught.value.line == 2
    assert not (tmp_path / "joined.jsonl").exists()


def test_session_that_is_not_in_the_text(tmp_path):
    split(write(tmp_path / "labelled.jsonl", ROW), tmp_path / "labels.tsv")
    other = write(tmp_path / "text.jsonl", {"session": "s9", "speaker": "A", "text": "Fine."})
    with pytest.raises(CorpusError, match="session s1 is not in the text"):
        join(str(tmp_path / "labels.tsv"), read_transcripts(other), tmp_path / "joined.jsonl")


def test_not_a_label_file(tmp_path):
    with pytest.raises(CorpusError, match="not a label file"):
        join(str(write(tmp_path / "x.tsv", "a\tb")), [], tmp_path / "joined.jsonl")
    with pytest.raises(CorpusError, match="annomi-dev"):
        join("nothing", [], tmp_path / "joined.jsonl")


def test_hash_ignores_white_space_and_covers_the_turns_before():
    assert [*text_hashes([" so\n  what ", "Yes."])] == [*text_hashes(["so what", "Yes."])]
    first, second = text_hashes(["Yes.", "Yes."])
    assert first != second
    assert [*text_hashes(["No.", "Yes."])][1] != second


def test_nothing_is_replaced(tmp_path):
    labelled = write(tmp_path / "labelled.jsonl", ROW)
    with pytest.raises(OutputError, match="is read and cannot be written"):
        split(labelled, labelled, overwrite=True)
    split(labelled, tmp_path / "labels.tsv")
    with pytest.raises(OutputError, match=r"exists.*--overwrite"):
        split(labelled, tmp_path / "labels.tsv")
    with pytest.raises(OutputError, match="is read and cannot be written"):
        join(str(tmp_path / "labels.tsv"), [], tmp_path / "labels.tsv", overwrite=True)
    split(labelled, tmp_path / "labels.tsv", overwrite=True)


def test_shipped_label_files_hold_no_text():
    assert shipped_label_files() == ("annomi-dev", "annomi-train", "cabnc-dev", "cabnc-train")
    assert "text" not in COLUMNS


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs a copy of AnnoMI beside the repository")
@pytest.mark.parametrize("part", ["train", "dev"])
def test_annomi_labels_land_on_their_turns(tmp_path, part):
    turns = join(f"annomi-{part}", read_transcripts(SHARED / "AnnoMI-simple.csv"), tmp_path / "joined.jsonl")
    paths = (SHARED / f"annomi-{part}.jsonl", tmp_path / "joined.jsonl")
    expected, joined = ([json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in paths)
    assert turns == len(expected)
    for one, other in zip(joined, expected, strict=True):
        assert [one[key] for key in ("session", "turn", "label", "marker")] == [
            other[key] for key in ("session", "turn", "label", "marker")
        ]
