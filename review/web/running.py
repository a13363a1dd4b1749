"""The whole of `review`, from what was asked to its end. Knows no Click; what is said and shown is handed in."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mendline.model.checkpoint import open_checkpoint, shipped_folder
from mendline.review.batch import Annotates
from mendline.review.opening import Labeller, Opened, Progress, find_files, open_sessions, store_beside
from mendline.review.store.codings import coder_name
from mendline.review.store.database import open_store
from mendline.review.web.media import media_at
from mendline.review.web.serving import open_browser, serve
from mendline.review.web.sessions import Desk
from mendline.transcripts.errors import ReviewError
from mendline.transcripts.options import ReadOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be reviewed, by whom and how. `port` 0 is any that is free; `model` None is the shipped checkpoint."""

    paths: tuple[Path, ...]
    options: ReadOptions
    coder: str | None = None
    blind: bool = False
    media: Path | None = None
    store: Path | None = None
    port: int = 0
    browser: bool = True
    model: Path | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How the terminal is spoken to: `show` is for the link, `tell` for all else, `progress` for a bar."""

    show: Callable[[str], None]
    tell: Callable[[str], None]
    progress: Progress | None = None


def run_review(request: Request, terminal: Terminal) -> None:
    """Label what has not been labelled yet and serve the page until Ctrl-C. Raises MendlineError."""
    coder = coder_name(_login() if request.coder is None else request.coder)
    media = None if request.media is None else media_at(request.media)
    inputs = find_files(request.paths, request.options)
    if (notice := inputs.left_aside()) is not None:
        terminal.tell(notice)
    with open_store(request.store or store_beside(request.paths)) as store:
        opened = open_sessions(inputs, store, _labeller(request), options=request.options, progress=terminal.progress)
        _report(opened, terminal)
        if media is not None and len(opened.sessions) > 1:
            raise ReviewError(f"--media goes with one session, and there are {len(opened.sessions)}. Give one file.")
        terminal.tell(f"{_sessions(opened)}, coded by {coder}{', blind' if request.blind else ''} in {store.path}")
        sessions = {each.id: each for each in opened.sessions}
        desk = Desk(store, sessions, coder, blind=request.blind, media=media)

        def ready(link: str) -> None:
            opening = request.browser and open_browser(link)
            terminal.show(f"{'Opening' if opening else 'Open in your browser:'} {link}")
            terminal.tell("The link works once. Ctrl-C ends the review.")

        serve(desk, port=request.port, ready=ready, tell=terminal.tell)
    terminal.tell("Stopped. Every change was saved.")


def _login() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError) as error:
        raise ReviewError("the name you are logged in by is not known. Say who codes with --coder NAME.") from error


def _labeller(request: Request) -> Labeller:
    def load() -> Annotates:
        # Loads ONNX Runtime, which sessions that were opened before do not need.
        from mendline.model.annotator import Annotator

        return Annotator.load(request.model, threads=request.threads)

    return Labeller(name=open_checkpoint(request.model or shipped_folder()).label, load=load)


def _report(opened: Opened, terminal: Terminal) -> None:
    for path in opened.twins:
        terminal.tell(f"{path}: holds a session of another file, word for word, which is shown once.")
    if opened.failed:
        terminal.tell(f"Not opened: {len(opened.failed)}")
    for failure in opened.failed:
        terminal.tell(f"  {failure.message}")


def _sessions(opened: Opened) -> str:
    count = len(opened.sessions)
    return "One session" if count == 1 else f"{count} sessions"
