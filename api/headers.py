"""What every answer tells the browser (Art. 15): keep nothing, guess nothing, show it in no frame, name it to nobody."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""An answer's own header of the same name stays. HSTS says nothing over plain HTTP (RFC 6797)."""

PAGES = ("/docs",)
"""Pages that run scripts: FastAPI's own, which loads them from elsewhere; it holds nobody's words."""


class SecurityHeaders:
    """Adds `HEADERS` to every answer, errors too; the documentation page goes without a content policy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if name != "Content-Security-Policy" or scope["path"] not in PAGES:
                        found.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)
