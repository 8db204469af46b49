"""The small tools say in one line what they miss, and find the stack that runs beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.access import LocalIssuer
from api.errors import Problem
from api.rights import NOBODY, SIGNED_IN
from cli.main import app
from cli.stack import ENVIRONMENT
from cli.surroundings import spoken, surroundings
from domain.vocabulary import Role

NOTICE = '[notice]\nyear = 2027\ntitle = "样例通知"\n'


UNIT = ["unit", "set", "SAMPLE", "--zh", "样例", "--en", "Sample", "--kind", "enterprise", "--reason", "样例"]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DATABASE_URL", "TEMPORAL_ADDRESS", "HOTLINE_SECRET", "HOTLINE_SECRET_FILE", "HOTLINE_MODE"):
        monkeypatch.delenv(variable, raising=False)


def told(*words: str) -> tuple[int, str]:
    """The exit code, and what was said to the operator."""
    found = CliRunner().invoke(app, list(words))
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, " ".join(found.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["token", "agent"], "no stack was ever started in"),
        (["restart", "TJ20260302000001"], "no stack runs in"),
        (["calendar", "load", "NOTICE", "--reason", "样例"], "no stack runs in"),
        (UNIT, "no stack runs in"),
        (["key", "list"], "no stack runs in"),
        (["key", "create", "channel", "web-1", "--reason", "样例"], "no stack runs in"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_is_missing_is_said_in_one_line(words: list[str], said: str, tmp_path: Path) -> None:
    notice = tmp_path / "notice.toml"
    notice.write_text(NOTICE, encoding="utf-8")
    named = [str(notice) if word == "NOTICE" else word for word in words]
    found = CliRunner().invoke(app, [*named, "--data", str(tmp_path)])
    assert (found.exit_code, found.output.count("\n")) == (1, 1)
    assert found.output.startswith(said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["system"], "none of administrator, agent"),
        (["requester"], "none of administrator, agent"),
        (["unit"], "--unit goes with the roles unit"),
        (["unit", "--unit", "电力"], "are codes"),
        (["agent", "--subject", "王小明"], "are codes"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_no_token_is_issued_that_the_api_would_not_take(words: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("样例" * 20, encoding="utf-8")
    code, output = told("token", *words, "--data", str(tmp_path))
    assert (code, said in output) == (2, True)
    assert told("token", "agent", "--data", str(tmp_path))[0] == 0


def test_a_token_is_signed_with_the_secret_that_the_stack_goes_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory's own, but where the environment names one, that."""
    secrets = {"directory": b"d" * 32, "file": b"f" * 32, "variable": b"v" * 32}
    for name in ("directory", "file"):
        (tmp_path / {"directory": "secret"}.get(name, name)).write_bytes(secrets[name])

    def signer() -> list[str]:
        token = told("token", "agent", "--data", str(tmp_path))[1]
        return [name for name, secret in secrets.items() if _takes(secret, token)]

    assert signer() == ["directory"]
    monkeypatch.setenv("HOTLINE_SECRET", "v" * 32)
    assert signer() == ["variable"]
    monkeypatch.setenv("HOTLINE_SECRET_FILE", str(tmp_path / "file"))
    assert signer() == ["file"]


def _takes(secret: bytes, token: str) -> bool:
    try:
        return LocalIssuer(secret).caller(token).role is Role.AGENT
    except Problem:
        return False


def test_the_help_of_token_lists_the_roles_that_it_takes() -> None:
    said = told("token", "--help")[1]
    assert all(role in said for role in SIGNED_IN)
    assert not [role for role in NOBODY if role in said]


def test_in_production_the_local_issuer_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("s" * 32, encoding="utf-8")
    monkeypatch.setenv("HOTLINE_MODE", "production")
    monkeypatch.setenv("HOTLINE_RULE_SET", "")
    monkeypatch.setenv("HOTLINE_SWEEP_SECONDS", "")
    stack = tmp_path / "stack"
    for words in (["token", "agent", "--data", str(tmp_path)], *(([t, "--data", str(stack)]) for t in ("up", "demo"))):
        code, output = told(*words)
        assert (code, "HOTLINE_MODE=production" in output, stack.exists()) == (1, True, False), words
    monkeypatch.setenv("HOTLINE_MODE", "prodction")
    assert told("token", "agent", "--data", str(tmp_path)) == (1, "HOTLINE_MODE is `local` or `production`")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "agent", "web-1", "--reason", "样例"], "none of channel, partner, unit"),
        (["create", "unit", "water-1", "--reason", "样例"], "--unit goes with the roles unit"),
        (["create", "channel", "web-1", "--unit", "WATER", "--reason", "样例"], "--unit goes with the roles unit"),
        (["create", "channel", "网站", "--reason", "样例"], "is a code"),
        (["create", "channel", "web-1"], "--reason"),
        (["create", "channel", "web-1", "--reason", " "], "--reason"),
        (["revoke", "0123456789ab", "--reason", "样例", "--by", "王小明"], "--by is a code"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_a_key_is_made_for_a_system_with_a_reason_or_not_at_all(words: list[str], said: str, tmp_path: Path) -> None:
    code, output = told("key", *words, "--data", str(tmp_path))
    assert (code, said in output) == (2, True), output


@pytest.mark.parametrize("option", [["--port", "99999"], ["--data", "FILE"]], ids=lambda option: option[0])
def test_an_option_that_cannot_be_is_named(option: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, output = told("up", *[str(tmp_path / "file") if word == "FILE" else word for word in option])
    assert (code, option[0] in output) == (2, True)


TOOLS = ["due 2025-09-26T15:00+08:00 1wd", "migrate", "restart TJ20260302000001", "up", "demo"]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.split()[0])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgresql://nobody:XYZ@127.0.0.1:1/none",
            "the database cannot be reached: postgresql://nobody@127.0.0.1:1/",
        ),
        ("XYZ", "DATABASE_URL is no URL"),
        ("mysql://nobody:XYZ@127.0.0.1:1/none", "is no PostgreSQL database"),
    ],
    ids=["unreachable", "no-url", "another-kind"],
)
def test_a_database_that_cannot_be_used_is_said_without_its_password_and_nothing_starts(
    tool: str, url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("HOTLINE_RULE_SET", "")  # the demonstration sets it: it goes back afterwards
    monkeypatch.setenv("HOTLINE_SWEEP_SECONDS", "")
    stack = tmp_path / "stack"
    code, output = told(*tool.split(), *([] if tool == "migrate" else ["--data", str(stack)]))
    assert (code, said in output, "XYZ" in output, stack.exists()) == (1, True, False, False)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "样例"])
def test_a_temporal_that_cannot_be_reached_is_said_and_nothing_starts(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    code, output = told("up", "--data", str(tmp_path / "stack"))
    assert (code, (tmp_path / "stack").exists()) == (1, False)
    assert output.endswith(f"Temporal cannot be reached: {address}")


def test_a_stack_that_was_killed_is_not_reached(tmp_path: Path) -> None:
    """What it left says where it was; nobody answers there."""
    gone = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    (tmp_path / ENVIRONMENT).write_text(json.dumps(gone), encoding="utf-8")
    code, output = told("restart", "TJ20260302000001", "--data", str(tmp_path))
    assert (code, output) == (1, "the database cannot be reached: postgresql://nobody@127.0.0.1:1/none")


def test_the_environment_wins_over_the_stack_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = {"DATABASE_URL": "theirs", "TEMPORAL_ADDRESS": "theirs"}
    (tmp_path / ENVIRONMENT).write_text(json.dumps(running), encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "ours")
    assert surroundings(tmp_path).items() >= {"DATABASE_URL": "theirs", "TEMPORAL_ADDRESS": "ours"}.items()


def test_a_database_is_shown_without_any_password() -> None:
    assert spoken("postgresql://me:XYZ@db.example:5/cases?password=XYZ") == "postgresql://me@db.example:5/cases"
    assert spoken("postgresql://me:XYZ@/cases?host=/a") == "postgresql://me@/cases?host=/a"


def test_the_schema_is_brought_to_a_named_database_only() -> None:
    assert told("migrate") == (1, "DATABASE_URL is not set")


def test_due_says_which_days_counted_and_why(tmp_path: Path) -> None:
    """A working Sunday: 28 September 2025 made up for the National Day."""
    said = (
        CliRunner().invoke(app, ["due", "2025-09-26T15:00+08:00", "1wd", "--data", str(tmp_path)]).output.splitlines()
    )
    assert said[0] == "2025-09-29T00:00:00+08:00  last day 2025-09-28"
    assert said[1].startswith("  counted: 2025-09-28 国庆节调休")
    assert said[2] == "  not counted: 2025-09-27 星期六"
    hours = CliRunner().invoke(app, ["due", "2025-09-26T15:00+08:00", "2h", "--data", str(tmp_path)]).output
    assert hours == "2025-09-26T17:00:00+08:00\n"
