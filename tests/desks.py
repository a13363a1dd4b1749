"""A review as its tests need it: sessions opened with a stand-in for the model, and a browser that got the link."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mendline.review.opening import Labeller, find_files, open_sessions
from mendline.review.store.database import DEFAULT_NAME, Store, open_store
from mendline.review.web.app import application
from mendline.review.web.security import Access
from mendline.review.web.sessions import Desk
from mendline.transcripts.options import ReadOptions

PORT = 8123
ORIGIN = f"http://127.0.0.1:{PORT}"
TALK = """\
T: How are you two?
A: You never listen to me.
B: Whatever.
A: I am sorry, I pushed too fast.
B: I know, and I do want to hear it.
T: Maybe you can say it again.
"""


@dataclass
class Review:
    """One run of the application, without a socket. `told` is what it said on the terminal."""

    desk: Desk
    access: Access
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = application(self.desk, self.access, tell=self.told.append)

    @property
    def id(self) -> str:
        return next(iter(self.desk.sessions))

    @property
    def token(self) -> str:
        return self.access.link.partition("token=")[2]

    def stranger(self, base: str = ORIGIN) -> TestClient:
        """A browser without the link."""
        return TestClient(self.app, base_url=base, follow_redirects=False)

    def browser(self) -> TestClient:
        """The browser that got the link, and whose page sends what it should."""
        client = self.stranger()
        assert client.get(f"/open?token={self.token}").status_code == 303
        client.headers |= self.headers()
        return client

    def headers(self) -> dict[str, str]:
        return {"origin": ORIGIN, "x-mendline-csrf": self.access.csrf, "content-type": "application/json"}

    def turn(self, index: int, identity: str | None = None) -> str:
        return f"/api/sessions/{identity or self.id}/turns/{index}"


def coding(label: str | None, marker: str | None = None, *, sure: object = True, note: object = "") -> str:
    """The body of a POST."""
    return json.dumps({"label": label, "marker": marker, "sure": sure, "note": note})


def review_of(
    stand_in, path: Path, *, store: Store | None = None, options: ReadOptions | None = None, **desk
) -> Review:
    """Open files as `mendline review` does."""
    options = options or ReadOptions()
    if store is None:
        store = open_store((path if path.is_dir() else path.parent) / DEFAULT_NAME)
    labeller = Labeller(name=stand_in.name, load=lambda: stand_in)
    opened = open_sessions(find_files([path], options), store, labeller, options=options)
    sessions = {each.id: each for each in opened.sessions}
    return Review(Desk(store, sessions, **({"coder": "kim"} | desk)), Access(PORT))


SERVER = """
import sys
import mendline.model.annotator as annotator
from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import Label
class StandIn:
    name = "stand-in"
    def annotate(self, transcript):
        return AnnotatedTranscript(transcript, tuple(
            Annotation(turn.index, Label.NEUTRAL, None, (0.0, 0.0, 0.0, 1.0), False) for turn in transcript.turns))
annotator.Annotator.load = lambda *arguments, **options: StandIn()
from mendline.cli import main
sys.argv[0] = "mendline"
main()
"""


@contextmanager
def running(*arguments: object):
    """`mendline review` in a process of its own, with a stand-in for the model; killed at the end."""
    call = [sys.executable, "-c", SERVER, "review", *map(str, arguments), "--no-browser"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def talk(tmp_path):
    path = tmp_path / "talk.txt"
    path.write_text(TALK, encoding="utf-8")
    return path


@pytest.fixture
def review(stand_in, talk):
    found = review_of(stand_in, talk)
    yield found
    found.desk.store.close()
    assert found.told == []


@pytest.fixture
def browser(review):
    return review.browser()
