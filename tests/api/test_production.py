"""HOTLINE_MODE=production: the local issuer is closed, and the API does not start if nobody could sign in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from api.access import Caller, issue
from api.app import create_app
from domain.vocabulary import Role
from settings import Oidc, Settings, peer
from storage import keys
from storage.changes import Cause
from tests.line import SECRET, serve, settings_for


async def test_it_starts_when_somebody_could_sign_in(
    temporal: WorkflowEnvironment, database: str, engine: AsyncEngine
) -> None:
    settings = replace(settings_for(database, "nobody-works-here"), production=True)
    app = create_app(settings)
    with pytest.raises(RuntimeError, match="nobody could sign in"):
        async with app.router.lifespan_context(app):
            pytest.fail("it started")
    async with engine.begin() as conn:
        cause = Cause("administrator-1", datetime.now(UTC), "样例理由。")
        key = await keys.create(conn, "web-sample", Role.CHANNEL, None, None, cause)
    async with serve(settings, temporal.client, [timedelta(0)]) as url, httpx.AsyncClient(base_url=url) as http:
        local = issue(SECRET, Caller("agent-1", Role.AGENT), datetime.now(UTC))
        tokens = {key: 200, local: 401}
        answers = {t: (await http.get("/units", headers={"Authorization": f"Bearer {t}"})).status_code for t in tokens}
    assert answers == tokens


async def test_it_does_not_start_without_the_keys_that_seal_who_asked(database: str) -> None:
    app = create_app(replace(settings_for(database, "nobody-works-here"), production=True, masters=None))
    with pytest.raises(RuntimeError, match="HOTLINE_MASTER_KEYS_FILE is not set"):
        async with app.router.lifespan_context(app):
            pytest.fail("it started")


def test_the_settings_do_not_show_their_secrets() -> None:
    url = "postgresql://u:passwordsample@h/d"
    told = replace(settings_for(url, "queue"), vault_url=url, secret=b"secretsample", masters=b"1 keysample")
    shown = repr(told)
    assert "queue" in shown
    assert [word for word in ("passwordsample", "secretsample", "keysample") if word in shown] == []


def test_the_settings_name_mode_and_provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1/none")
    monkeypatch.setenv("HOTLINE_SECRET", "s" * 32)
    for name in ("HOTLINE_MODE", "HOTLINE_OIDC_ISSUER"):
        monkeypatch.delenv(name, raising=False)
    usual = Settings.from_environment()
    assert (usual.production, usual.oidc) == (False, None)
    told = {"ISSUER": "https://id.example", "AUDIENCE": "8890", "ROLE_CLAIM": "r", "UNIT_CLAIM": "u"}
    for name, value in told.items():
        monkeypatch.setenv(f"HOTLINE_OIDC_{name}", value)
    monkeypatch.setenv("HOTLINE_OIDC_REFRESH_SECONDS", "5")
    secret = tmp_path / "secret"
    secret.write_text("sample\n")
    monkeypatch.setenv("HOTLINE_OIDC_CLIENT_ID", "ours")
    monkeypatch.setenv("HOTLINE_OIDC_CLIENT_SECRET_FILE", str(secret))
    monkeypatch.setenv("HOTLINE_MODE", "production")
    found = Settings.from_environment()
    assert (found.production, found.oidc) == (True, Oidc("https://id.example", "8890", "ours", b"sample", "r", "u", 5))
    secret.write_text("\n")  # a file that waits for its secret
    assert (waiting := Oidc.from_environment())
    assert waiting.client_secret is None
    monkeypatch.setenv("HOTLINE_RULE_SET", "demo")
    with pytest.raises(ValueError, match="limits of seconds"):
        Settings.from_environment()
    monkeypatch.setenv("HOTLINE_MODE", "prodction")
    with pytest.raises(ValueError, match="HOTLINE_MODE"):
        Settings.from_environment()


@pytest.mark.parametrize(
    "url", ["platform.example", "ftp://platform.example", "http://", "http://[::1", "http://h:99999"]
)
def test_an_address_of_another_system_that_is_none_is_refused_at_start(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_PLATFORM_URL", url)
    with pytest.raises(ValueError, match="HOTLINE_PLATFORM_URL"):
        peer("PLATFORM")
