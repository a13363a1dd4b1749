"""The application: its addresses, and what stands behind each. Knows HTTP, no file of a transcript and no labels.

Nothing in a request is ever a path: a session goes by an id that the server made, a static file by a name that is
looked up among those that ship.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from mendline.review.visible import visible
from mendline.review.web.peers import is_of_another_user
from mendline.review.web.security import Access, Guard
from mendline.review.web.sessions import Desk, parse_coding
from mendline.transcripts.errors import ReviewError, StoreError

STATIC_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
SEE_OTHER = 303
_TURN = re.compile("[0-9]{1,7}")
_DATA = ("/api/", "/media/", "/static/")


def application(desk: Desk, access: Access, *, tell: Callable[[str], None]) -> ASGIApp:
    """The application over a desk. `tell` is called with a line about each error that nobody foresaw."""
    pages = _Pages(desk, access)
    app = Starlette(
        routes=[
            Route("/open", pages.open),
            Route("/", pages.index),
            Route("/sessions/{id}", pages.session),
            Route("/api/sessions/{id}", pages.whole),
            Route("/api/sessions/{id}/episodes", pages.episodes),
            Route("/api/sessions/{id}/turns/{turn}", pages.code, methods=["POST"]),
            Route("/api/sessions/{id}/undo", pages.undo, methods=["POST"]),
            Route("/media/{id}", pages.media),
            Route("/static/{name}", pages.static),
        ],
        exception_handlers={HTTPException: _http_error, ReviewError: _review_error, Exception: _fault},
    )
    app.router.redirect_slashes = False
    return Guard(app, access, refuse=refusal, tell=tell)


def refusal(scope: Scope, status: int, sentence: str) -> Response:
    """The answer to what is refused: data for what the page's script fetches, a page for what a person opens."""
    headers = {"Allow": "GET, HEAD, POST"} if status == 405 else {}
    if scope["path"].startswith(_DATA) or scope["method"] not in {"GET", "HEAD"}:
        return JSONResponse({"error": sentence}, status, headers)
    return HTMLResponse(render("denied.html", reason=sentence), status, headers)


def render(template: str, **values: object) -> str:
    """A page. Whatever it prints is made visible and escaped."""
    return _environment().get_template(template).render(**values)


class _Pages:
    """What stands behind the addresses. What touches the store runs in threads, so that no request holds up another."""

    def __init__(self, desk: Desk, access: Access) -> None:
        self._desk = desk
        self._access = access
        self._static = static_files()

    def open(self, request: Request) -> Response:
        """Exchange the link's token for the cookie, once."""
        if request.method != "GET":
            raise HTTPException(405, headers={"Allow": "GET"})  # What only looks at a link must not use it up.
        if request.client is not None and is_of_another_user(request.client.port, self._access.port):
            return refusal(request.scope, 403, "Another user of this machine asked for this. The link still works.")
        ticket = self._access.exchange(request.query_params.get("token", ""))
        if ticket is None and not self._access.admits(request.headers):
            return refusal(request.scope, 403, "This link was used before or is not right: each opens once.")
        response = RedirectResponse("/", SEE_OTHER)
        if ticket is not None:
            response.set_cookie(self._access.cookie, ticket, path="/", httponly=True, samesite="strict")
        return response

    def index(self, request: Request) -> Response:
        """The list of sessions, or the only one."""
        if len(self._desk.sessions) == 1:
            return RedirectResponse(f"/sessions/{next(iter(self._desk.sessions))}", SEE_OTHER)
        return self._page("index.html", sessions=self._desk.overview())

    def session(self, request: Request) -> Response:
        """The page of a session, without its data."""
        identity = self._identity(request)
        return self._page(
            "session.html",
            session=self._desk.heading(identity),
            many=len(self._desk.sessions) > 1,
            media=self._desk.playable(identity),
        )

    def whole(self, request: Request) -> Response:
        """The data of a session."""
        return JSONResponse(self._desk.whole(self._identity(request)))

    def episodes(self, request: Request) -> Response:
        """The episodes by the labels as they are now."""
        return JSONResponse({"episodes": self._desk.episodes(self._identity(request))})

    async def code(self, request: Request) -> Response:
        """Save what the coder says of a turn."""
        coding = parse_coding(_parsed(await request.body()))

        def saved() -> Response:
            identity, turn = self._identity(request), request.path_params["turn"]
            if not _TURN.fullmatch(turn) or not self._desk.has_turn(identity, int(turn)):
                raise HTTPException(404, "There is no such turn.")
            return JSONResponse({"turn": self._desk.code(identity, int(turn), coding)})

        return await run_in_threadpool(saved)

    def undo(self, request: Request) -> Response:
        """Undo the coder's last change in a session."""
        return JSONResponse({"turn": self._desk.undo(self._identity(request))})

    def media(self, request: Request) -> Response:
        """The recording, or the parts of it that are asked for."""
        self._identity(request)
        media = self._desk.media
        if media is None or not media.path.is_file():
            raise HTTPException(404, "There is no recording.")
        return FileResponse(media.path, media_type=media.type)

    async def static(self, request: Request) -> Response:
        """A file that ships. It holds nothing private."""
        found = self._static.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "There is no such file.")
        return Response(found[0], media_type=found[1])

    def _identity(self, request: Request) -> str:
        identity = str(request.path_params["id"])
        if not self._desk.has(identity):
            raise HTTPException(404, "There is no such session.")
        return identity

    def _page(self, template: str, **values: object) -> Response:
        return HTMLResponse(render(template, csrf=self._access.csrf, coder=self._desk.coder, **values))


@cache
def static_files() -> Mapping[str, tuple[bytes, str]]:
    """The static files that ship, by name, with their types."""
    folder = files("mendline.review.web") / "static"
    return {
        each.name: (each.read_bytes(), STATIC_TYPES[PurePath(each.name).suffix])
        for each in folder.iterdir()
        if PurePath(each.name).suffix in STATIC_TYPES
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("mendline.review.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _harmless(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "This is not JSON.") from error


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = {404: "There is no such page.", 405: "There is no such request."}.get(error.status_code, "")
    own = error.detail if error.detail.endswith(".") else sentence or f"{error.detail}."
    response = refusal(request.scope, error.status_code, own)
    response.headers.update(error.headers or {})
    return response


def _review_error(request: Request, error: Exception) -> Response:
    """What cannot be saved as it is, or not at the moment. A store's path is nobody's business but the terminal's."""
    assert isinstance(error, ReviewError)
    status = 503 if isinstance(error, StoreError) else 422
    sentence = f"The store of codings: {error.message}" if isinstance(error, StoreError) else error.message
    return refusal(request.scope, status, sentence)


def _fault(request: Request, error: Exception) -> Response:
    return refusal(request.scope, 500, "Something went wrong that should not. The terminal says where.")
