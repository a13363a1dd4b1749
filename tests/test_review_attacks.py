"""What somebody might try against the review page: nothing gets in, nothing is lost."""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from html.parser import HTMLParser
from urllib.parse import quote

import desks
import pytest
from desks import ORIGIN, PORT, TALK, coding, review_of, running

from mendline.review.opening import MOST_BYTES, MOST_TURNS
from mendline.review.store.codings import current, history
from mendline.review.store.database import open_store
from mendline.review.web import peers
from mendline.review.web.media import media_at
from mendline.review.web.security import HEADERS, MOST_BODY_BYTES
from mendline.transcripts.errors import ReviewError

SECRET = "You never listen to me."


talk, review, browser = desks.talk, desks.review, desks.browser


def addresses(review) -> list[str]:
    return [
        "/",
        f"/sessions/{review.id}",
        f"/api/sessions/{review.id}",
        f"/api/sessions/{review.id}/episodes",
        f"/media/{review.id}",
    ]


def refused(answer, *statuses: int) -> None:
    assert answer.status_code in (statuses or (403,))
    assert SECRET not in answer.text
    assert "csrf" not in answer.text
    assert "set-cookie" not in answer.headers


# Host: DNS rebinding.


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1:{PORT}.evil.example",
        f"127.0.0.1.evil.example:{PORT}", f"evil@127.0.0.1:{PORT}", f"[::1]:{PORT}", f"0.0.0.0:{PORT}",
        f"127.1:{PORT}", f"2130706433:{PORT}", f"localhost.:{PORT}", f" 127.0.0.1:{PORT} x", "",
    ],
)  # fmt: skip
def test_another_host_gets_nothing_even_with_the_cookie_and_the_link(review, browser, host):
    for address in [*addresses(review), f"/open?token={review.token}", "/static/api.js"]:
        refused(browser.get(address, headers={"host": host}))
    refused(browser.post(review.turn(0), content=coding("repair"), headers={"host": host}))
    assert history(review.desk.store, review.id) == ()


def test_a_host_that_is_refused_does_not_use_up_the_link(review):
    stranger = review.stranger()
    refused(stranger.get(f"/open?token={review.token}", headers={"host": "evil.example"}))
    assert stranger.get(f"/open?token={review.token}").status_code == 303


def test_localhost_is_this_machine_too(review):
    client = review.stranger(f"http://localhost:{PORT}")
    assert client.get(f"/open?token={review.token}").status_code == 303
    assert client.get(f"/sessions/{review.id}").status_code == 200
    headers = review.headers() | {"origin": f"http://localhost:{PORT}"}
    assert client.post(review.turn(0), content=coding("repair"), headers=headers).status_code == 200
    # An origin that is ours by another name is not the page's own.
    refused(client.post(review.turn(0), content=coding("repair"), headers=review.headers()))


# The link's token and the cookie.


def test_without_the_link_nothing_is_shown_or_changed(review):
    stranger = review.stranger()
    for address in addresses(review):
        answer = stranger.get(address)
        refused(answer)
        kind = "application/json" if address.startswith(("/api/", "/media/")) else "text/html"
        assert answer.headers["content-type"].startswith(kind)
    for address in (review.turn(0), f"/api/sessions/{review.id}/undo"):
        refused(stranger.post(address, content=coding("repair"), headers=review.headers()))
    assert history(review.desk.store, review.id) == ()


def test_a_stranger_cannot_tell_which_sessions_there_are(review):
    stranger = review.stranger()
    there, elsewhere = (stranger.get(f"/api/sessions/{each}") for each in (review.id, "0" * 16))
    assert (there.status_code, there.content) == (elsewhere.status_code, elsewhere.content)


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "%00", "ä", "../", "None", "x" * 10_000])
def test_a_wrong_token_opens_nothing_and_does_not_use_up_the_link(review, token):
    stranger = review.stranger()
    refused(stranger.get(f"/open?token={token}"))
    refused(stranger.get("/open"))
    refused(stranger.get(f"/open?token={token}&token={token}"))
    assert stranger.get(f"/open?token={review.token}").status_code == 303


def test_a_token_that_is_nearly_right_opens_nothing(review):
    stranger = review.stranger()
    for token in (review.token[:-1], review.token + "A", review.token.swapcase(), review.token + "%00"):
        refused(stranger.get(f"/open?token={token}"))


def test_a_token_that_is_replayed_opens_nothing(review, browser):
    refused(review.stranger().get(f"/open?token={review.token}"))
    assert browser.get(f"/sessions/{review.id}").status_code == 200


def test_of_many_at_once_one_gets_the_cookie(review):
    answers = []

    def ask() -> None:
        answers.append(review.access.exchange(review.token))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each is not None for each in answers) == 1


@pytest.fixture
def table(tmp_path, monkeypatch):
    """The system's list of connections, in which the client of these tests has one to the page."""
    path = tmp_path / "tcp"

    def owned_by(*users: int) -> None:
        lines = [
            f" {n}: 0100007F:C350 0100007F:{PORT:04X} 01 0:0 00:0 0 {user} 0 1 1 0 20" for n, user in enumerate(users)
        ]
        path.write_text("\n".join(["  sl  local_address", " 9: 0100007F:0016 00000000:0000 0A 0:0 00:0 0 7 0", *lines]))

    monkeypatch.setattr(peers, "TABLES", (tmp_path / "none", path))
    monkeypatch.setattr(peers.os, "getuid", lambda: 1000)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return owned_by


@pytest.mark.parametrize("users", [(1001,), (1000, 1001), (0, 1001)])
def test_a_link_that_another_user_read_in_the_list_of_processes_opens_nothing(review, table, users):
    table(*users)
    stranger = review.stranger()
    refused(stranger.get(f"/open?token={review.token}"))
    table(1000)
    assert stranger.get(f"/open?token={review.token}").status_code == 303


@pytest.mark.parametrize("users", [(), (1000,), (0,)])
def test_the_own_browser_and_relays_of_the_system_can_open_the_link(review, table, users):
    table(*users)
    assert review.stranger().get(f"/open?token={review.token}").status_code == 303


def test_who_runs_it_by_sudo_looks_at_it_as_themselves(review, table, monkeypatch):
    table(1001)
    monkeypatch.setenv("SUDO_UID", "1001")
    assert peers.is_of_another_user(50000, PORT)  # Anybody can set that, and is not root.
    monkeypatch.setattr(peers.os, "getuid", lambda: 0)
    assert not peers.is_of_another_user(50000, PORT)


@pytest.mark.skipif(not peers.TABLES[0].exists(), reason="other systems do not list connections here")
@pytest.mark.parametrize("mapped", [False, True], ids=["IPv4", "IPv4 in IPv6"])
def test_the_system_tells_whose_a_connection_is(mapped):
    if mapped and not peers.TABLES[1].exists():
        pytest.skip("this machine has no IPv6")
    family, address = (socket.AF_INET6, "::ffff:127.0.0.1") if mapped else (socket.AF_INET, "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(family) as client:
        port = server.getsockname()[1]
        client.connect((address, port))
        assert peers.owners(client.getsockname()[1], port) == {os.getuid()}
        assert peers.owners(client.getsockname()[1], port + 1) == set()


def test_looking_at_the_link_does_not_use_it_up(review):
    stranger = review.stranger()
    answer = stranger.head(f"/open?token={review.token}")
    refused(answer, 405)
    refused(stranger.post(f"/open?token={review.token}", headers=review.headers()), 405)
    assert stranger.get(f"/open?token={review.token}").status_code == 303


@pytest.mark.parametrize("value", ["", "x", "null", "ä", '"', "a=b", "x" * 8000])
def test_a_wrong_cookie_opens_nothing(review, value):
    for address in addresses(review):
        refused(review.stranger().get(address, headers={"cookie": f"mendline-{PORT}={value}".encode()}))


def test_the_token_and_the_secret_of_the_page_are_no_cookie(review):
    for value in (review.token, review.access.csrf):
        refused(review.stranger().get("/", headers={"cookie": f"mendline-{PORT}={value}"}))


def test_a_cookie_that_another_local_page_has_set_does_not_lock_the_reader_out(review, browser):
    own = browser.cookies[f"mendline-{PORT}"]
    crowded = f"other=1; mendline-{PORT}=junk; mendline-{PORT}={own}"
    answer = review.stranger().get(f"/sessions/{review.id}", headers={"cookie": crowded})
    assert answer.status_code == 200


def test_the_cookie_of_another_run_is_none(stand_in, talk, browser):
    other = review_of(stand_in, talk)
    answer = other.stranger().get("/", headers={"cookie": f"mendline-{PORT}={browser.cookies[f'mendline-{PORT}']}"})
    refused(answer)


# Cross-site requests, made by the reader's own browser with its cookie.


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": f"{ORIGIN}.evil.example"},
        {"origin": f"{ORIGIN}/"},
        {"origin": ""},
        {"origin": None},
        {"x-mendline-csrf": None},
        {"x-mendline-csrf": ""},
        {"x-mendline-csrf": "A" * 43},
        {"x-mendline-csrf": "ä"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "nonsense"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=application/json"},
        {"content-type": "text/plain; application/json"},
        {"content-type": None},
    ],
    ids=str,
)
def test_a_write_from_elsewhere_changes_nothing(review, browser, changed):
    headers = {name: value for name, value in (review.headers() | changed).items() if value is not None}
    for name in changed:
        browser.headers.pop(name, None)
    status = 415 if "content-type" in changed else 403
    encoded = {name: value.encode() for name, value in headers.items()}
    refused(browser.post(review.turn(0), content=coding("repair"), headers=encoded), status)
    refused(browser.post(f"/api/sessions/{review.id}/undo", headers=encoded), status)
    assert history(review.desk.store, review.id) == ()


@pytest.mark.parametrize("name", ["origin", "x-mendline-csrf", "content-type"])
def test_a_header_that_is_there_twice_is_refused(review, browser, name):
    own = list((review.headers() | {"content-type": "application/json"}).items())
    for extra in ((name, "https://evil.example"), (name, review.headers()[name])):
        for headers in ([*own, extra], [extra, *own]):
            for each in review.headers():
                browser.headers.pop(each, None)
            refused(browser.post(review.turn(0), content=coding("repair"), headers=headers), 400, 403)
    assert history(review.desk.store, review.id) == ()


def test_the_page_itself_can_write_with_what_a_browser_says_of_it(review, browser):
    headers = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
    answer = browser.post(review.turn(0), content=coding("repair"), headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "kind", [("no-cors", "script"), ("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")]
)
def test_other_pages_read_and_embed_nothing(review, browser, site, kind):
    headers = {"sec-fetch-site": site, "sec-fetch-mode": kind[0], "sec-fetch-dest": kind[1]}
    for address in [*addresses(review), "/static/api.js"]:
        refused(browser.get(address, headers=headers))


def test_a_link_from_another_page_may_lead_here(review, browser):
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert browser.get(f"/sessions/{review.id}", headers=headers).status_code == 200


def test_nothing_is_shared_across_origins(review, browser):
    answer = browser.get(f"/api/sessions/{review.id}", headers={"origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = browser.options(
        review.turn(0), headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    refused(preflight, 405)
    assert not [name for name in preflight.headers if name.startswith("access-control")]


# Methods.


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "POST2"])
def test_other_methods_do_nothing(review, browser, method):
    for address in (review.turn(0), f"/api/sessions/{review.id}", "/", f"/open?token={review.token}"):
        refused(browser.request(method, address, content=coding("repair")), 405)
    assert history(review.desk.store, review.id) == ()


def test_no_address_writes_when_it_is_read_or_reads_when_it_is_written(review, browser):
    for address in (review.turn(0), f"/api/sessions/{review.id}/undo"):
        refused(browser.get(address), 405)
        refused(browser.head(address), 405)
        override = {"x-http-method-override": "POST", "x-method-override": "POST"}
        refused(browser.get(f"{address}?_method=POST", headers=override), 405)
    for address in addresses(review):
        refused(browser.post(address, content=coding("repair")), 405)
    assert history(review.desk.store, review.id) == ()


# Paths.

CLIMBS = [
    "../talk.txt", "..%2ftalk.txt", "%2e%2e%2ftalk.txt", "..%252ftalk.txt", "%252e%252e%252ftalk.txt", "..\\talk.txt",
    "..%5ctalk.txt", "....//talk.txt", "%c0%ae%c0%ae/talk.txt", "talk.txt", "talk", "/etc/passwd", "%2fetc%2fpasswd",
    "..;/talk.txt", "talk.txt%00", "%00", "~", "file:%2f%2f%2fetc%2fpasswd", "reviews.mendline.sqlite",
    "' OR 1=1 --", "%27%20OR%201=1%20--", "*", "%", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize("climb", CLIMBS)
def test_no_part_of_a_request_is_a_path(stand_in, talk, tmp_path, climb):
    (tmp_path / "film.mp4").write_bytes(b"FILM")
    review = review_of(stand_in, talk, media=media_at(tmp_path / "film.mp4"))
    browser = review.browser()
    raw = quote(climb, safe="/%;:\\'*=") if climb.isascii() else quote(climb)
    for before, after in (
        ("/sessions/", ""), ("/api/sessions/", ""), ("/api/sessions/", "/episodes"), ("/media/", ""), ("/static/", ""),
        (f"/media/{review.id}/", ""), ("/", ""), (f"/sessions/{review.id}/", ""),
    ):  # fmt: skip
        answer = browser.get(f"{ORIGIN}{before}{raw}{after}")
        # The client itself takes the dots out of some, which then are our own addresses.
        own = answer.request.url.path in {"/", "/sessions/", "/media/", "/static/", f"/sessions/{review.id}/"}
        assert answer.status_code == 404 or own
        assert b"root:" not in answer.content
        assert b"FILM" not in answer.content
        assert b"SQLite format" not in answer.content
        assert SECRET not in answer.text


def raw_request(port: int, request: bytes) -> bytes:
    """Send bytes as they are, which no client would."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(request)
        found = b""
        while part := connection.recv(65536):
            found += part
        return found


# Markup in what people said and are called.

SCRIPT = "<script>alert(1)</script>"
QUOTES = "\"'><img src=x onerror=alert(1)>"


class _Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append(" ".join([tag, *(name for name, _ in attributes)]))


def elements(page: str) -> list[str]:
    return _Elements(page).found


def test_markup_in_names_of_files_sessions_speakers_and_coders_is_only_text(stand_in, tmp_path):
    harmless, hostile = tmp_path / "harmless", tmp_path / "hostile"
    for folder, name in ((harmless, "Anna"), (hostile, f"{SCRIPT}{QUOTES}\u202e{{{{7*7}}}}")):
        folder.mkdir()
        rows = [{"session": f"{name} {each}", "speaker": name, "text": f"{name} {SECRET}"} for each in (1, 2)]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name.replace('/', '-')}.jsonl").write_text(lines, encoding="utf-8")
    pages = []
    for folder, coder in ((harmless, "kim"), (hostile, SCRIPT + QUOTES)):
        review = review_of(stand_in, folder, coder=coder)
        browser = review.browser()
        pages.append([browser.get("/").text, browser.get(f"/sessions/{review.id}").text])
    for calm, wild in zip(*pages, strict=True):
        assert elements(wild) == elements(calm)
        assert SCRIPT not in wild
        assert "\u202e" not in wild
        assert "{{7*7}}" in wild or "49" not in wild


def test_markup_in_data_stays_data(stand_in, tmp_path):
    row = {"speaker": SCRIPT, "text": f"{QUOTES}</script>\u202e\u2028\x00 =cmd()"}
    other = {"speaker": "B", "text": "Hello."}
    path = tmp_path / "talk.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(other) + "\n", encoding="utf-8")
    review = review_of(stand_in, path)
    answer = review.browser().get(f"/api/sessions/{review.id}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    data = answer.json()
    assert data["speakers"][0]["name"] == SCRIPT
    assert data["turns"][0]["text"].startswith(f"{QUOTES}</script><U+202E> ")
    assert not set(data["turns"][0]["text"]) & set("\u202e\u2028\x00")


def test_what_is_asked_for_is_not_repeated(review, browser):
    for address in ("/sessions/", "/api/sessions/", "/static/", "/open?token=", "/"):
        assert "alert" not in browser.get(address + quote(SCRIPT)).text


# Size.


def test_a_body_over_the_limit_is_refused_and_one_below_is_read(review, browser):
    padding = " " * (MOST_BODY_BYTES - len(coding("repair")))
    assert browser.post(review.turn(0), content=coding("repair") + padding).status_code == 200
    refused(browser.post(review.turn(1), content=coding("repair") + padding + " "), 413)
    assert [each.turn for each in history(review.desk.store, review.id)] == [0]


def test_a_body_of_unknown_length_is_only_read_up_to_the_limit(review, browser):
    sent = []

    def endless():
        for _ in range(1000):
            sent.append(1)
            yield b" " * 1024

    refused(browser.post(review.turn(0), content=endless()), 413)
    assert history(review.desk.store, review.id) == ()


@pytest.mark.parametrize("length", ["-1", "x", "99999999999999999999", "1e9", "+5", "٣"])
def test_a_length_that_is_none_is_refused(review, browser, length):
    headers = review.headers() | {"content-length": length}
    encoded = {name: value.encode() for name, value in headers.items()}
    refused(browser.post(review.turn(0), content=coding("repair"), headers=encoded), 413)


def test_a_file_of_200_mb_is_refused_before_it_is_read(stand_in, tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as stream:
        stream.write(b"T: " + b"x" * 100)
        stream.truncate(200 * 1024**2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ReviewError, match=rf"{path}: has 200 MB, and files of up to {MOST_BYTES // 1024**2} MB"):
        review_of(stand_in, path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    assert stand_in.seen == []


def test_a_file_of_200_mb_does_not_stop_the_others(stand_in, talk, tmp_path):
    for name in ("huge_a.TextGrid", "huge_b.TextGrid", "huge.txt"):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(200 * 1024**2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    review = review_of(stand_in, tmp_path)
    assert [each.name for each in review.desk.sessions.values()] == ["talk"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_a_session_of_too_many_turns_is_refused(stand_in, tmp_path, monkeypatch):
    monkeypatch.setattr("mendline.review.opening.MOST_TURNS", 5)
    (tmp_path / "talk.txt").write_text(TALK, encoding="utf-8")
    with pytest.raises(ReviewError, match="holds a session of 6 turns, and a page shows at most 5"):
        review_of(stand_in, tmp_path / "talk.txt")
    assert MOST_TURNS == 50_000


def test_a_request_for_very_many_ranges_is_no_work(stand_in, talk, tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"\0" * 100_000)
    review = review_of(stand_in, talk, media=media_at(tmp_path / "film.mp4"))
    ranges = "bytes=" + ",".join(f"{2 * each}-{2 * each}" for each in range(2000))
    answer = review.browser().get(f"/media/{review.id}", headers={"range": ranges})
    assert answer.status_code in {200, 400, 416}
    assert len(answer.content) <= 100_000


# What every answer says.


def test_every_answer_has_the_headers_whatever_it_is(review, browser):
    stranger = review.stranger()
    answers = [
        *(browser.get(address) for address in [*addresses(review), "/static/api.js", "/nothing", "/api/nothing"]),
        *(stranger.get(address) for address in [*addresses(review), "/open?token=x"]),
        browser.get("/", headers={"host": "evil.example"}),
        browser.head(f"/sessions/{review.id}"),
        browser.options("/"),
        browser.post(review.turn(0), content=coding("repair")),
        browser.post(review.turn(0), content="{"),
        browser.post(review.turn(0), content=coding("anger")),
        browser.post(review.turn(0), content=" " * 20_000),
        browser.post(review.turn(0), content="", headers={"content-type": "text/plain"}),
        review.stranger().get(f"/open?token={review.token}"),
    ]
    assert {answer.status_code for answer in answers} == {200, 303, 400, 403, 404, 405, 413, 415, 422}
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "server" not in answer.headers
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


# On the wire and in processes of their own.


class Served:
    """`mendline review` in a process of its own, and a browser that has opened its link."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.port, token = re.search(r":(\d+)/open\?token=(\S+)", process.stdout.readline()).groups()
        self.port = int(self.port)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        answer, _ = self.get(f"/open?token={token}")
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        answer, _ = self.get("/")
        self.id = answer.headers["location"].rpartition("/")[2]
        _, page = self.get(f"/sessions/{self.id}")
        self.csrf = re.search(r'name="csrf" content="([^"]+)"', page.decode())[1]

    def get(self, address: str):
        self.connection.request("GET", address, headers={"Cookie": getattr(self, "cookie", "")})
        answer = self.connection.getresponse()
        return answer, answer.read()

    def code(self, turn: int, note: str) -> int:
        headers = {
            "Cookie": self.cookie,
            "Origin": f"http://127.0.0.1:{self.port}",
            "X-Mendline-CSRF": self.csrf,
            "Content-Type": "application/json",
        }
        body = coding("repair", "own", note=note)
        self.connection.request("POST", f"/api/sessions/{self.id}/turns/{turn}", body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


@contextmanager
def serving(path, coder: str = "kim"):
    with running(path, "--coder", coder) as process:
        served = Served(process)
        with closing(served.connection):
            yield served


def test_on_the_wire(talk):
    with serving(talk) as served:
        host = f"Host: 127.0.0.1:{served.port}\r\n"
        close = f"Cookie: {served.cookie}\r\nConnection: close\r\n\r\n"
        right = raw_request(served.port, f"GET /sessions/{served.id} HTTP/1.1\r\n{host}{close}".encode())
        assert right.startswith(b"HTTP/1.1 200")
        assert b"\r\nserver:" not in right.lower()
        for start, headers in (
            ("GET / HTTP/1.1\r\n", "Host: evil.example\r\n"),
            ("GET / HTTP/1.1\r\n", ""),
            ("GET / HTTP/1.0\r\n", ""),
            ("GET / HTTP/1.1\r\n", host + "Host: evil.example\r\n"),
            ("GET http://evil.example/ HTTP/1.1\r\n", "Host: evil.example\r\n"),
            ("GET / HTTP/1.1\r\n", f"Host: evil.example\r\nX-Forwarded-Host: 127.0.0.1:{served.port}\r\n"),
            (f"GET /static/../sessions/{served.id} HTTP/1.1\r\n", host.replace("Host", "X-Host")),
            ("GET /static/../../../../../../etc/passwd HTTP/1.1\r\n", host),
            ("GET /static/..%2f..%2fapp.py HTTP/1.1\r\n", host),
            (f"GET /media/..%2f{talk.name} HTTP/1.1\r\n", host),
            ("GET //evil.example/ HTTP/1.1\r\n", host),
            (f"GET /sessions/{served.id}/.. HTTP/1.1\r\n", host),
            ("GET /sessions/. HTTP/1.1\r\n", host),
            ("GET /sessions/.. HTTP/1.1\r\n", host),
            ("get / HTTP/1.1\r\n", "Host: evil.example\r\n"),
        ):
            answer = raw_request(served.port, f"{start}{headers}{close}".encode())
            assert re.match(rb"HTTP/1.1 4(00|03|04|31) ", answer), (start, answer[:100])
            assert not re.search(rb"root:|csrf|listen|location:", answer)
        served.process.send_signal(signal.SIGINT)
        out, told = served.process.communicate(timeout=60)
        assert served.process.returncode == 0
        # No log: neither ids, nor addresses, nor text.
        assert (out, served.id in told, "GET" in told) == ("", False, False)


def test_only_this_machine_is_listened_to(talk):
    psutil = pytest.importorskip("psutil")
    with serving(talk) as served:
        [listening] = [
            each.laddr for each in psutil.Process(served.process.pid).net_connections("tcp") if each.status == "LISTEN"
        ]
        assert tuple(listening) == ("127.0.0.1", served.port)


def test_kill_9_while_writing_loses_nothing_that_was_saved(tmp_path):
    path = tmp_path / "talk.txt"
    path.write_text("A: Hello.\nB: Hello.\n" * 20, encoding="utf-8")
    saved: dict[int, str] = {}
    for attempt in range(3):
        with serving(path) as served:
            killer = threading.Timer(0.5, served.process.kill)
            killer.start()
            try:
                for number in range(100_000):
                    turn, note = number % 40, f"{attempt}.{number}"
                    if served.code(turn, note) == 200:
                        saved[turn] = note
            except (ConnectionError, http.client.HTTPException):
                lost = {turn: note}  # Its answer never came, so it may be saved or not.
            killer.join()
            assert served.process.wait(60) == -signal.SIGKILL
        with closing(sqlite3.connect(tmp_path / "reviews.mendline.sqlite")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with open_store(tmp_path / "reviews.mendline.sqlite", create=False) as store:
            found = {turn: each.note for turn, each in current(store, served.id, coder="kim").items()}
        assert len(saved) > 3
        assert all(found[turn] in (note, lost.get(turn)) for turn, note in saved.items())
        saved = found


def test_two_servers_that_write_at_once_lose_nothing(tmp_path):
    path = tmp_path / "talk.txt"
    path.write_text("A: Hello.\nB: Hello.\n" * 20, encoding="utf-8")
    with serving(path, "kim") as kim, serving(path, "lee") as lee:
        assert kim.id == lee.id
        failed: list[int] = []

        def work(served: Served, name: str) -> None:
            failed.extend(status for turn in range(40) if (status := served.code(turn, f"{name} {turn}")) != 200)

        threads = [threading.Thread(target=work, args=each) for each in ((kim, "kim"), (lee, "lee"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        identity = kim.id
    with open_store(tmp_path / "reviews.mendline.sqlite", create=False) as store:
        for coder in ("kim", "lee"):
            found = {turn: each.note for turn, each in current(store, identity, coder=coder).items()}
            assert found == {turn: f"{coder} {turn}" for turn in range(40)}
