"""A sign-in provider on loopback: real HTTP, keys that rotate, tokens with any claims; it can be stopped and started."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from cli.processes import free_port
from settings import Oidc

AUDIENCE = "hotline-8890"


class SampleProvider:
    """Signs with the last of its keys and publishes all of them; counts how often they were fetched."""

    def __init__(self) -> None:
        self._port = free_port()
        self.issuer = f"http://127.0.0.1:{self._port}"
        self.says = self.issuer
        """The issuer that its discovery document names."""
        self.fetched = 0
        self.keys: list[ECKey | RSAKey] = []
        self._server: ThreadingHTTPServer | None = None
        self.rotate()

    @property
    def oidc(self) -> Oidc:
        return Oidc(self.issuer)

    def rotate(self, *, keep: bool = True) -> None:
        """Sign with a new key from now on; `keep`: the former ones stay published."""
        self.keys = [*(self.keys if keep else []), ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)]

    def token(self, key: ECKey | RSAKey | None = None, head: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token of an agent, with these claims laid over; None leaves one out."""
        now = datetime.now(UTC)
        usual = {
            "iss": self.issuer,
            "aud": [AUDIENCE],
            "sub": "agent-9",
            "role": "agent",
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
        }
        laid = {name: value for name, value in (usual | claims).items() if value is not None}
        signing = key or self.keys[-1]
        named = {"alg": "ES256", "kid": signing.kid} | (head or {})
        shown = {name: value for name, value in named.items() if value is not None}
        return jwt.encode(shown, laid, signing, algorithms=[shown["alg"]])

    def start(self) -> None:
        """Answer, where it answered before."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = json.dumps(provider._document(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Answer nobody any more."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _document(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.says, "jwks_uri": f"{self.issuer}/keys"}
        self.fetched += 1
        return KeySet([*self.keys]).as_dict(private=False)


@contextmanager
def sample_provider() -> Iterator[SampleProvider]:
    """One that answers."""
    provider = SampleProvider()
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
