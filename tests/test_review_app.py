"""The review page's server: what each address answers, blind mode, recordings, the command."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
from html.parser import HTMLParser

import desks
import pytest
from click.testing import CliRunner
from desks import TALK, coding, review_of, running

from mendline.cli import cli
from mendline.model.labels import LABELS, MARKERS, MARKERS_OF, Label
from mendline.review.store.codings import history
from mendline.review.store.database import open_store
from mendline.review.web import serving
from mendline.review.web.app import render, static_files
from mendline.review.web.sessions import MARKER_KEYS
from mendline.transcripts.errors import ReviewError
from mendline.transcripts.options import ReadOptions

talk, review, browser = desks.talk, desks.review, desks.browser


def test_the_link_opens_the_only_session(review):
    client = review.stranger()
    answer = client.get(f"/open?token={review.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("mendline-8123=")
    assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "Path=/", "SameSite=strict"}
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sessions/{review.id}")
    page = client.get(f"/sessions/{review.id}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<meta name="csrf" content="{review.access.csrf}">' in page.text
    assert "talk" in page.text


def test_the_link_can_be_clicked_again_in_the_same_browser(review, browser):
    answer = browser.get(f"/open?token={review.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "set-cookie" not in answer.headers


def test_all_of_a_session(review, browser):
    answer = browser.get(f"/api/sessions/{review.id}")
    assert answer.headers["content-type"] == "application/json"
    data = answer.json()
    assert {key: data[key] for key in ("id", "name", "model", "coder", "blind", "media")} == {
        "id": review.id,
        "name": "talk",
        "model": "stand-in (00000000)",
        "coder": "kim",
        "blind": False,
        "media": None,
    }
    assert data["speakers"] == [
        {"name": "T", "role": "therapist"},
        {"name": "A", "role": "speaker one"},
        {"name": "B", "role": "speaker two"},
    ]
    assert data["turns"][1] == {
        "index": 1,
        "speaker": 1,
        "text": "You never listen to me.",
        "start": None,
        "end": None,
        "model": {"label": "confrontation", "marker": "attack", "probability": 0.91, "doubtful": False},
        "coded": None,
    }
    assert [turn["index"] for turn in data["turns"]] == list(range(6))
    assert data["turns"][5]["model"]["doubtful"] is True
    assert data["episodes"] == [
        {
            "number": 1,
            "first": 1,
            "last": 4,
            "opened_by": 1,
            "outcome": "repaired",
            "probability": 0.8,
            "attempts": [{"turn": 3, "reception": "accepted"}],
        }
    ]


def test_times_are_sent(stand_in, tmp_path):
    (tmp_path / "talk.txt").write_text("[00:00:01] A: Hello.\n[00:00:02.5] B: Hello.\n", encoding="utf-8")
    review = review_of(stand_in, tmp_path / "talk.txt")
    turns = review.browser().get(f"/api/sessions/{review.id}").json()["turns"]
    assert [turn["start"] for turn in turns] == [1.0, 2.5]


def test_labels_have_keys_of_their_own(review, browser):
    labels = browser.get(f"/api/sessions/{review.id}").json()["labels"]
    assert [(each["name"], each["key"]) for each in labels] == list(zip(LABELS, "1234", strict=True))
    assert [[marker["name"] for marker in each["markers"]] for each in labels] == [
        list(MARKERS_OF[label]) for label in LABELS
    ]
    for each in labels:
        keys = [marker["key"] for marker in each["markers"]]
        assert len(set(keys)) == len(keys)
    assert set(MARKER_KEYS) == set(MARKERS)
    assert not set(MARKER_KEYS.values()) & set("jknuzfbqt")


def test_a_label_is_saved_at_once_and_moves_the_episodes(review, browser):
    answer = browser.post(review.turn(3), content=coding("neutral", note="not a repair"))
    assert answer.status_code == 200
    turn = answer.json()["turn"]
    assert turn["coded"] == {"label": "neutral", "marker": None, "sure": True, "note": "not a repair"}
    assert turn["model"]["label"] == "repair"
    [change] = history(review.desk.store, review.id)
    assert (change.turn, change.coder, change.coding.label, change.coding.blind) == (3, "kim", Label.NEUTRAL, False)
    [episode] = browser.get(f"/api/sessions/{review.id}/episodes").json()["episodes"]
    assert (episode["outcome"], episode["attempts"]) == ("open", [])
    whole = browser.get(f"/api/sessions/{review.id}").json()
    assert whole["turns"][3] == turn
    assert whole["episodes"] == [episode]


def test_an_unsure_label_makes_the_episode_no_surer_than_the_model_would(review, browser):
    browser.post(review.turn(1), content=coding("confrontation", "complain"))
    [episode] = browser.get(f"/api/sessions/{review.id}/episodes").json()["episodes"]
    assert episode["probability"] == 0.8
    browser.post(review.turn(3), content=coding("repair", "own", sure=False))
    found = browser.get(f"/api/sessions/{review.id}").json()["turns"][3]["coded"]
    assert found == {"label": "repair", "marker": "own", "sure": False, "note": ""}


def test_a_label_is_taken_back_and_undone(review, browser):
    browser.post(review.turn(3), content=coding("neutral"))
    assert browser.post(review.turn(3), content=coding(None)).json()["turn"]["coded"] is None
    undo = f"/api/sessions/{review.id}/undo"
    assert browser.post(undo).json()["turn"]["coded"]["label"] == "neutral"
    turn = browser.post(undo).json()["turn"]
    assert (turn["index"], turn["coded"]) == (3, None)
    assert browser.post(undo).json() == {"turn": None}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (coding("repair", "attack"), "does not belong to repair"),
        (coding("neutral", "own"), "does not belong to neutral: it has none"),
        (coding("anger"), "A label is one of withdrawal"),
        (coding("repair", "Own"), "does not belong"),
        (coding(None, "own"), "needs a label"),
        (coding(None, note="hm"), "needs a label"),
        (coding("neutral", note="x" * 2001), "has 2001 characters, and at most 2,000"),
        (coding("neutral", sure="yes"), "true or false"),
        (coding("neutral", note=None), "its note is text"),
        (json.dumps({"label": ["repair"], "marker": None, "sure": True, "note": ""}), "A label is one of"),
        (json.dumps({"label": "repair", "marker": {}, "sure": True, "note": ""}), "does not belong"),
        (json.dumps({"label": "repair"}), "A coding has"),
        (json.dumps({"label": "repair", "marker": None, "sure": True, "note": "", "coder": "lee"}), "A coding has"),
        ("[]", "A coding has"),
        ("null", "A coding has"),
    ],
)
def test_what_is_no_coding_is_refused_in_words_and_not_saved(review, browser, body, sentence):
    answer = browser.post(review.turn(0), content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/json")
    assert sentence in answer.json()["error"]
    assert history(review.desk.store, review.id) == ()


@pytest.mark.parametrize("body", ["", "{", "\xff", "{'label': 1}", "[" * 8000], ids=repr)
def test_what_is_no_json_is_refused(review, browser, body):
    answer = browser.post(review.turn(0), content=body.encode("latin-1"))
    assert (answer.status_code, answer.json()) == (400, {"error": "This is not JSON."})


def test_a_note_may_hold_anything(review, browser):
    note = "</script><b>ä😀\u202e\0\n" * 80
    answer = browser.post(review.turn(0), content=coding("neutral", note=note))
    assert answer.json()["turn"]["coded"]["note"] == note
    halved = browser.post(review.turn(0), content='{"label":"neutral","marker":null,"sure":true,"note":"\\ud800"}')
    assert halved.json()["turn"]["coded"]["note"] == "\ufffd"


@pytest.mark.parametrize("turn", ["6", "-1", "1.0", "x", "9" * 5000, "%30", "٣", "0x1", ""])
def test_turns_that_are_not_there(review, browser, turn):
    answer = browser.post(f"/api/sessions/{review.id}/turns/{turn}", content=coding("neutral"))
    # %30 is a 0 in other letters, which any server reads.
    assert answer.status_code == (200 if turn == "%30" else 404)
    assert turn == "%30" or "error" in answer.json()


def test_sessions_and_pages_that_are_not_there(browser):
    for path in ("/api/sessions/0123456789abcdef", "/media/0123456789abcdef", "/static/none.js", "/api/nothing"):
        answer = browser.get(path)
        assert (answer.status_code, list(answer.json())) == (404, ["error"])
    for path in ("/sessions/0123456789abcdef", "/nothing", "/sessions/", "/favicon.ico"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_a_session_that_was_purged_meanwhile_is_gone(review, browser):
    browser.get(f"/api/sessions/{review.id}")
    with review.desk.store.writing() as connection:
        connection.execute("DELETE FROM session")
    assert browser.get(f"/api/sessions/{review.id}").status_code == 404
    assert browser.post(review.turn(0), content=coding("neutral")).status_code == 404


def test_a_store_that_cannot_be_written_is_told_without_its_place(review, browser, tmp_path, monkeypatch):
    monkeypatch.setattr("mendline.review.store.database.BUSY_SECONDS", 0.1)
    with review.desk.store.reading() as connection:
        connection.execute("PRAGMA busy_timeout = 100")
    with open_store(review.desk.store.path) as other, other.writing():
        answer = browser.post(review.turn(0), content=coding("neutral"))
    assert answer.status_code == 503
    assert "Nothing was saved" in answer.json()["error"]
    assert str(tmp_path) not in answer.text


def test_an_unforeseen_error_quotes_nothing(stand_in, talk, monkeypatch):
    review = review_of(stand_in, talk)
    browser = review.browser()
    monkeypatch.setattr(review.desk.__class__, "whole", lambda self, identity: {}["You never listen to me."])
    answer = browser.get(f"/api/sessions/{review.id}")
    assert (answer.status_code, list(answer.json())) == (500, ["error"])
    assert answer.headers["cache-control"] == "no-store"
    [line] = review.told
    assert re.match(r"Unexpected KeyError at test_review_app.py:\d+\. ", line)
    assert "listen" not in line + answer.text


# Blind mode, and the list of sessions.


MODELS_WORDS = ("confrontation", "probability", "doubt", "stand-in", "0.91")


def test_blind_mode_sends_nothing_of_the_model(stand_in, talk):
    review = review_of(stand_in, talk, blind=True)
    browser = review.browser()
    data = browser.get(f"/api/sessions/{review.id}").json()
    assert data["blind"] is True
    assert data["model"] is None
    assert data["episodes"] == []
    assert {turn["model"] for turn in data["turns"]} == {None}
    changed = browser.post(review.turn(1), content=coding("repair", "own")).json()
    assert changed["turn"]["model"] is None
    assert browser.get(f"/api/sessions/{review.id}/episodes").json() == {"episodes": []}
    assert browser.post(f"/api/sessions/{review.id}/undo").json()["turn"]["model"] is None
    del data["labels"]
    sent = json.dumps(data) + json.dumps(changed) + browser.get(f"/sessions/{review.id}").text
    assert not [word for word in MODELS_WORDS[1:] if word in sent.lower()]
    assert [each.coding.blind for each in history(review.desk.store, review.id)] == [True]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_text(TALK, encoding="utf-8")
    (tmp_path / "b.txt").write_text("A: Hello.\nB: Whatever.\n", encoding="utf-8")
    return tmp_path


def test_the_list_of_sessions(stand_in, folder):
    review = review_of(stand_in, folder)
    browser = review.browser()
    first, second = review.desk.sessions
    assert [list(each.values())[1:] for each in review.desk.overview()] == [
        ["a", 6, 2, 1, 1, 0, False],
        ["b", 2, 1, 0, 0, 0, False],
    ]
    browser.post(review.turn(1), content=coding("neutral"))
    browser.post(review.turn(5), content=coding("neutral"))
    assert list(review.desk.overview()[0].values())[1:] == ["a", 6, 1, 1, 0, 2, False]
    page = browser.get("/")
    assert page.status_code == 200
    for identity in (first, second):
        assert f'href="/sessions/{identity}"' in page.text
        assert browser.get(f"/sessions/{identity}").status_code == 200


def test_the_list_in_blind_mode_counts_nothing_of_the_model(stand_in, folder):
    review = review_of(stand_in, folder, blind=True)
    for each in review.desk.overview():
        assert (each["ruptures"], each["repairs"], each["doubtful"], each["blind"]) == (None, None, None, True)
    assert review.browser().get("/").status_code == 200


def test_coders_share_a_store_and_not_their_codings(stand_in, talk):
    kim = review_of(stand_in, talk)
    lee = review_of(stand_in, talk, coder="lee")
    assert kim.id == lee.id
    kim.browser().post(kim.turn(1), content=coding("repair", "own"))
    lee.browser().post(lee.turn(1), content=coding("neutral"))
    found = [
        each.browser().get(f"/api/sessions/{each.id}").json()["turns"][1]["coded"]["label"]
        for each in (review_of(stand_in, talk), review_of(stand_in, talk, coder="lee"))
    ]
    assert found == ["repair", "neutral"]


# Recordings.


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(range(256)) * 40)
    return path


@pytest.fixture
def played(stand_in, talk, film):
    from mendline.review.web.media import media_at

    return review_of(stand_in, talk, media=media_at(film))


def test_the_recording_is_sent_in_ranges(played, film):
    browser = played.browser()
    media = browser.get(f"/api/sessions/{played.id}").json()["media"]
    assert media == {"url": f"/media/{played.id}", "kind": "video"}
    answer = browser.get(media["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.content == film.read_bytes()
    part = browser.get(media["url"], headers={"range": "bytes=250-259"})
    assert (part.status_code, part.headers["content-range"]) == (206, "bytes 250-259/10240")
    assert part.content == bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3])
    tail = browser.get(media["url"], headers={"range": "bytes=-2"})
    assert tail.content == b"\xfe\xff"
    assert browser.get(media["url"], headers={"range": "bytes=99999-"}).status_code == 416
    assert "film" not in str(answer.headers) + browser.get(f"/sessions/{played.id}").text


def test_there_is_no_recording_unless_one_was_given(review, browser, played, film):
    assert browser.get(f"/media/{review.id}").status_code == 404
    film.unlink()
    assert played.browser().get(f"/media/{played.id}").status_code == 404


# What ships.


class _Inline(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.linked: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.wrong.append(tag)
        self.wrong += [name for name in names if name.startswith("on") or name == "style"]
        self.linked += [names[name] for name in ("src", "href") if names.get(name)]


def test_pages_have_nothing_that_their_policy_forbids_and_link_only_what_is_there(stand_in, folder, played):
    review = review_of(stand_in, folder)
    browser = review.browser()
    pages = [
        browser.get("/").text,
        browser.get(f"/sessions/{review.id}").text,
        played.browser().get(f"/sessions/{played.id}").text,
        render("denied.html", reason="No."),
    ]
    for page in pages:
        found = _Inline(page)
        assert found.wrong == []
        for link in found.linked:
            assert link.startswith(("/", "#"))
            if link.startswith("/static/"):
                assert browser.get(link).status_code == 200


def test_static_files_have_the_right_types(review):
    stranger = review.stranger()
    types = {name.rpartition(".")[2]: kind for name, (_, kind) in static_files().items()}
    assert types["js"] == "text/javascript"
    assert types["css"] == "text/css"
    for name, (content, kind) in static_files().items():
        answer = stranger.get(f"/static/{name}")
        assert answer.content == content
        assert answer.headers["content-type"].partition(";")[0] == kind


# Serving, and the command.


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_the_link_and_ends_in_order(talk, ending):
    with running(talk, "--coder", "kim") as process:
        line = process.stdout.readline()
        link = re.fullmatch(r"Open in your browser: (http://127\.0\.0\.1:(\d+)/open\?token=[\w-]{43})\n", line)
        assert link, process.stderr.read()
        with socket.create_connection(("127.0.0.1", int(link[2])), 10) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{link[2]}\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 403")
            process.send_signal(ending)
            out, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
    assert out == ""
    assert told.splitlines() == [
        f"One session, coded by kim in {talk.parent / 'reviews.mendline.sqlite'}",
        "The link works once. Ctrl-C ends the review.",
        "Stopped. Every change was saved.",
    ]
    assert [each.name for each in sorted(talk.parent.iterdir())] == ["reviews.mendline.sqlite", "talk.txt"]


def test_a_port_that_is_taken_is_a_clear_error(review):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ReviewError, match=rf"cannot listen on port {port} .* Choose another with --port"):
            serving.serve(review.desk, port=port, ready=print, tell=print)


@pytest.fixture
def served(monkeypatch):
    """What the command would serve, without serving it."""
    found = {}

    def serve(desk, *, port, ready, tell):
        found.update(
            coder=desk.coder, blind=desk.blind, media=desk.media, port=port, sessions=len(desk.sessions),
            store=desk.store.path,
        )  # fmt: skip
        ready("http://127.0.0.1:1/open?token=x")

    monkeypatch.setattr("mendline.review.web.running.serve", serve)
    return found


def test_the_options_of_the_command(stand_in, runner: CliRunner, talk, film, tmp_path, served, monkeypatch):
    links = []
    monkeypatch.setattr("mendline.review.web.running.open_browser", lambda link: links.append(link) or True)
    call = ["review", str(talk), "--coder", "Kim", "--blind", "--media", str(film), "--port", "4000"]
    result = runner.invoke(cli, [*call, "--store", str(tmp_path / "s.sqlite")])
    assert result.exit_code == 0, result.output
    assert served.pop("media").path == film
    assert served == {
        "coder": "Kim", "blind": True, "port": 4000, "sessions": 1, "store": tmp_path / "s.sqlite"
    }  # fmt: skip
    assert result.stdout == "Opening http://127.0.0.1:1/open?token=x\n"
    assert links == ["http://127.0.0.1:1/open?token=x"]


def test_the_coder_is_the_login_name_and_the_store_lies_in_the_folder(stand_in, runner, folder, served, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "lee")
    result = runner.invoke(cli, ["review", str(folder), "--no-browser"])
    assert result.exit_code == 0, result.output
    assert (served["coder"], served["sessions"]) == ("lee", 2)
    assert served["store"] == folder / "reviews.mendline.sqlite"
    assert result.stdout == "Open in your browser: http://127.0.0.1:1/open?token=x\n"


def test_failures_and_twins_are_told_and_the_rest_is_served(stand_in, runner, folder, served):
    (folder / "c.txt").write_text(TALK, encoding="utf-8")
    (folder / "d.txt").write_text("", encoding="utf-8")
    result = runner.invoke(cli, ["review", str(folder), "--no-browser", "--coder", "kim"])
    assert served["sessions"] == 2
    assert f"{folder / 'c.txt'}: holds a session of another file, word for word" in result.stderr
    assert f"Not opened: 1\n  {folder / 'd.txt'}: the file is empty" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--media", "film.mp4"], "--media goes with one session, and there are 2"),
        (["--media", "a.txt"], "browsers do not play files with this ending"),
        (["--coder", "a\x07b"], "no control characters"),
        (["--store", "a.txt"], "is not a store of codings"),
    ],
)
def test_what_cannot_be_reviewed_is_a_clear_error(
    stand_in, runner, folder, film, served, arguments, message, monkeypatch
):
    monkeypatch.chdir(folder)
    before = (folder / "a.txt").read_bytes()
    result = runner.invoke(cli, ["review", str(folder), "--no-browser", *arguments])
    assert (result.exit_code, served) == (1, {})
    assert message in result.stderr
    assert (folder / "a.txt").read_bytes() == before


def test_an_interrupt_while_labelling_is_exit_130(stand_in, runner, talk, monkeypatch):
    def interrupt(transcript):
        raise KeyboardInterrupt

    monkeypatch.setattr(stand_in, "annotate", interrupt)
    assert runner.invoke(cli, ["review", str(talk), "--no-browser"]).exit_code == 130


def test_a_coder_without_a_name_is_an_error_and_not_somebody_else(runner, talk):
    done = runner.invoke(cli, ["review", str(talk), "--no-browser", "--coder", ""])
    assert (done.exit_code, "a coder's name has 1 to 80 characters" in done.output) == (1, True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="other systems have no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(stand_in, tmp_path):
    os.mkfifo(tmp_path / "talk.txt")
    with pytest.raises(ReviewError, match=r"is not an ordinary file\. Save what it gives to one first"):
        review_of(stand_in, tmp_path / "talk.txt")


def test_a_text_browser_is_not_opened(monkeypatch):
    monkeypatch.setattr(serving.sys, "platform", "linux")
    monkeypatch.setattr(serving.webbrowser, "open", lambda link: pytest.fail("opened"))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert serving.open_browser("http://127.0.0.1:1/") is False


def test_the_browser_of_the_desktop_is_opened_without_waiting(monkeypatch):
    opened, go = [], threading.Event()
    monkeypatch.setattr(serving.webbrowser, "open", lambda link: go.wait(10) and opened.append(link))
    monkeypatch.setenv("DISPLAY", ":0")
    assert serving.open_browser("http://127.0.0.1:1/") is True
    assert opened == []
    go.set()
    for _ in range(100):
        if opened:
            break
        time.sleep(0.02)
    assert opened == ["http://127.0.0.1:1/"]


def test_options_that_change_how_files_are_read_reach_the_session(stand_in, tmp_path):
    path = tmp_path / "talk.csv"
    path.write_text("who,what\nA,Hello.\nB,Bye.\n", encoding="utf-8")
    options = ReadOptions(speaker_column="who", text_column="what", roles={"A": "parent"})
    review = review_of(stand_in, path, options=options)
    data = review.browser().get(f"/api/sessions/{review.id}").json()
    assert data["speakers"][0] == {"name": "A", "role": "parent"}
