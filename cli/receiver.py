"""A reference receiver of docs/exchange: a real HTTP server that keeps each record once, by its key. For tests and demo."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 2
"""How many IDs it names at once: few, so that whoever asks must turn pages."""


@dataclass
class Receiver:
    """What arrived, and how it is told to behave."""

    url: str
    asked: Counter[str] = field(default_factory=Counter)
    """Requests by idempotency key, repeated ones too."""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each record once, as it first came."""
    tokens: set[str | None] = field(default_factory=set)
    refuses: dict[str, str] = field(default_factory=dict)
    """Case numbers that it does not take, and why."""
    refusing: str | None = None
    """Why it takes no record at all for now."""
    standings: dict[str, dict[str, Any]] = field(default_factory=dict)
    """As a permit system: where applications stand."""
    down: bool = False
    """It answers 503 to everything."""
    raw: bytes | None = None
    """What it answers to everything instead, with 200."""
    stalls: bool = False
    """It begins an answer and never ends it."""
    silent: int = 0
    """So many next requests are carried out, and never answered: the connection is cut."""

    def take(self, key: str | None, id: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked[id] += 1
        if key != id or body["id"] != id:
            return 400, {"reason": "key_is_not_the_id"}
        if reason := self.refusing or self.refuses.get(body.get("case_number", "")):
            return 422, {"reason": reason, "text": "自由文字，不应留存"}
        self.records.setdefault(id, body)
        return 200, {"receipt": f"R-{list(self.records).index(id) + 1}"}

    def holds(self, after: str) -> tuple[int, dict[str, Any]]:
        return 200, {"ids": sorted(id for id in self.records if id > after)[:PAGE]}


@contextmanager
def receiver() -> Iterator[Receiver]:
    """It runs as long as this lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            id = self.path.rpartition("/")[2]
            self.answer(lambda: kept.take(self.headers["Idempotency-Key"], id, body))

        def do_GET(self) -> None:
            after = parse_qs(urlsplit(self.path).query).get("after", [""])[0]
            self.answer(lambda: kept.holds(after))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = kept.standings.get(body["application"])
            self.answer(lambda: (200, found) if found else (404, {}))

        def answer(self, work: Any) -> None:
            kept.tokens.add(self.headers["Authorization"])
            status, body = (503, {}) if kept.down else work()
            if kept.silent:
                kept.silent -= 1
                self.close_connection = True
                return
            if kept.raw is not None:
                status, body = 200, None
            content = json.dumps(body).encode() if kept.raw is None else kept.raw
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content) + kept.stalls))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()
            if kept.stalls:
                over.wait()

        def log_message(self, format: str, *args: object) -> None:
            """It says nothing."""

    over = Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Receiver(f"http://127.0.0.1:{server.server_address[1]}/platform/")
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield kept
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        serving.join()
