from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import Label
from mendline.review.batch import annotate_files
from mendline.review.copies import note
from mendline.review.destination import Destination, Kind, choose, refuse_existing, targets
from mendline.review.inputs import Inputs, Source, collect
from mendline.review.outlets import Rendering, TableOutlet, make_folder
from mendline.review.record import RECORD, FolderRecord, finished, made_by
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError, TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript, Turn

ENDINGS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".vtt": "webvtt", ".txt": "text"}
GOOD = "T: How are you?\nC: Whatever.\n"


@pytest.fixture(autouse=True)
def empty_folder_to_work_in(tmp_path_factory, monkeypatch):
    """The repository may hold a folder `out`: `make demo` leaves one there."""
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))


def write(path: Path, text: str = GOOD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def places(inputs: Inputs) -> list[str]:
    return [source.place.as_posix() for source in inputs.sources]


# Which files are read


def test_a_folder_is_read_in_order_with_what_was_left_aside_counted(tmp_path):
    for name in ("b.txt", "a/z.TXT", "a/y.vtt", "c.docx", "notes.pdf", ".hidden.txt", ".git/x.txt"):
        write(tmp_path / name)
    inputs = collect([tmp_path], extensions={".txt", ".vtt"})
    assert places(inputs) == ["b.txt", "a/y.vtt", "a/z.TXT"]
    assert inputs.left_aside() == "Not read: 2 of other kinds (see `mendline formats`), 2 hidden."
    assert inputs.several


def test_nothing_left_aside_is_nothing_said(tmp_path):
    write(tmp_path / "a.txt")
    assert collect([tmp_path], extensions={".txt"}).left_aside() is None


def test_links_to_folders_are_not_followed_but_counted(tmp_path):
    write(tmp_path / "in/a.txt")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    inputs = collect([tmp_path / "in"], extensions={".txt"})
    assert places(inputs) == ["a.txt"]
    assert inputs.left_aside() == "Not read: 1 in linked folders."


@pytest.mark.parametrize("name", [None, "x.docx", ".hidden.txt"])
def test_a_folder_without_transcripts_is_an_error(tmp_path, name):
    if name:
        write(tmp_path / name)
    with pytest.raises(TranscriptError, match="no transcript in this folder"):
        collect([tmp_path], extensions={".txt"})


def test_a_file_that_is_named_is_read_whatever_its_ending(tmp_path):
    inputs = collect([write(tmp_path / "a.log")], extensions={".txt"})
    assert places(inputs) == ["a.log"]
    assert not inputs.several


def test_several_folders_keep_their_names_apart(tmp_path):
    write(tmp_path / "one/s.txt")
    write(tmp_path / "two/s.txt")
    inputs = collect([tmp_path / "one", tmp_path / "two"], extensions={".txt"})
    assert places(inputs) == ["one/s.txt", "two/s.txt"]


def test_a_file_given_twice_is_read_once(tmp_path):
    file = write(tmp_path / "a.txt")
    assert places(collect([file, tmp_path, file], extensions={".txt"})) == ["a.txt"]


# Where results go


def decide(output: str | None, *, several: bool = False, name: str | None = None, terminal: bool = False):
    return choose(output, output_format=name, several=several, terminal=terminal, endings=ENDINGS)


@pytest.mark.parametrize(
    ("output", "options", "kind", "name"),
    [
        (None, {"terminal": True}, Kind.SCREEN, "table"),
        (None, {}, Kind.STREAM, "tsv"),
        ("-", {}, Kind.STREAM, "tsv"),
        (None, {"name": "csv", "terminal": True}, Kind.STREAM, "csv"),
        (None, {"name": "table"}, Kind.SCREEN, "table"),
        (None, {"name": "webvtt"}, Kind.STREAM, "webvtt"),
        (None, {"several": True}, Kind.STREAM, "tsv"),
        (None, {"several": True, "name": "table"}, Kind.SCREEN, "table"),
        ("out.csv", {}, Kind.FILE, "csv"),
        ("out.JSONL", {}, Kind.FILE, "jsonl"),
        ("out.vtt", {}, Kind.FILE, "webvtt"),
        ("out.dat", {"name": "tsv"}, Kind.FILE, "tsv"),
        ("out", {"name": "tsv"}, Kind.FILE, "tsv"),
        ("out/", {}, Kind.FOLDER, "csv"),
        ("out.csv/", {}, Kind.FOLDER, "csv"),
        ("out/", {"name": "webvtt", "several": True}, Kind.FOLDER, "webvtt"),
        ("out", {"several": True}, Kind.FOLDER, "csv"),
        ("all.tsv", {"several": True}, Kind.FILE, "tsv"),
    ],
)
def test_choice_of_destination(output, options, kind, name):
    chosen = decide(output, **options)
    assert (chosen.kind, chosen.output_format) == (kind, name)
    assert (chosen.path is None) == (output in (None, "-"))


def test_a_folder_that_exists_is_a_folder(tmp_path):
    (tmp_path / "labels.csv").mkdir()
    assert decide(str(tmp_path / "labels.csv")).kind is Kind.FOLDER


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("out.xlsx", {}, "no format goes by this ending"),
        ("out", {}, "no format goes by this ending"),
        ("out.xlsx", {"several": True}, "no format goes by this ending"),
        ("out.vtt", {"several": True}, "cannot go into one webvtt"),
        (None, {"several": True, "name": "text"}, "cannot go into one text"),
        ("out.csv", {"name": "table"}, "for reading"),
    ],
)
def test_unclear_destinations_are_errors(output, options, message):
    with pytest.raises(OutputError, match=message):
        decide(output, **options)


def test_results_mirror_the_folder(tmp_path):
    for name in ("in/b.txt", "in/a/y.1.vtt"):
        write(tmp_path / name)
    inputs = collect([tmp_path / "in"], extensions={".txt", ".vtt"})
    found = targets(Destination(Kind.FOLDER, "csv", tmp_path / "out"), inputs, ending=".csv")
    assert list(found.values()) == [tmp_path / "out/b.csv", tmp_path / "out/a/y.1.csv"]


def target_error(tmp_path: Path, inputs: Inputs, output: str, kind: Kind = Kind.FOLDER) -> str:
    with pytest.raises(OutputError) as caught:
        targets(Destination(kind, "csv", tmp_path / output), inputs, ending=".csv")
    return str(caught.value)


def test_files_with_one_result_keep_their_own_endings_and_no_others_do(tmp_path):
    for name in ("s.txt", "s.vtt", "t.txt"):
        write(tmp_path / "in" / name)
    inputs = collect([tmp_path / "in"], extensions={".txt", ".vtt"})
    found = targets(Destination(Kind.FOLDER, "csv", tmp_path / "out"), inputs, ending=".csv")
    assert sorted(path.name for path in found.values()) == ["s.txt.csv", "s.vtt.csv", "t.csv"]


def test_files_that_still_have_one_result_are_an_error_that_names_both(tmp_path):
    for name in ("s.txt", "s.vtt", "s.txt.srt"):
        write(tmp_path / "in" / name)
    message = target_error(tmp_path, collect([tmp_path / "in"], extensions={".txt", ".vtt", ".srt"}), "out")
    assert "s.txt" in message
    assert "s.txt.srt" in message
    assert "out/s.txt.csv" in message


@pytest.mark.parametrize(("output", "kind"), [("in", Kind.FOLDER), ("in/out", Kind.FOLDER), ("in/all.csv", Kind.FILE)])
def test_results_do_not_stand_in_the_folder_that_is_read(tmp_path, output, kind):
    write(tmp_path / "in/s.txt")
    message = target_error(tmp_path, collect([tmp_path / "in"], extensions={".txt"}), output, kind)
    assert "the folder that is read" in message


def test_a_source_is_never_replaced(tmp_path):
    source = write(tmp_path / "s.csv")
    inputs = collect([source], extensions={".csv"})
    assert "never replaced" in target_error(tmp_path, inputs, "s.csv", Kind.FILE)
    assert "never replaced" in target_error(tmp_path, inputs, ".")
    (tmp_path / "link.csv").symlink_to(source)
    assert "never replaced" in target_error(tmp_path, inputs, "link.csv", Kind.FILE)


def test_places_that_cannot_be_written_are_known_before_anything_runs(tmp_path):
    inputs = collect([write(tmp_path / "s.txt")], extensions={".txt"})
    assert "no such folder" in target_error(tmp_path, inputs, "missing/s.csv", Kind.FILE)
    write(tmp_path / "file")
    assert "is a file" in target_error(tmp_path, inputs, "file")


def test_existing_results_are_refused(tmp_path):
    refuse_existing([tmp_path / "no.csv"])
    write(tmp_path / "a.csv")
    write(tmp_path / "b.csv")
    with pytest.raises(OutputError, match=r"a\.csv: exists and 1 more\..*--overwrite.*--resume"):
        refuse_existing([tmp_path / "b.csv", tmp_path / "a.csv", tmp_path / "no.csv"])


def test_finished_means_made_of_these_very_files(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    first, second = (Source(write(tmp_path / name), PurePath(name)) for name in ("s.txt", "s.vtt"))
    record, target = FolderRecord(out), out / "s.csv"
    record.claim({"checkpoint": "m (1)"}, overwrite=False)
    assert finished(record, {first: target}) == set()
    write(target)
    with pytest.raises(OutputError, match="no note in the folder"):
        finished(record, {first: target})
    record.add(target, first)
    assert finished(FolderRecord.read(out), {first: target}) == {first}
    assert finished(FolderRecord.read(out), {second: target}) == set()
    first.path.write_text("something else")
    assert finished(FolderRecord.read(out), {first: target}) == set()


# The loop


class Kept:
    """An outlet that remembers."""

    def __init__(self) -> None:
        self.sessions: dict[str, list[AnnotatedTranscript]] = {}

    def keep(self, source, document, sessions) -> None:
        self.sessions[source.path.name] = list(sessions)


def run(annotator, *paths: Path, outlet: Kept | None = None, **options):
    return annotate_files(
        [Source(path, PurePath(path.name)) for path in paths],
        open_document=lambda source: Document.from_path(source.path),
        options=options.pop("reading", ReadOptions()),
        annotator=annotator,
        outlet=outlet or Kept(),
        **options,
    )


def test_a_bad_file_does_not_stop_the_others(tmp_path, stand_in):
    good, empty, other = (
        write(tmp_path / "a.txt"),
        write(tmp_path / "b.txt", ""),
        write(tmp_path / "c.txt"),
    )
    outlet, steps = Kept(), []
    result = run(
        stand_in,
        *(good, empty, tmp_path / "gone.txt", other),
        outlet=outlet,
        progress=lambda number, source: steps.append((number, source and source.path.name)),
    )
    assert result.done == (good, other)
    assert [failure.path for failure in result.failed] == [empty, tmp_path / "gone.txt"]
    assert all(failure.message.startswith(str(failure.path)) for failure in result.failed)
    assert result.total == 4
    assert list(outlet.sessions) == ["a.txt", "c.txt"]
    assert steps == [(0, "a.txt"), (1, "b.txt"), (2, "gone.txt"), (3, "c.txt"), (4, None)]


def test_an_unforeseen_error_is_told_without_its_message(tmp_path, stand_in):
    stand_in.fails_on = "terrible secret"
    bad = write(tmp_path / "bad.txt", "T: A terrible secret.\nC: No.\n")
    result = run(stand_in, bad, write(tmp_path / "good.txt"))
    [failure] = result.failed
    assert failure.message.startswith(f"{bad}: unexpected ValueError at ")
    assert "secret" not in failure.message
    assert [path.name for path in result.done] == ["good.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_some_errors_end_the_loop(tmp_path, stand_in, error):
    class Stops(Kept):
        def keep(self, source, document, sessions) -> None:
            raise error

    with pytest.raises(error):
        run(stand_in, write(tmp_path / "a.txt"), outlet=Stops())


def test_a_result_that_cannot_be_kept_is_a_failure_of_its_file(tmp_path, stand_in):
    class Full(Kept):
        def keep(self, source, document, sessions) -> None:
            raise OutputError("cannot write: no space left.", file="out.csv")

    [failure] = run(stand_in, write(tmp_path / "a.txt"), outlet=Full()).failed
    assert failure.message == "out.csv: cannot write: no space left."


def test_an_error_without_a_place_gets_the_file(tmp_path, stand_in):
    reading = ReadOptions(roles={"Nobody": "client"})
    result = run(stand_in, write(tmp_path / "a.txt"), reading=reading)
    [failure] = result.failed
    assert failure.message.startswith(f"{tmp_path / 'a.txt'}: --role Nobody=client")
    assert stand_in.seen == []


def test_a_role_need_not_occur_in_every_file_but_in_one(tmp_path, stand_in):
    files = write(tmp_path / "a.txt"), write(tmp_path / "b.txt", "Anna: Hello.\nBen: Hello.\nAnna: So.\nBen: So.\n")
    assert run(stand_in, *files, reading=ReadOptions(roles={"Anna": "client"})).unused_role is None
    unused = run(stand_in, *files, reading=ReadOptions(roles={"Nobody": "client"}))
    assert unused.unused_role is not None
    assert len(unused.done) == 2
    # Where files were left out, the name may be in one of them.
    assert run(stand_in, *files, reading=ReadOptions(roles={"Nobody": "client"}), complete=False).unused_role is None


# What is kept


def session(name: str) -> AnnotatedTranscript:
    return AnnotatedTranscript(
        Transcript(name, (Turn(0, "A", "client", "x"),)), (Annotation(0, Label.NEUTRAL, None, (0, 0, 0, 1.0), False),)
    )


def names_in_one_table(*kept: tuple[str, str, list[str]]) -> list[str]:
    written: list[str] = []
    rendering = Rendering(output_format="csv", checkpoint="m", with_text=True, options=ReadOptions())
    outlet = TableOutlet(rendering, written.append)
    document = Document(name="x", path=None, raw=b"", text="")
    for path, place, sessions in kept:
        outlet.keep(Source(Path(path), PurePath(place)), document, [session(name) for name in sessions])
    outlet.finish()
    return [line.split(",")[0] for line in "".join(written).splitlines()[1:]]


def test_sessions_with_one_name_are_told_apart_by_their_files():
    assert names_in_one_table(
        ("in/P1/s.txt", "P1/s.txt", ["s"]), ("in/P2/s.txt", "P2/s.txt", ["s"]), ("in/z.txt", "z.txt", ["z"])
    ) == ["P1/s.txt", "P2/s.txt", "z"]
    assert names_in_one_table(("a.csv", "a.csv", ["1", "2"]), ("b.csv", "b.csv", ["1", "3"])) == [
        *("a.csv:1", "2"),
        *("b.csv:1", "3"),
    ]
    assert names_in_one_table(("P1/s.txt", "s.txt", ["s"]), ("P2/s.txt", "s.txt", ["s"])) == ["P1/s.txt", "P2/s.txt"]


def test_no_good_file_is_no_table():
    written: list[str] = []
    TableOutlet(Rendering(output_format="csv", checkpoint="m", with_text=True, options=ReadOptions()), written.append)
    assert names_in_one_table() == []
    assert written == []


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Annotation(0, Label.NEUTRAL, None, (0, 0, 0, 1.0), False), None),
        (Annotation(0, Label.NEUTRAL, None, (0.3, 0.3, 0, 0.4), True), "neutral 0.40?"),
        (Annotation(0, Label.REPAIR, None, (0, 0, 0.9, 0.1), False), "repair 0.90"),
    ],
)
def test_note(annotation, expected):
    assert note(annotation) == expected


def claim(folder: Path, checkpoint: str = "m (1)", *, with_text: bool = True, overwrite: bool = False) -> FolderRecord:
    record = FolderRecord.read(folder, broken_is_empty=overwrite)
    choices = made_by(checkpoint, with_text=with_text, output_format="csv", options=ReadOptions())
    record.claim(choices, overwrite=overwrite)
    return record


def test_a_results_folder_belongs_to_one_checkpoint(tmp_path):
    claim(tmp_path)
    assert (tmp_path / RECORD).stat().st_mode & 0o777 == 0o600
    claim(tmp_path)
    with pytest.raises(OutputError, match="results of another checkpoint"):
        claim(tmp_path, "other (2)")
    with pytest.raises(OutputError, match="labels-only"):
        claim(tmp_path, with_text=False)
    claim(tmp_path, "other (2)", overwrite=True)
    claim(tmp_path, "other (2)")


def test_roles_and_columns_and_the_rule_for_turns_belong_to_the_choices():
    plain, *others = (
        made_by("m", with_text=True, output_format="csv", options=options)
        for options in (
            *(ReadOptions(), ReadOptions(roles={"C": "parent"})),
            *(ReadOptions(join_gap=0), ReadOptions(join_gap=1.5), ReadOptions(keep_units=True)),
        )
    )
    assert plain["reading"] == {}
    assert plain not in others
    assert len({str(each) for each in others}) == 4


def test_overwriting_with_another_checkpoint_forgets_what_it_does_not_replace(tmp_path):
    source, target = Source(write(tmp_path / "s.txt"), PurePath("s.txt")), write(tmp_path / "s.csv")
    claim(tmp_path).add(target, source)
    assert claim(tmp_path).holds(target, source)
    assert not claim(tmp_path, "other (2)", overwrite=True).holds(target, source)


def test_a_broken_note(tmp_path):
    (tmp_path / RECORD).write_text("{", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be read"):
        claim(tmp_path)
    claim(tmp_path, overwrite=True)


def test_a_folder_that_cannot_be_made(tmp_path):
    write(tmp_path / "file")
    with pytest.raises(OutputError, match="cannot be made"):
        make_folder(tmp_path / "file/out")
