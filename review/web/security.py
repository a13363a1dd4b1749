"""Who may ask, and what every answer says to the browser. Knows no session and no page.

The page is for the one browser that got the link of this run. Against others stand, each alone:

- only 127.0.0.1 is listened on; a `Host` other than this address is refused, so that no name that somebody points at
  127.0.0.1 (DNS rebinding) makes another site's page one of ours;
- the link's token, which other users may read in the list of processes when a browser is started with it, is only
  taken from the user who runs this (on Linux, where the system tells);
- it opens once, for a cookie that scripts cannot read and other sites' requests do not carry;
- a write needs that cookie, our own `Origin`, a JSON body and a header with a secret from the page (CSRF);
- what the browser says about where a request comes from (`Sec-Fetch-Site`) must not speak against it;
- bodies have a limit, which holds while they arrive;
- headers forbid scripts other than our own files, framing, caching and guessing of types.
"""

from __future__ import annotations

import hmac
import secrets
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS = "127.0.0.1"
MOST_BODY_BYTES = 16 * 1024
CSRF_HEADER = "x-mendline-csrf"
METHODS = ("GET", "HEAD", "POST")
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), "
    "payment=(), clipboard-read=(), browsing-topics=()",
}

Refuse = Callable[[Scope, int, str], Response]
"""Makes the answer to a request that is refused, of a status and a sentence for the reader."""


class Access:
    """The secrets of one run: the link's token, the cookie that it is exchanged for, and the page's own secret."""

    def __init__(self, port: int) -> None:
        self.port = port
        ending = "" if port == 80 else f":{port}"  # Browsers leave out the usual port.
        self.hosts = frozenset({f"{ADDRESS}{ending}", f"localhost{ending}"})
        # Cookies do not know ports: two runs at once must not log each other out.
        self.cookie = f"mendline-{port}"
        self.csrf = secrets.token_urlsafe(32)
        self._ticket = secrets.token_urlsafe(32)
        self._token: str | None = secrets.token_urlsafe(32)
        self._lock = Lock()
        self.link = f"http://{ADDRESS}:{port}/open?token={self._token}"

    def exchange(self, token: str) -> str | None:
        """The cookie's value for the link's token, once; None for anything else and ever after."""
        with self._lock:
            if self._token is None or not _same(token, self._token):
                return None
            self._token = None
            return self._ticket

    def admits(self, headers: Headers) -> bool:
        """Whether a request has the cookie. There may be others of its name, which another local page has set."""
        pairs = (pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
        return any(_same(value, self._ticket) for name, _, value in pairs if name == self.cookie)

    def is_own_write(self, headers: Headers) -> bool:
        """Whether a write comes from our page. Browsers always name the origin of a write."""
        [origin] = headers.getlist("origin") or [""]
        [secret] = headers.getlist(CSRF_HEADER) or [""]
        return _same(origin, f"http://{headers['host']}") and _same(secret, self.csrf)


class Guard:
    """Stands before the application: refuses what must not pass, and puts the headers on every answer.

    `tell` is called with a line about an error that nobody foresaw. It says where it happened and quotes nothing.
    """

    def __init__(self, app: ASGIApp, access: Access, *, refuse: Refuse, tell: Callable[[str], None]) -> None:
        self._app = app
        self._access = access
        self._refuse = refuse
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return  # No lifespan events are asked for, and there are no web sockets here.
        send = _with_headers(send)
        try:
            refused = self._refusal(scope)
            if refused is None and scope["method"] == "POST":
                body = await _body(scope, receive)
                if body is None:
                    refused = 413, f"This is more than the {MOST_BODY_BYTES // 1024} kB that are taken."
                else:
                    receive = _once(body, receive)
            app = self._app if refused is None else self._refuse(scope, *refused)
            await app(scope, receive, send)
        except ClientDisconnect:
            pass
        except Exception as error:
            # The application has answered. The error's own words may quote a transcript.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            self._tell(
                f"Unexpected {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}. This is a fault in "
                "Mendline or its installation: please report it, without the transcript."
            )

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and sentence of a refusal; None for a request that may pass."""
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._access.hosts:
            return 403, "Open the page by the address that mendline review printed."
        if not _comes_from_here(headers, method):
            return 403, "Another page asked for this. Open it by the address that mendline review printed."
        if method not in METHODS:
            return 405, "There is no such request."
        if path == "/open" or path.startswith("/static/"):
            return None if method != "POST" else (405, "There is no such request.")
        if not self._access.admits(headers):
            return 403, "This page is only open to the browser that got its link."
        return self._refused_write(headers) if method == "POST" else None

    def _refused_write(self, headers: Headers) -> tuple[int, str] | None:
        if _repeated(headers, "origin", CSRF_HEADER, "content-type", "content-length"):
            return 400, "A header is there twice."
        if not self._access.is_own_write(headers):
            return 403, "This change did not come from the page. Load the page again."
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "A change is sent as application/json."
        return None


def _same(given: str, secret: str) -> bool:
    """Compare in a time that does not tell how much is right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _repeated(headers: Headers, *names: str) -> bool:
    return any(len(headers.getlist(name)) > 1 for name in names)


def _comes_from_here(headers: Headers, method: str) -> bool:
    """Whether the browser's word on a request's origin allows it; other pages may lead to ours, but not read or write.

    A page on another port of this machine is "same-site" and no less strange. Programs other than browsers say nothing.
    """
    if all(site in {"same-origin", "none"} for site in headers.getlist("sec-fetch-site")):
        return True
    leads_here = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return method == "GET" and leads_here


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, None as soon as it is known to be too large."""
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdecimal() or len(length) > 10 or int(length) > MOST_BODY_BYTES:
        return None
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MOST_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def _once(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read before, then whatever comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return sending
