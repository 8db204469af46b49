"""Environment -> one frozen Settings. Temporal's own variables (TEMPORAL_ADDRESS …) are read by `temporalio.envconfig`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from limits import RateLimitItem, parse

from exchange.link import Peer


@dataclass(frozen=True)
class Oidc:
    """The provider by which people sign in, and where its tokens say who they are."""

    issuer: str
    audience: str = "hotline-8890"
    client_id: str = "hotline-8890"
    """As whom a browser's sign-in is asked for (HOTLINE_OIDC_CLIENT_ID); the audience of its ID token."""
    client_secret: bytes | None = field(default=None, repr=False)
    """HOTLINE_OIDC_CLIENT_SECRET_FILE; without it nobody signs in with a browser."""
    role_claim: str = "role"
    unit_claim: str = "unit"
    refresh_seconds: int = 60
    """Its keys are fetched no more often, whatever tokens name."""

    @classmethod
    def from_environment(cls) -> Oidc | None:
        """By HOTLINE_OIDC_ISSUER and what goes with it; None if that is not set."""
        issuer = os.environ.get("HOTLINE_OIDC_ISSUER")
        if not issuer:
            return None
        secret = _file("HOTLINE_OIDC_CLIENT_SECRET_FILE")
        return cls(
            issuer=issuer,
            audience=os.environ.get("HOTLINE_OIDC_AUDIENCE") or cls.audience,
            client_id=os.environ.get("HOTLINE_OIDC_CLIENT_ID") or cls.client_id,
            client_secret=(secret.read_bytes().strip() or None) if secret else None,
            role_claim=os.environ.get("HOTLINE_OIDC_ROLE_CLAIM") or cls.role_claim,
            unit_claim=os.environ.get("HOTLINE_OIDC_UNIT_CLAIM") or cls.unit_claim,
            refresh_seconds=int(os.environ.get("HOTLINE_OIDC_REFRESH_SECONDS") or cls.refresh_seconds),
        )


RULE_SET = "TJ-2015-18"
"""What is kept to unless HOTLINE_RULE_SET says otherwise."""

DEMO = "demo"
"""The rule set whose limits are seconds."""

LIMITS: Mapping[str, str] = {
    "address": "3000/minute",  # from one network address: a whole office may be behind it
    "key": "1200/minute",  # with one API key or token
    "code": "60/minute",  # with one tracking code
    "wrong": "20/15 minutes",  # wrong codes and keys from one address: then it is locked out
}
"""How often one may ask, unless HOTLINE_LIMIT_ADDRESS and so on say otherwise."""


@dataclass(frozen=True)
class Settings:
    """What one process needs to know of its surroundings; made once, at start."""

    database_url: str = field(repr=False)
    temporal_address: str
    temporal_namespace: str
    task_queue: str
    rule_set: str
    """The rule set that cases registered now are kept under (`domain/rules/*.toml`)."""
    secret: bytes = field(repr=False)
    """Signs local tokens and derives tracking codes. A production start without HOTLINE_SECRET is refused."""
    sms_gateway_url: str | None
    """Where notices go (docs/sms-gateway.md); none: they wait in the outbox."""
    sweep_seconds: int
    """How often what was registered but not handed over is handed over."""
    masters: bytes | None = field(default=None, repr=False)
    """The master keys, as HOTLINE_MASTER_KEYS_FILE holds them; API and worker do not start without."""
    vault_url: str | None = field(default=None, repr=False)
    """The database of the cases' keys (HOTLINE_VAULT_URL); none: with the data."""
    signing_key: Path | None = None
    """The Ed25519 key (PEM) that signs the days' roots; none: they are not signed, and the worker warns."""
    roots: Path | None = None
    """Where the signed roots go (HOTLINE_ROOTS_DIR); none: into `roots` beside the key."""
    blobs: str = "blobs"
    """Where attachments are kept: a folder, or `s3://bucket/prefix?endpoint=…&region=…` (HOTLINE_BLOBS)."""
    scanner: str | None = None
    """What looks for malware in attachments, `clamd://host:port` (HOTLINE_SCANNER); none: nothing does."""
    platform: Peer | None = None
    """The enforcement-supervision platform (docs/exchange/platform.yaml); none: what it is to get waits."""
    credit: Peer | None = None
    """The credit system (docs/exchange/credit.yaml); none: it is told nothing of partners."""
    permits: Peer | None = None
    """The permit system (docs/exchange/permits.yaml); none: it is not asked."""
    production: bool = False
    """The local issuer is closed, and the API does not start if nobody could sign in."""
    oidc: Oidc | None = None
    limits: Mapping[str, RateLimitItem] | None = None
    """How often one may ask of the API; none: as often as one likes, as on a local stack."""
    body_seconds: float = 10
    """How long a request's body may take to come (HOTLINE_BODY_SECONDS); `api/body.py`."""
    metrics: str | None = None
    """Where this process serves its numbers, `address:port` (HOTLINE_METRICS); none: nowhere, and none are kept."""
    traces: bool = False
    """Whether spans are sent: to where OTEL_EXPORTER_OTLP_ENDPOINT says, which the exporter reads itself."""

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment; a missing DATABASE_URL or HOTLINE_SECRET is a RuntimeError that names it.

        A ValueError: in production, limits of seconds.
        """
        return cls(
            database_url=sqlalchemy_url(_required("DATABASE_URL")),
            temporal_address=os.environ.get("TEMPORAL_ADDRESS", "127.0.0.1:7233"),
            temporal_namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
            task_queue=task_queue(),
            rule_set=_rule_set(),
            secret=_secret(),
            masters=told_masters(),
            vault_url=vault_url(),
            sms_gateway_url=os.environ.get("HOTLINE_SMS_GATEWAY_URL"),
            signing_key=_file("HOTLINE_SIGNING_KEY_FILE"),
            roots=_file("HOTLINE_ROOTS_DIR"),
            sweep_seconds=sweep_seconds(),
            blobs=os.environ.get("HOTLINE_BLOBS") or cls.blobs,
            scanner=os.environ.get("HOTLINE_SCANNER") or None,
            platform=peer("PLATFORM"),
            credit=peer("CREDIT"),
            permits=peer("PERMITS"),
            production=production(),
            oidc=Oidc.from_environment(),
            limits=limits(),
            body_seconds=float(os.environ.get("HOTLINE_BODY_SECONDS") or cls.body_seconds),
            metrics=metrics(),
            traces=bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")),
        )


def _rule_set() -> str:
    code = os.environ.get("HOTLINE_RULE_SET") or RULE_SET
    if code == DEMO and production():
        raise ValueError(f"HOTLINE_RULE_SET={DEMO} has limits of seconds: it is not for HOTLINE_MODE=production")
    return code


def limits() -> Mapping[str, RateLimitItem] | None:
    """None if HOTLINE_LIMITS is `off`; a ValueError that names the variable that cannot be read."""
    if os.environ.get("HOTLINE_LIMITS") == "off":
        return None
    return {name: _limit(f"HOTLINE_LIMIT_{name.upper()}", usual) for name, usual in LIMITS.items()}


def _limit(variable: str, usual: str) -> RateLimitItem:
    try:
        return parse(os.environ.get(variable) or usual)
    except ValueError:
        raise ValueError(f"{variable}: how many in what time, as `600/minute`") from None


def metrics() -> str | None:
    """HOTLINE_METRICS, if set; a ValueError if it is not an IP address and a port."""
    value = os.environ.get("HOTLINE_METRICS")
    if not value:
        return None
    host, _, port = value.rpartition(":")
    try:
        ip_address(host.strip("[]"))
        int(port)
    except ValueError:
        raise ValueError("HOTLINE_METRICS: an IP address and a port, as `127.0.0.1:9464`") from None
    return value


def peer(name: str) -> Peer | None:
    """Another system, by HOTLINE_<name>_URL and HOTLINE_<name>_TOKEN_FILE; paths are below the URL.

    A ValueError if the URL is none of HTTP.
    """
    url = os.environ.get(f"HOTLINE_{name}_URL")
    if url and not _is_http(url):
        raise ValueError(f"HOTLINE_{name}_URL: an address such as https://platform.example/api/")
    return Peer(url, _file(f"HOTLINE_{name}_TOKEN_FILE")) if url else None


def _is_http(url: str) -> bool:
    try:
        found = urlsplit(url)
        return found.scheme in ("http", "https") and bool(found.hostname) and (found.port is None or found.port > 0)
    except ValueError:
        return False


def task_queue() -> str:
    return os.environ.get("HOTLINE_TASK_QUEUE", "hotline")


def sweep_seconds() -> int:
    return int(os.environ.get("HOTLINE_SWEEP_SECONDS", "10"))


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set")
    return value


def told_secret() -> bytes | None:
    """The secret that the environment names, or None."""
    if file := os.environ.get("HOTLINE_SECRET_FILE"):
        return Path(file).read_bytes().strip()
    return os.environ.get("HOTLINE_SECRET", "").encode() or None


def told_masters() -> bytes | None:
    """What the file of the master keys holds, or None."""
    file = _file("HOTLINE_MASTER_KEYS_FILE")
    return file.read_bytes() if file else None


def vault_url() -> str | None:
    url = os.environ.get("HOTLINE_VAULT_URL")
    return sqlalchemy_url(url) if url else None


def _secret() -> bytes:
    return told_secret() or _required("HOTLINE_SECRET").encode()


def production() -> bool:
    """HOTLINE_MODE is `production`; not set, it is `local`. Anything else is a ValueError."""
    mode = os.environ.get("HOTLINE_MODE") or "local"
    if mode not in ("local", "production"):
        raise ValueError("HOTLINE_MODE is `local` or `production`")
    return mode == "production"


def _file(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def sqlalchemy_url(url: str) -> str:
    """Any postgres URL as SQLAlchemy's psycopg dialect."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url
