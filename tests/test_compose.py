"""The compose file and what it mounts, checked without a Docker engine: schema, references, and the tables it repeats."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from settings import LIMITS

TOP = Path(__file__).parents[1]
COMPOSE = TOP / "docker-compose.yml"
SCRIPTS = sorted((TOP / "deploy" / "temporal").glob("*.sh"))
NOT_SHIPPED = {"tests", "bench", "docs", "deploy", "build"}

FILE: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
DEPENDENCIES = [
    (name, needed, how["condition"]) for name, s in SERVICES.items() for needed, how in s.get("depends_on", {}).items()
]


def test_the_file_is_a_compose_file() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    checked = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_a_script(script: Path) -> None:
    checked = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert script.stat().st_mode & 0o111, "the images run it, or source it when it is not executable"


@pytest.mark.parametrize(("name", "needed", "condition"), DEPENDENCIES)
def test_what_a_service_waits_for_can_happen(name: str, needed: str, condition: str) -> None:
    assert needed in SERVICES, name
    if condition == "service_healthy":
        assert "healthcheck" in SERVICES[needed]
    if condition == "service_completed_successfully":
        assert SERVICES[needed]["restart"].startswith("on-failure")


def test_only_the_api_and_the_ui_are_published_and_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"api", "temporal-ui"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert [port.rpartition(":")[2] for port in SERVICES["api"]["ports"]] == ["8890"], "not its numbers"


def test_the_database_and_temporal_are_not_routed_outside() -> None:
    assert FILE["networks"]["inside"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == SERVICES["temporal"]["networks"] == ["inside"]


def test_the_ui_cannot_write() -> None:
    assert SERVICES["temporal-ui"]["environment"]["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


@pytest.mark.parametrize("kind", ["networks", "secrets"])
def test_what_a_service_uses_is_declared(kind: str) -> None:
    assert {used for service in SERVICES.values() for used in service.get(kind, [])} == FILE[kind].keys()


def test_api_and_worker_run_as_on_the_local_stack_but_for_their_address() -> None:
    from cli.stack import Ports, hotline_services

    local = {service.name: list(service.command[1:]) for service in hotline_services(Ports(api=8890))}
    api = ["0.0.0.0" if word == "127.0.0.1" else word for word in local["api"]]
    assert ["-m", *SERVICES["api"]["command"]] == api
    assert SERVICES["worker"]["command"] == ["python", *local["worker"]]


def test_what_is_mounted_from_the_project_exists() -> None:
    mounts = [str(volume).split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    assert [m for m in mounts if m.startswith(".") and not (TOP / m).exists()] == []


def test_every_variable_is_in_the_example() -> None:
    example = (TOP / "deploy" / ".env.example").read_text(encoding="utf-8")
    handed_on = {name for name, value in SERVICES["api"]["environment"].items() if value is None}
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))
    assert set(re.findall(r"^#?(\w+)=", example, re.MULTILINE)) == used | handed_on


def test_every_setting_reaches_the_containers() -> None:
    read = set(re.findall(r"HOTLINE_[A-Z_]*[A-Z]", (TOP / "settings.py").read_text(encoding="utf-8")))
    told = {name for service in ("api", "worker") for name in SERVICES[service]["environment"]}
    limits = {name for name in told if name.startswith("HOTLINE_LIMIT_")}
    assert limits == {f"HOTLINE_LIMIT_{name.upper()}" for name in LIMITS}
    by_file = {"HOTLINE_SECRET", "HOTLINE_LIMIT"}  # the one is a file here, the other what the limits' names begin with
    assert read - told - by_file == set()


def test_the_namespace_gets_the_search_attributes_that_the_workflows_set() -> None:
    from workflows.attributes import SEARCH_ATTRIBUTES

    script = (TOP / "deploy" / "temporal" / "namespace.sh").read_text(encoding="utf-8")
    table = script.split("<<'ATTRIBUTES'\n")[1].split("ATTRIBUTES")[0]
    assert dict(line.split() for line in table.splitlines()) == SEARCH_ATTRIBUTES


def test_the_image_holds_every_module_of_the_project_and_no_other() -> None:
    dockerfile = (TOP / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY ([^-<].*) \S+$", dockerfile, re.MULTILINE)
    packages = {p.name for p in TOP.iterdir() if p.name.isidentifier() and p.is_dir() and any(p.rglob("*.py"))}
    modules = {p.name for p in TOP.glob("*.py")}
    assert {name for names in copied for name in names.split()} == (packages - NOT_SHIPPED) | modules | {
        "requirements.lock"
    }
