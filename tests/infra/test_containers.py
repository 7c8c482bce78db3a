"""The container files, which no test can run: held to the compose specification's own schema, to the names of the
settings and roles, and to what a careful operator would refuse."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra.settings import Settings
from infra.up import NOTIFIER
from infra.up import ROLES as ALWAYS

ROLES = {*ALWAYS, NOTIFIER[-1]}
ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SCHEMA = Path(__file__).parent / "compose-spec" / "schema.json"
SECRETS = {"YEON_SECRET": "s" * 32, "POSTGRES_PASSWORD": "p" * 16}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


def test_it_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft201909Validator(schema).validate(compose)


def test_the_schema_would_notice_a_wrong_file(compose: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    wrong = compose | {"services": compose["services"] | {"relay": {"image": "x", "depend_on": []}}}
    with pytest.raises(jsonschema.ValidationError, match="depend_on"):
        jsonschema.Draft201909Validator(schema).validate(wrong)


def test_docker_compose_itself_accepts_it() -> None:
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], check=False).returncode
    ):
        pytest.skip("docker compose is not here")
    command = ["docker", "compose", "-f", str(COMPOSE), "config", "-q"]
    done = subprocess.run(command, env=os.environ | SECRETS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_service_a_role_and_one_for_each_store(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {*ROLES, "prepare", "postgres", "redis", "kafka", "qdrant"}
    assert all(services[role]["command"] == [role] for role in ROLES)


def test_every_setting_named_exists(compose: dict[str, Any]) -> None:
    named = set(re.findall(r"YEON_[A-Z_]+", COMPOSE.read_text() + (ROOT / "Dockerfile").read_text()))
    known = {f"YEON_{name.upper()}" for name in Settings.model_fields}
    assert named <= known
    for role in ROLES:
        assert {"YEON_POSTGRES_URL", "YEON_KAFKA_URL", "YEON_REDIS_URL", "YEON_SECRET"} <= set(
            compose["services"][role]["environment"]
        )


def test_a_language_model_is_passed_on_to_those_who_use_it(compose: dict[str, Any]) -> None:
    for role in ROLES:
        environment = compose["services"][role]["environment"]
        given = {name for name in environment if name.startswith("YEON_LLM_")}
        wanted = {f"YEON_LLM_{part}" for part in ("URL", "DIALECT", "KEY", "MODEL")}
        assert given == (wanted if role in {"matcher", "gateway"} else set()), role
        assert all(environment[name].startswith(f"${{{name}:-") for name in given)


def test_what_keeps_running_has_a_health_check(compose: dict[str, Any]) -> None:
    without = {name for name, service in compose["services"].items() if "healthcheck" not in service}
    assert without == {"prepare"}


def test_who_is_waited_for_healthy_can_be(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, condition in service.get("depends_on", {}).items():
            assert name in compose["services"]
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in compose["services"][name]


def test_nothing_is_privileged_and_no_role_can_write_or_gain_rights(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & service.keys()
        assert not any(str(volume).startswith(("/", ".")) for volume in service.get("volumes", ()))
        if name in ROLES:
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_secret_must_come_from_the_environment(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "SECRET" in name:
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]*\}", value)
            if "://" in str(value) and "@" in str(value):
                assert ":${POSTGRES_PASSWORD:?" in value


def test_the_image_runs_as_an_ordinary_user_from_plain_images() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    final = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    users = [line.split()[1] for line in final if line.startswith("USER ")]
    assert users
    assert users[-1].split(":")[0] not in {"root", "0"}
    for line in lines:
        if line.startswith("FROM "):
            assert re.fullmatch(r"FROM python:[\w.-]+( AS \w+)?", line)
    assert not [line for line in lines if re.match(r"(ENV|ARG) .*(SECRET|PASSWORD|TOKEN)", line)]


def test_the_image_holds_every_package_of_the_project() -> None:
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    packages = re.search(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert packages
    assert copied == set(re.findall(r'"(\w+)"', packages[1]))
