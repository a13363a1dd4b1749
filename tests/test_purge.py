"""`mendline purge`: what is deleted, what is told, and that no word is left in the store."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from desks import TALK

from mendline.cli import cli
from mendline.model.labels import Label
from mendline.review.corrections import export_corrections
from mendline.review.opening import Labeller, find_files, open_sessions
from mendline.review.purging import Request, plan_purge, run_purge
from mendline.review.record import RECORD
from mendline.review.store.codings import Coding, coded_sessions, current, save
from mendline.review.store.database import DEFAULT_NAME, files_of, open_store
from mendline.transcripts.errors import ReviewError, StoreError
from mendline.transcripts.options import ReadOptions

OTHER = """\
A: We went to the sea on Saturday, all of us.
B: Whatever you say about that weekend.
A: You never listen to me.
B: I heard every word of it, believe me.
"""
NOTE = "He said it very quietly here."
CODING = Coding(label=Label.REPAIR, marker=None, note=NOTE)


def write(path, text=TALK):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    """Two sessions that share some sentences."""
    write(tmp_path / "client" / "talk.txt")
    write(tmp_path / "client" / "other.txt", OTHER)
    return tmp_path / "client"


@pytest.fixture
def reviewed(stand_in, folder):
    """The folder after a review in which both sessions were coded by two coders; the ids by file name."""
    return review(stand_in, folder)


def review(stand_in, folder, options=None):
    options = options or ReadOptions()
    with open_store(folder / DEFAULT_NAME) as store:
        labeller = Labeller(name=stand_in.name, load=lambda: stand_in)
        opened = open_sessions(find_files([folder], options), store, labeller, options=options)
        for session in opened.sessions:
            for coder in ("kim", "lee"):
                save(store, session.id, 1, coder=coder, coding=CODING if session.name == "talk" else CODING_OTHER)
    return {session.name: session.id for session in opened.sessions}


CODING_OTHER = Coding(label=Label.NEUTRAL, marker=None)


def bytes_of(path) -> bytes:
    return b"".join(each.read_bytes() for each in files_of(path))


def purge(*files, **options):
    plan = plan_purge(Request(files=files, **options))
    return plan, run_purge(plan)


def test_nothing_of_the_session_is_left_in_the_store(reviewed, folder):
    store = folder / DEFAULT_NAME
    gone = [
        b"I am sorry, I pushed too fast.",
        b"How are you two?",
        NOTE.encode(),
        b"talk.txt",
        reviewed["talk"].encode(),
    ]
    shared = b"You never listen to me."
    assert all(each in bytes_of(store) for each in (*gone, shared))
    _, told = purge(folder / "talk.txt")
    left = bytes_of(store)
    assert [each for each in gone if each in left] == []
    assert shared in left
    assert not (folder / "talk.txt").exists()
    assert told[1] == f"  {store}: session talk, 6 turns, its labels, and 2 codings by kim, lee"
    assert told[2] == f"  {folder / 'talk.txt'}: the transcript itself"
    with open_store(store) as opened:
        [other] = coded_sessions(opened)
        assert other.id == reviewed["other"]
        assert set(other.codings) == {"kim", "lee"}
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT place FROM seen").fetchall() == [("other.txt",)]
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)


def test_a_store_that_is_open_elsewhere_is_emptied_too(reviewed, folder):
    with open_store(folder / DEFAULT_NAME) as running:
        assert len(current(running, reviewed["talk"], coder="kim")) == 1
        purge(folder / "talk.txt")
        assert [each.name for each in files_of(folder / DEFAULT_NAME)] != [DEFAULT_NAME]
        assert b"I pushed too fast" not in bytes_of(folder / DEFAULT_NAME)
        with pytest.raises(StoreError, match="was deleted"):
            current(running, reviewed["talk"], coder="kim")
        assert len(current(running, reviewed["other"], coder="kim")) == 1


def test_a_store_whose_log_is_held_open_says_that_text_may_be_left(reviewed, folder, monkeypatch):
    monkeypatch.setattr("mendline.review.store.database.BUSY_SECONDS", 0.2)
    with open_store(folder / DEFAULT_NAME) as running:
        with running.reading() as connection:
            connection.execute("SELECT count(*) FROM turn").fetchone()
            with pytest.raises(StoreError, match="Close every `mendline review` of it and do the same again"):
                purge(folder / "talk.txt")
        assert (folder / "talk.txt").exists()
        assert b"I pushed too fast" in bytes_of(folder / DEFAULT_NAME)
        # The session is deleted by now; doing it again clears the log and goes on.
        purge(folder / "talk.txt")
        assert b"I pushed too fast" not in bytes_of(folder / DEFAULT_NAME)
    assert not (folder / "talk.txt").exists()


def test_words_that_are_left_are_an_error(reviewed, folder):
    with open_store(folder / DEFAULT_NAME) as store, store.writing() as connection:
        connection.execute("CREATE TABLE stray (text)")
        connection.execute("INSERT INTO stray VALUES ('I am sorry, I pushed too fast.')")
    with pytest.raises(StoreError, match="still holds 1 passages"):
        purge(folder / "talk.txt")
    assert (folder / "talk.txt").exists()


def test_earlier_forms_of_a_file_and_other_names_of_it_go_too(stand_in, reviewed, folder):
    write(folder / "talk.txt", TALK + "A: That was a much better ending for today.\n")
    review(stand_in, folder)
    (folder / "talk.txt").rename(folder / "renamed.txt")
    plan, _ = purge(folder / "renamed.txt")
    [(_, [newest])] = plan.stores
    assert len(newest.said) == 7
    plan, _ = purge(folder / "talk.txt")
    [(_, [oldest])] = plan.stores
    assert len(oldest.said) == 6
    assert any("is not there (any more)" in note for note in plan.notes)
    with open_store(folder / DEFAULT_NAME) as store:
        assert [each.id for each in coded_sessions(store)] == [reviewed["other"]]


def test_a_file_with_the_same_words_in_another_form_is_the_same_session_and_stays(stand_in, reviewed, folder):
    rows = [dict(zip(("speaker", "text"), line.split(": ", 1), strict=True)) for line in TALK.splitlines()]
    write(folder / "talk.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    review(stand_in, folder)
    plan, _ = purge(folder / "talk.jsonl")
    [(_, [found])] = plan.stores
    assert found.id == reviewed["talk"]
    assert found.places == ("talk.jsonl", "talk.txt")
    assert f"{folder / 'talk.txt'}: holds or held the same session and stays." in plan.notes
    assert (folder / "talk.txt").exists()
    assert not (folder / "talk.jsonl").exists()


def test_after_a_purge_the_other_sessions_of_a_shared_file_are_labelled_again(stand_in, folder):
    both = "session,speaker,text\n" + "".join(
        f'{name},{line[0]},"{line[3:]}"\n' for name, text in (("1", TALK), ("2", OTHER)) for line in text.splitlines()
    )
    (folder / "other.txt").unlink()
    write(folder / "both.csv", both)
    ids = review(stand_in, folder)
    assert set(ids) == {"both · 1", "both · 2"}
    purge(folder / "talk.txt")
    stand_in.seen.clear()
    again = review(stand_in, folder)
    assert stand_in.seen == ["1", "2"]
    assert again["both · 2"] == ids["both · 2"]
    assert again["both · 1"] != ids["both · 1"]


def test_the_source_is_kept_if_asked(reviewed, folder):
    plan, _ = purge(folder / "talk.txt", keep_source=True)
    assert (folder / "talk.txt").exists()
    assert plan.kept == (folder / "talk.txt",)
    assert b"I pushed too fast" not in bytes_of(folder / DEFAULT_NAME)


def test_stores_are_looked_for_above_the_file_too(stand_in, folder):
    path = write(folder / "2026" / "may" / "deep.txt", "A: This is said deep down below.\nB: Yes.\n")
    review(stand_in, folder)
    plan = plan_purge(Request(files=(path,)))
    assert [(where, len(found)) for where, found in plan.stores] == [(folder / DEFAULT_NAME, 1)]
    elsewhere = folder.parent / "mine.sqlite"
    open_store(elsewhere).close()
    assert plan_purge(Request(files=(path,), store=elsewhere)).stores == ((elsewhere, ()),)


def test_all_parts_of_a_session_in_several_files_go(stand_in, folder):
    for speaker, text in (("doctor", "What brings you here this morning?"), ("patient", "It is my knee again.")):
        write(
            folder / f"day1_{speaker}.TextGrid",
            'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n9\n<exists>\n1\n'
            f'"IntervalTier"\n"Speaker"\n0\n9\n1\n0\n9\n"{text}"\n',
        )
    assert "day1" in review(stand_in, folder)
    plan, _ = purge(folder / "day1_patient.TextGrid")
    assert [path.name for path in plan.sources] == ["day1_doctor.TextGrid", "day1_patient.TextGrid"]
    assert b"It is my knee again." not in bytes_of(folder / DEFAULT_NAME)


# Results.


@pytest.fixture
def results(stand_in, runner, reviewed, folder, tmp_path):
    """A folder with results of all kinds, of both sessions."""
    place = tmp_path / "results"
    place.mkdir()
    for call in (
        ["annotate", str(folder), "-o", f"{place}/labels/"],
        ["annotate", str(folder), "-o", f"{place}/text/", "--format", "text"],
        ["annotate", str(folder), "-o", f"{place}/all.csv"],
        ["annotate", str(folder), "-o", f"{place}/all.jsonl"],
        ["annotate", str(folder / "talk.txt"), "-o", f"{place}/one.jsonl"],
        ["annotate", str(folder / "talk.txt"), "-o", f"{place}/one.docx"],
        ["annotate", str(folder), "-o", f"{place}/bare.csv", "--labels-only"],
        ["report", str(folder), "-o", f"{place}/report/"],
        ["report", str(folder / "talk.txt"), "-o", f"{place}/page.html"],
        ["report", str(folder), "-o", f"{place}/summary.csv"],
        ["report", str(folder), "-o", f"{place}/summary.json"],
    ):
        done = runner.invoke(cli, call)
        assert done.exit_code == 0, done.output
    export_corrections(folder, place / "corrections.jsonl")
    (place / "unrelated.txt").write_text("Nothing of it stands here.\n", encoding="utf-8")
    return place


def test_results_go_as_far_as_they_are_known_and_the_rest_is_named(results, folder):
    before = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    plan, _ = purge(folder / "talk.txt", results=(results,))
    after = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    assert before - after == {
        "labels/talk.csv", "text/talk.txt", "one.jsonl", "page.html", "report/sessions/talk.html"
    }  # fmt: skip
    rows = {path.relative_to(results).as_posix(): len(lines) for path, lines in plan.traces.rows.items()}
    assert rows == {"all.jsonl": 6, "corrections.jsonl": 6}
    for name in rows:
        left = [json.loads(line)["session"] for line in (results / name).read_text(encoding="utf-8").splitlines()]
        assert set(left) == {"other"}
        assert len(left) == 4
    named = {path.relative_to(results).as_posix() for path in plan.traces.holding}
    assert named == {"all.csv", "bare.csv", "report/index.html", "summary.csv", "summary.json"}
    assert {path.name for path in plan.traces.unread} == {"one.docx"}
    for name, other in (("labels", "other.csv"), ("text", "other.txt")):
        assert list(json.loads((results / name / RECORD).read_text(encoding="utf-8"))["results"]) == [other]
    left = [path for path in results.rglob("*") if path.is_file() and b"pushed too fast" in path.read_bytes()]
    assert [path.name for path in left] == ["all.csv"]


def test_results_of_a_session_that_was_never_reviewed_go_too(stand_in, runner, folder, tmp_path):
    call = ["annotate", str(folder), "-o", f"{tmp_path}/labels/"]
    assert runner.invoke(cli, call).exit_code == 0
    plan, _ = purge(folder / "talk.txt", results=(tmp_path / "labels",))
    assert plan.stores == ()
    assert any("there is no reviews.mendline.sqlite" in note for note in plan.notes)
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == [RECORD, "other.csv"]


def test_the_folder_of_the_sources_may_be_named_as_results(reviewed, folder):
    plan, _ = purge(folder / "talk.txt", results=(folder,))
    assert plan.traces.files == []
    assert (folder / "other.txt").read_text(encoding="utf-8") == OTHER
    assert (folder / DEFAULT_NAME).exists()


def test_a_note_that_leads_out_of_its_folder_is_not_followed(reviewed, folder, tmp_path):
    precious = write(tmp_path / "precious.txt", "Keep me.")
    from mendline.review.inputs import Source
    from mendline.review.record import fingerprint

    mark = fingerprint(Source(folder / "talk.txt", folder / "talk.txt"))
    results = {"../precious.txt": mark, str(precious): mark}
    write(tmp_path / "labels" / RECORD, json.dumps({"made_by": {}, "results": results}))
    purge(folder / "talk.txt", results=(tmp_path / "labels",))
    assert precious.read_text(encoding="utf-8") == "Keep me."


def test_rows_of_another_session_by_the_same_name_stay(reviewed, folder, tmp_path):
    row = {"session": "talk", "turn": 0, "speaker": "T", "text": "How are you two?", "label": "neutral"}
    other = row | {"turn": 1, "speaker": "A", "text": "Another answer than in the session."}
    path = write(tmp_path / "corrections.jsonl", json.dumps(row) + "\n" + json.dumps(other) + "\n")
    before = path.read_bytes()
    plan, _ = purge(folder / "talk.txt", results=(path,))
    assert plan.traces.rows == {}
    assert plan.traces.holding == [path]
    assert path.read_bytes() == before


def test_rows_that_came_while_somebody_was_asked_stay(reviewed, folder, tmp_path):
    path = tmp_path / "corrections.jsonl"
    export_corrections(folder, path)
    plan = plan_purge(Request(files=(folder / "talk.txt",), results=(path,)))
    lines = path.read_bytes().splitlines(keepends=True)[::-1]
    path.write_bytes(b"".join(lines))
    run_purge(plan)
    others = [line for line in lines if b'"other"' in line]
    assert len(others) == 4
    assert path.read_bytes() == b"".join(others)


def test_results_that_went_while_somebody_was_asked_do_not_stop_it(reviewed, folder, tmp_path):
    path = tmp_path / "corrections.jsonl"
    export_corrections(folder, path)
    plan = plan_purge(Request(files=(folder / "talk.txt",), results=(path,)))
    path.unlink()
    run_purge(plan)
    assert not path.exists()
    assert not (folder / "talk.txt").exists()


def test_links_in_results_are_not_followed_and_told(reviewed, folder, tmp_path):
    outside = write(tmp_path / "outside" / "copy.jsonl", "I am sorry, I pushed too fast.\n")
    results = tmp_path / "results"
    results.mkdir()
    (results / "file.jsonl").symlink_to(outside)
    (results / "folder").symlink_to(outside.parent)
    (results / "source.txt").symlink_to(folder / "talk.txt")
    plan, _ = purge(folder / "talk.txt", results=(results,))
    assert [path.name for path in plan.traces.unread] == ["file.jsonl", "folder"]
    assert outside.exists()


def test_results_that_are_named_by_a_link_are_looked_through(reviewed, folder, tmp_path):
    path = tmp_path / "real" / "corrections.jsonl"
    path.parent.mkdir()
    export_corrections(folder, path)
    (tmp_path / "link.jsonl").symlink_to(path)
    (tmp_path / "linked").symlink_to(path.parent)
    for place in (tmp_path / "link.jsonl", tmp_path / "linked"):
        plan = plan_purge(Request(files=(folder / "talk.txt",), results=(place,)))
        assert [len(lines) for lines in plan.traces.rows.values()] == [6]


def test_a_link_to_the_transcript_does_not_save_it(reviewed, folder, tmp_path):
    link = tmp_path / "link.txt"
    link.symlink_to(folder / "talk.txt")
    plan, told = purge(link, store=folder / DEFAULT_NAME)
    assert plan.sources == (link, folder / "talk.txt")
    assert f"  {folder / 'talk.txt'}: the transcript itself" in told
    assert not link.is_symlink()
    assert not (folder / "talk.txt").exists()


def test_another_name_of_the_same_file_is_told(reviewed, folder, tmp_path):
    (tmp_path / "second.txt").hardlink_to(folder / "talk.txt")
    plan, _ = purge(folder / "talk.txt")
    assert (
        f"{folder / 'talk.txt'}: is known by other names too (hard links), and its text stays under them." in plan.notes
    )


@pytest.mark.parametrize(
    "said",
    [
        ("Ты никогда меня не слушаешь, и я устала.", "Прости, я слишком торопился сегодня."),
        ("你从来不听我说话", "对不起我今天太着急"),
        ("Ærlig talt hører du aldrig på mig når jeg græder.", "Undskyld, jeg pressede på alt for hårdt."),
    ],
    ids=["cyrillic", "chinese", "danish"],
)
def test_words_in_other_letters_are_found_too(stand_in, folder, tmp_path, said):
    text = "".join(f"{speaker}: {each}\n" for speaker, each in zip("AB", said, strict=True))
    path = write(folder / "third.txt", text)
    review(stand_in, folder)
    copy = write(tmp_path / "results" / "table.csv", text.replace(": ", ","))
    with open_store(folder / DEFAULT_NAME) as store, store.writing() as connection:
        connection.execute("CREATE TABLE stray (text)")
        connection.execute("INSERT INTO stray VALUES (?)", (said[0],))
    plan = plan_purge(Request(files=(path,), results=(copy.parent,)))
    assert plan.traces.holding == [copy]
    with pytest.raises(StoreError, match="still holds"):
        run_purge(plan)


def test_looking_for_words_takes_no_lock_away(reviewed, folder, monkeypatch):
    opened = []
    original = type(folder).read_bytes

    def watching(path):
        if path.name.startswith(DEFAULT_NAME):
            opened.append([each.name for each in files_of(folder / DEFAULT_NAME)])
        return original(path)

    monkeypatch.setattr(type(folder), "read_bytes", watching)
    purge(folder / "talk.txt")
    # The files beside a store are only there while it is open.
    assert opened == [[DEFAULT_NAME]]


def test_a_page_of_a_session_that_only_shares_sentences_stays(stand_in, runner, folder, tmp_path):
    short = write(folder / "short.txt", "A: You never listen to me.\nB: I heard every word of it, believe me.\n")
    page = tmp_path / "page.html"
    assert runner.invoke(cli, ["report", str(folder / "other.txt"), "-o", str(page)]).exit_code == 0
    plan, _ = purge(short, results=(page,))
    assert page.exists()
    assert plan.traces.holding == [page]


# The command.


def test_the_command_lists_all_and_asks(runner, results, folder):
    call = ["purge", str(folder / "talk.txt"), "--results", str(results)]
    for answer in ("n\n", ""):
        done = runner.invoke(cli, call, input=answer)
        assert done.exit_code == 1
        assert "Delete all this? It cannot be undone." in done.output
        assert (folder / "talk.txt").exists()
        assert (results / "page.html").exists()
    done = runner.invoke(cli, call, input="y\n")
    assert done.exit_code == 0
    assert not (folder / "talk.txt").exists()
    before, _, after = done.stdout.partition("Deleted:")
    for part in (before, after):
        for line in (
            f"{folder / DEFAULT_NAME}: session talk, 6 turns, its labels, and 2 codings by kim, lee",
            f"{results / 'page.html'}: made of it",
            f"{results / 'corrections.jsonl'}: 6 rows",
            f"{folder / 'talk.txt'}: the transcript itself",
        ):
            assert line in part
    assert f"(delete it, or make it anew):\n  {results / 'all.csv'}" in before
    assert f"Could not be looked into:\n  {results / 'one.docx'}" in before
    assert "Not looked at:\n  copies, backups and snapshots" in after
    assert "pushed too fast" not in done.output


def test_yes_does_not_ask(runner, reviewed, folder):
    done = runner.invoke(cli, ["purge", str(folder / "talk.txt"), "--yes"])
    assert done.exit_code == 0
    assert "Delete all this?" not in done.output
    assert "no results were looked through. Name their folders with --results." in done.output
    assert not (folder / "talk.txt").exists()


def test_what_nobody_knows_is_an_error(runner, reviewed, folder):
    done = runner.invoke(cli, ["purge", str(folder / "nowhere.txt"), "--yes"])
    assert done.exit_code == 1
    assert f"nothing is known of this: {folder / 'nowhere.txt'}." in done.stderr


def test_a_store_that_is_none_deletes_nothing(reviewed, folder, tmp_path):
    bad = write(tmp_path / "bad.sqlite", "no store " * 100)
    with pytest.raises(StoreError, match="is not a store of codings"):
        plan_purge(Request(files=(folder / "talk.txt",), store=bad))
    with pytest.raises(ReviewError):
        plan_purge(Request(files=(folder / "talk.txt",), store=tmp_path / "none.sqlite"))
    assert (folder / "talk.txt").exists()


def test_planning_loads_no_model(folder):
    code = (
        "import sys\nfrom mendline.cli import cli\n"
        f"cli(['purge', {str(folder / 'talk.txt')!r}, '--yes'], standalone_mode=False)\n"
        "assert not {'onnxruntime', 'torch', 'starlette', 'uvicorn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert not (folder / "talk.txt").exists()
