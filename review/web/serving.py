"""Serves the application on this machine until Ctrl-C. Knows sockets and the browser, no session."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from mendline.review.web.app import application
from mendline.review.web.security import ADDRESS, Access
from mendline.review.web.sessions import Desk
from mendline.transcripts.errors import ReviewError

LAST_SECONDS = 2
"""How long answers that are under way may take once the end was asked for."""

IDLE_SECONDS = 120
"""How long an idle connection stays. A change that is sent just when it closes would have to be sent again."""


def serve(desk: Desk, *, port: int, ready: Callable[[str], None], tell: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. `port` 0 takes any that is free. Raises ReviewError.

    `ready` is called with the link as soon as it works. `tell` is called with a line about each unforeseen error.
    """
    with _listening(port) as listener:
        access = Access(listener.getsockname()[1])
        server = uvicorn.Server(_config(application(desk, access, tell=tell)))
        ready(access.link)
        # uvicorn ends in order and then raises the signal again, for those who wait for it.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def open_browser(link: str) -> bool:
    """Open the link in the browser of the desktop, if there is one, without waiting for it."""
    if sys.platform not in {"darwin", "win32"} and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False  # What opens then is a text browser, in this terminal.
    threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()
    return True


def _listening(port: int) -> socket.socket:
    # With the protocol named, asyncio sends small answers at once; else each waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # A port of one's own choice works again at once. On Windows this would share it with other programs.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ReviewError(
            f"cannot listen on port {port} of {ADDRESS}: {error.strerror}. Choose another with --port, or leave it out."
        ) from error
    return listener


def _config(app: object) -> uvicorn.Config:
    """No log, since addresses hold ids and errors may quote text; no header that tells versions."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        h11_max_incomplete_event_size=16 * 1024,
        http="h11",
        lifespan="off",
        log_config=None,
        log_level="critical",
        loop="asyncio",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=LAST_SECONDS,
        timeout_keep_alive=IDLE_SECONDS,
        ws="none",
    )
