"""The store of a review: its file, the history of codings, sessions that are found again."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conversations import conversation
from desks import TALK, review_of

from mendline.model.labels import Label, Marker
from mendline.review.opening import Labeller, find_files, open_sessions
from mendline.review.store import database
from mendline.review.store.codings import (
    Coding,
    coded_sessions,
    coder_name,
    counts,
    current,
    current_one,
    history,
    save,
    undo,
)
from mendline.review.store.database import files_of, open_store
from mendline.review.store.sessions import Key, find_annotation, keep_annotation, load_annotation
from mendline.transcripts.errors import ReviewError, StoreError, TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

KEY = Key(fingerprint="f", content="c", reading="r", checkpoint="stand-in (00000000)")
SESSION = conversation("1-2.5s Anna [attack 0.8?]: You never listen.\nBen [minimal]: Whatever.\nAnna [own]: Sorry.")
ATTACK = Coding(label=Label.CONFRONTATION, marker=Marker.ATTACK)
OWN = Coding(label=Label.REPAIR, marker=Marker.OWN, sure=False, note="half of it")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reviews.mendline.sqlite"


@pytest.fixture
def store(path):
    with open_store(path) as opened:
        yield opened


def kept(store, session=SESSION, key=KEY) -> str:
    [found] = keep_annotation(store, key, [session], place="talk.txt")
    return found.id


def plain(codings):
    return {turn: replace(coding, time=None) for turn, coding in codings.items()}


# The file.


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_all_files_are_the_owners_only_whatever_the_umask(path):
    before = os.umask(0)
    try:
        with open_store(path) as store:
            kept(store)
            files = files_of(path)
            assert [each.name[len(path.name) :] for each in files] == ["", "-wal", "-shm"]
            assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_the_file_is_never_readable_by_others_not_even_while_it_is_made(path, monkeypatch):
    seen = []
    connect = sqlite3.connect

    def watching(*arguments, **options):
        seen.append(stat.S_IMODE(path.stat().st_mode))
        return connect(*arguments, **options)

    monkeypatch.setattr(database.sqlite3, "connect", watching)
    before = os.umask(0)
    try:
        open_store(path).close()
    finally:
        os.umask(before)
    assert seen == [0o600]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
def test_a_store_that_others_could_read_is_closed_to_them(path):
    open_store(path).close()
    path.chmod(0o644)
    open_store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_settings_that_keep_data_safe(store):
    with store.reading() as connection:
        settings = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "temp_store", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "busy_timeout": 10_000,
    }


def test_a_closed_store_is_one_file(path):
    with open_store(path) as store:
        kept(store)
    assert files_of(path) == [path]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b"A secret sentence. " * 300), "is not a store of codings"),
        (lambda path: closing(sqlite3.connect(path)).__enter__().execute("CREATE TABLE x (y)"), "another program"),
        (lambda path: path.mkdir(), "is not an ordinary file"),
    ],
    ids=["text", "another database", "folder"],
)
def test_what_is_no_store_is_refused_and_left_alone(path, make, message):
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=message) as caught:
        open_store(path)
    assert caught.value.file == str(path)
    assert "secret" not in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
@pytest.mark.parametrize("content", [b"A secret sentence. " * 300, None], ids=["text", "another database"])
def test_the_permissions_of_what_is_no_store_are_left_alone_too(path, content):
    if content is None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE x (y)")
    else:
        path.write_bytes(content)
    path.chmod(0o644)
    with pytest.raises(StoreError):
        open_store(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_store_whose_process_was_killed_at_once_is_known_as_one(path, tmp_path):
    with open_store(path) as store:
        kept(store)
        (tmp_path / "copy.sqlite").write_bytes(path.read_bytes())  # As after `kill -9`, and its log lost.
    open_store(tmp_path / "copy.sqlite", create=False).close()


@pytest.mark.skipif(os.name != "posix", reason="other systems do not move open files")
@pytest.mark.parametrize("what", ["deleted", "moved", "replaced"])
def test_nothing_is_saved_into_a_file_that_is_no_longer_there(path, tmp_path, what):
    with open_store(path) as store:
        identity = kept(store)
        save(store, identity, 0, coder="kim", coding=OWN)
        if what == "deleted":
            path.unlink()
        else:
            path.rename(tmp_path / "elsewhere.sqlite")
        if what == "replaced":
            path.touch()
        for work in (
            lambda: save(store, identity, 1, coder="kim", coding=OWN),
            lambda: undo(store, identity, coder="kim"),
            lambda: current(store, identity, coder="kim"),
        ):
            with pytest.raises(StoreError, match="was moved, deleted or replaced while it was open"):
                work()
        if what == "moved":
            (tmp_path / "elsewhere.sqlite").rename(path)
            save(store, identity, 1, coder="kim", coding=OWN)
            assert set(current(store, identity, coder="kim")) == {0, 1}


def test_a_store_of_another_version_is_refused(path):
    open_store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(StoreError, match=r"another version of Mendline \(form 2, this one reads 1\)"):
        open_store(path)


def test_a_store_is_not_made_where_it_should_exist_or_cannot_be(path, tmp_path):
    with pytest.raises(StoreError, match="no such store of codings"):
        open_store(path, create=False)
    assert not path.exists()
    with pytest.raises(StoreError, match="cannot be made: No such file or directory"):
        open_store(tmp_path / "nowhere" / "s.sqlite")


def test_a_damaged_store_says_so(path):
    with open_store(path) as store:
        kept(store)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xaa" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged"), open_store(path) as store:
        coded_sessions(store)


def test_a_store_that_stays_busy_says_that_nothing_was_saved(path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with open_store(path) as one, open_store(path) as other:
        session = kept(one)
        with one.writing(), pytest.raises(StoreError, match="Nothing was saved: try again"):
            save(other, session, 0, coder="kim", coding=ATTACK)
        assert current(other, session, coder="kim") == {}


def test_a_block_that_fails_changes_nothing(store):
    session = kept(store)

    def fail() -> None:
        with store.writing() as connection:
            connection.execute("DELETE FROM session")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert current(store, session, coder="kim") == {}


# The history.


def test_what_is_saved_is_there_with_coder_and_time(store):
    session = kept(store)
    before = datetime.now(UTC) - timedelta(milliseconds=2)
    save(store, session, 2, coder="kim", coding=OWN)
    [(turn, coding)] = current(store, session, coder="kim").items()
    assert (turn, replace(coding, time=None)) == (2, OWN)
    assert coding.time is not None
    assert before <= coding.time <= datetime.now(UTC)
    assert coding.time.utcoffset() == timedelta(0)


def test_the_last_change_holds_and_all_stay_in_the_history(store):
    session = kept(store)
    for coding in (ATTACK, OWN, None, ATTACK):
        save(store, session, 0, coder="kim", coding=coding)
    assert plain(current(store, session, coder="kim")) == {0: ATTACK}
    found = [each.coding and replace(each.coding, time=None) for each in history(store, session)]
    assert found == [ATTACK, OWN, None, ATTACK]


def test_saying_the_same_again_is_no_change_but_saying_it_blind_is(store):
    session = kept(store)
    for coding in (None, ATTACK, ATTACK, replace(ATTACK, blind=True)):
        save(store, session, 0, coder="kim", coding=coding)
    assert [each.coding.blind for each in history(store, session)] == [False, True]


def test_undo_goes_back_change_by_change_over_all_turns(store):
    session = kept(store)
    save(store, session, 0, coder="kim", coding=ATTACK)
    save(store, session, 2, coder="kim", coding=OWN)
    save(store, session, 0, coder="kim", coding=None)
    assert undo(store, session, coder="kim") == 0
    assert plain(current(store, session, coder="kim")) == {0: ATTACK, 2: OWN}
    assert undo(store, session, coder="kim") == 2
    save(store, session, 1, coder="kim", coding=ATTACK)
    assert undo(store, session, coder="kim") == 1
    assert undo(store, session, coder="kim") == 0
    assert undo(store, session, coder="kim") is None
    assert current(store, session, coder="kim") == {}
    assert [each.undone is not None for each in history(store, session)] == [True] * 4


def test_coders_neither_see_nor_undo_each_other(store):
    session = kept(store)
    save(store, session, 0, coder="kim", coding=ATTACK)
    save(store, session, 0, coder="lee", coding=OWN)
    assert undo(store, session, coder="kim") == 0
    assert undo(store, session, coder="kim") is None
    assert current(store, session, coder="kim") == {}
    assert plain(current(store, session, coder="lee")) == {0: OWN}
    assert current_one(store, session, 0, coder="kim") is None
    assert counts(store, coder="lee") == {session: 1}
    assert counts(store, coder="kim") == {}


def test_the_history_cannot_be_altered(store):
    session = kept(store)
    save(store, session, 0, coder="kim", coding=ATTACK)
    for change in ("UPDATE change SET label = 'repair'", "UPDATE change SET coder = 'lee'"):
        with pytest.raises(StoreError), store.writing() as connection:
            connection.execute(change)
    assert plain(current(store, session, coder="kim")) == {0: ATTACK}


def test_a_turn_that_is_not_there_cannot_be_coded(store):
    session = kept(store)
    with pytest.raises(StoreError):
        save(store, session, 3, coder="kim", coding=ATTACK)
    with pytest.raises(StoreError, match="was deleted"):
        save(store, "0123456789abcdef", 0, coder="kim", coding=ATTACK)
    assert history(store, session) == ()


def test_a_coding_is_checked():
    with pytest.raises(ValueError, match="does not belong"):
        Coding(label=Label.REPAIR, marker=Marker.ATTACK)
    with pytest.raises(ValueError, match="too long"):
        Coding(label=Label.NEUTRAL, marker=None, note="x" * 2001)


@pytest.mark.parametrize(("given", "name"), [(" Kim  Lee ", "Kim Lee"), ("Zoe\u0308", "Zoë"), ("k" * 80, "k" * 80)])
def test_names_of_coders(given, name):
    assert coder_name(given) == name


@pytest.mark.parametrize("given", ["", "  ", "k" * 81, "a\x1b[2Jb", "a\u202eb", "a\0b"])
def test_names_that_no_coder_has(given):
    with pytest.raises(ReviewError, match="--coder NAME"):
        coder_name(given)


def test_what_goes_to_the_corrections(store):
    first = kept(store)
    second = kept(store, conversation("A: Hello.\nB [own]: Sorry."), replace(KEY, fingerprint="g"))
    untouched = kept(store, conversation("A: Hello.\nB: Bye."), replace(KEY, fingerprint="h"))
    save(store, second, 1, coder="lee", coding=ATTACK)
    save(store, first, 0, coder="kim", coding=ATTACK)
    save(store, first, 0, coder="lee", coding=OWN)
    save(store, untouched, 0, coder="lee", coding=OWN)
    undo(store, untouched, coder="lee")
    found = coded_sessions(store)
    assert [each.id for each in found] == [first, second]
    assert found[0].session == SESSION
    assert found[0].checkpoint == KEY.checkpoint
    assert {coder: plain(each) for coder, each in found[0].codings.items()} == {"kim": {0: ATTACK}, "lee": {0: OWN}}


# Two at once.


def test_threads_and_connections_that_write_at_once_lose_nothing(path):
    with open_store(path) as one, open_store(path) as other:
        session = kept(one, conversation("A: Hello.\n" * 40))

        def code(job):
            number, store, coder = job
            save(store, session, number % 40, coder=coder, coding=replace(ATTACK, note=str(number)))

        jobs = [(number, store, coder) for number in range(80) for store, coder in ((one, "kim"), (other, "lee"))]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(code, jobs))
        found = history(one, session)
    assert len(found) == 160
    assert sorted(int(each.coding.note) for each in found if each.coder == "kim") == list(range(80))


WRITER = """
import sys
from pathlib import Path
from mendline.model.labels import Label
from mendline.review.store.codings import Coding, save
from mendline.review.store.database import open_store
path, session, coder = sys.argv[1:]
with open_store(Path(path)) as store:
    for number in range(50):
        save(store, session, number, coder=coder, coding=Coding(label=Label.REPAIR, marker=None, note=str(number)))
"""


def test_two_processes_that_write_at_once_lose_nothing(path):
    with open_store(path) as store:
        session = kept(store, conversation("A: Hello.\n" * 50))
        calls = [[sys.executable, "-c", WRITER, str(path), session, coder] for coder in ("kim", "lee")]
        running = [subprocess.Popen(call) for call in calls]
        assert [process.wait(120) for process in running] == [0, 0]
        for coder in ("kim", "lee"):
            assert {turn: each.note for turn, each in current(store, session, coder=coder).items()} == {
                number: str(number) for number in range(50)
            }


MAKER = """
import sys
from pathlib import Path
from mendline.review.store.database import open_store
print("ready", flush=True)
sys.stdin.readline()
open_store(Path(sys.argv[1])).close()
"""


def test_processes_that_make_the_store_at_once_make_one(path):
    running = [
        subprocess.Popen([sys.executable, "-c", MAKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in running:
        process.stdout.readline()
    assert [process.communicate(b"\n", 120) and process.returncode for process in running] == [0, 0, 0]
    open_store(path).close()


# Sessions that are found again.


def test_a_session_comes_out_as_it_went_in(store):
    [found] = keep_annotation(store, KEY, [SESSION], place="talk.txt")
    assert (found.turns, found.ruptures, found.repairs, found.doubtful) == (3, 2, 1, 1)
    assert find_annotation(store, KEY, place="talk.txt") == (found,)
    loaded = load_annotation(store, found.annotation)
    assert loaded.session == SESSION
    assert loaded.id == found.id


def test_a_setting_ids_and_halves_of_pairs(store):
    turns = (
        replace(SESSION.transcript.turns[0], source_ids=("1", "2"), text="A half: \ud83d"),
        *SESSION.transcript.turns[1:],
    )
    [found] = keep_annotation(
        store, KEY, [replace(SESSION, transcript=Transcript("talk", turns, "couple therapy"))], place="talk.txt"
    )
    transcript = load_annotation(store, found.annotation).session.transcript
    assert transcript.setting == "couple therapy"
    assert transcript.turns[0].source_ids == ("1", "2")
    assert transcript.turns[0].text == "A half: \ufffd"


@pytest.mark.parametrize("part", ["fingerprint", "reading", "checkpoint"])
def test_labels_are_those_of_the_file_the_reading_and_the_checkpoint(store, part):
    kept(store)
    assert find_annotation(store, replace(KEY, **{part: "other"}), place="talk.txt") is None


def test_the_same_words_are_one_session_whatever_the_file_is_called(store):
    first = kept(store)
    renamed = replace(SESSION, transcript=replace(SESSION.transcript, session="other"))
    assert kept(store, renamed, replace(KEY, fingerprint="g")) == first
    changed = conversation("Anna: You never listen.\nBen: Whatever.\nAnna: Sorry!")
    assert kept(store, changed, replace(KEY, fingerprint="h")) != first


def opened(stand_in, folder, store, **options):
    options = ReadOptions(**options)
    labeller = Labeller(name=stand_in.name, load=lambda: stand_in)
    return open_sessions(find_files([folder], options), store, labeller, options=options)


def test_a_second_opening_labels_nothing(stand_in, tmp_path, store):
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    first = opened(stand_in, tmp_path, store)
    assert stand_in.seen == ["talk"]

    def refuse():
        raise AssertionError("the model was loaded")

    again = open_sessions(
        find_files([tmp_path], ReadOptions()), store, Labeller(name=stand_in.name, load=refuse), options=ReadOptions()
    )
    assert again == first


def test_another_checkpoint_or_role_labels_again_and_keeps_the_codings(stand_in, tmp_path, store):
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    [session] = opened(stand_in, tmp_path, store).sessions
    save(store, session.id, 1, coder="kim", coding=ATTACK)
    [by_role] = opened(stand_in, tmp_path, store, roles={"A": "partner"}).sessions
    stand_in.name = "other (11111111)"
    [by_model] = opened(stand_in, tmp_path, store).sessions
    assert stand_in.seen == ["talk"] * 3
    assert session.id == by_role.id == by_model.id
    assert len({session.annotation, by_role.annotation, by_model.annotation}) == 3
    assert load_annotation(store, by_role.annotation).session.transcript.turns[1].role == "partner"
    assert plain(current(store, session.id, coder="kim")) == {1: ATTACK}


def test_a_changed_file_is_another_session_and_the_codings_of_the_old_one_stay(stand_in, tmp_path, store):
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    [old] = opened(stand_in, tmp_path, store).sessions
    save(store, old.id, 1, coder="kim", coding=ATTACK)
    (tmp_path / "talk.txt").write_text(TALK + "A: Yes.\n", encoding="utf-8")
    [new] = opened(stand_in, tmp_path, store).sessions
    assert new.id != old.id
    assert current(store, new.id, coder="kim") == {}
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    assert opened(stand_in, tmp_path, store).sessions == (old,)
    assert plain(current(store, old.id, coder="kim")) == {1: ATTACK}


def test_files_of_one_name_do_not_collide_and_equal_ones_are_shown_once(stand_in, tmp_path, store):
    for folder, text in (("a", TALK), ("b", TALK + "A: Yes.\n"), ("c", TALK)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "talk.txt").write_text(text, encoding="utf-8")
    found = opened(stand_in, tmp_path, store)
    assert [each.name for each in found.sessions] == ["a/talk", "b/talk"]
    assert found.twins == (tmp_path / "c" / "talk.txt",)
    assert len({each.id for each in found.sessions}) == 2


def test_names_tell_sessions_apart(stand_in, tmp_path, store):
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    cues = "1\n00:00:01,000 --> 00:00:02,000\nA: Hello.\n\n2\n00:00:02,000 --> 00:00:03,000\nB: Hello.\n"
    (tmp_path / "talk.srt").write_text(cues, encoding="utf-8")
    (tmp_path / "many.csv").write_text("session,speaker,text\n1,A,Hello.\n2,A,Bye.\n", encoding="utf-8")
    names = [each.name for each in opened(stand_in, tmp_path, store).sessions]
    assert names == ["many · 1", "many · 2", "talk.srt", "talk.txt"]


def test_a_bad_file_does_not_stop_the_others(stand_in, tmp_path, store):
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    found = opened(stand_in, tmp_path, store)
    assert [each.name for each in found.sessions] == ["talk"]
    assert [each.path.name for each in found.failed] == ["empty.txt"]
    (tmp_path / "talk.txt").unlink()
    with pytest.raises(ReviewError, match=r"no session could be opened:\n.*empty.txt"):
        opened(stand_in, tmp_path, store)


def test_a_role_that_nobody_has_is_refused_also_where_nothing_is_labelled(stand_in, tmp_path, store):
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    for _ in range(2):
        with pytest.raises(TranscriptError, match="--role Zoe=partner"):
            opened(stand_in, tmp_path, store, roles={"Zoe": "partner"})


def test_the_store_in_the_folder_is_not_told_as_left_aside(stand_in, tmp_path):
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    review = review_of(stand_in, tmp_path)
    assert find_files([tmp_path], ReadOptions()).left_aside() is None
    (tmp_path / "notes.xyz").write_text("x", encoding="utf-8")
    assert find_files([tmp_path], ReadOptions()).left_aside() == "Not read: 1 of other kinds (see `mendline formats`)."
    review.desk.store.close()


def test_a_file_that_changes_while_it_is_read_is_not_kept(stand_in, tmp_path, store):
    path = tmp_path / "talk.txt"
    path.write_text(TALK, encoding="utf-8")

    def load():
        path.write_text(TALK + "A: Yes.\n", encoding="utf-8")
        return stand_in

    labeller = Labeller(name=stand_in.name, load=load)
    with pytest.raises(ReviewError, match="was changed while it was read"):
        open_sessions(find_files([path], ReadOptions()), store, labeller, options=ReadOptions())


def test_paths_are_seen_from_the_store(stand_in, tmp_path, store):
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "talk.txt").write_text(TALK, encoding="utf-8")
    opened(stand_in, folder, store)
    with store.reading() as connection:
        assert connection.execute("SELECT place FROM seen").fetchall() == [("client/talk.txt",)]
