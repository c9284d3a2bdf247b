"""The files that deploy ZANTARA say what the project is, and agree with each other."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests._markdown import ROOT, text_of
from tests.test_docs import settings_in_code

COMPOSE: dict[str, Any] = yaml.safe_load(text_of("compose.yaml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"migrate", "web", "worker"}
UNITS = ("zantara.service", "zantara-worker.service")


def dockerfile(instruction: str) -> list[str]:
    """What follows each such instruction, its lines joined."""
    text = re.sub(r"^#.*\n", "", text_of("Dockerfile"), flags=re.MULTILINE).replace("\\\n", " ")
    return re.findall(rf"^{instruction} +(.+)$", text, re.MULTILINE)


def server_command() -> list[str]:
    command: list[str] = json.loads(dockerfile("CMD")[-1])
    return command


def unit(name: str) -> str:
    return text_of(f"deploy/systemd/{name}")


def exec_start(name: str) -> list[str]:
    found = re.search(r"^ExecStart=(.+)$", unit(name), re.MULTILINE)
    assert found
    return shlex.split(found[1])


# --- compose --------------------------------------------------------------------------------------


def test_secrets_have_no_default_and_nothing_starts_without_them() -> None:
    text = text_of("compose.yaml")
    secret = ["SECRET_KEY", "ZANTARA_API_KEY_PEPPER", "ZANTARA_ENCRYPTION_KEYS", "ALLOWED_HOSTS"]
    for name in (*secret, "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", text)

        assert uses, name
        assert {use[:2] for use in uses} == {":?"}, name


def test_our_containers_have_neither_root_nor_a_disk_to_write_on() -> None:
    for name in OURS:
        service = SERVICES[name]

        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert dockerfile("USER") == ["zantara"]


def test_every_lasting_service_tells_whether_it_is_well() -> None:
    image_has_one = {"web"} if dockerfile("HEALTHCHECK") else set()

    for name in SERVICES.keys() - image_has_one - {"migrate"}:
        assert SERVICES[name]["healthcheck"]["test"], name


def test_servers_wait_for_the_migrations_and_those_for_the_database() -> None:
    for name in ("web", "worker"):
        needs = SERVICES[name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_every_variable_that_a_container_of_ours_gets_is_a_setting() -> None:
    known = {*settings_in_code(), "WEB_CONCURRENCY"}

    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= known, name


def test_redis_keeps_what_it_was_given() -> None:
    command = " ".join(SERVICES["redis"]["command"])

    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command


def test_only_this_machine_reaches_the_server_behind_the_proxys_back() -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["web"]


def test_the_trusted_proxy_is_the_host_as_containers_see_it() -> None:
    network = COMPOSE["networks"]["default"]["ipam"]["config"][0]
    trusted = SERVICES["web"]["environment"]["ZANTARA_TRUSTED_PROXIES"]

    assert trusted == f"${{ZANTARA_TRUSTED_PROXIES:-{network['gateway']}}}"


def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    compose = ["docker", "compose"]
    if not shutil.which("docker") or subprocess.run([*compose, "version"], check=False).returncode:
        pytest.skip("docker compose is not installed, so it has not read compose.yaml")
    (tmp_path / ".env").write_text("")
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    names = re.findall(r"\$\{(\w+):\?", text_of("compose.yaml"))
    ran = subprocess.run(
        [*compose, "config", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, **dict.fromkeys(names, "x")},
        check=False,
    )
    assert ran.returncode == 0


# --- image ----------------------------------------------------------------------------------------


def copied() -> list[str]:
    return [shlex.split(line)[0] for line in dockerfile("COPY") if not line.startswith("--from")]


def test_packages_come_from_the_lock_by_their_hashes() -> None:
    assert "--require-hashes" in text_of("Dockerfile")
    assert "requirements.lock" in copied()
    assert re.search(r"^psycopg(-binary)?==", text_of("requirements.lock"), re.MULTILINE)


def test_the_build_may_read_what_it_copies_and_nothing_else() -> None:
    rules = [line for line in text_of(".dockerignore").splitlines() if not line.startswith("#")]
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}

    assert rules[0] == "*"
    assert {path if path in allowed else str(Path(path).parent) for path in copied()} == allowed


def test_what_the_image_holds_is_enough_to_build_and_start_it(tmp_path: Path) -> None:
    """The image's own commands on the files that it copies."""
    for path in copied():
        source, target = ROOT / path, tmp_path / "image" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    environment = {"PATH": os.environ["PATH"], "ZANTARA_VAR_DIR": str(tmp_path / "var")}
    environment["ZANTARA_ENV"] = "development"
    steps = (["manage.py", "collectstatic", "--noinput", "-v0"], ["-c", "import zantara.asgi"])
    for step in steps:
        ran = subprocess.run(
            [sys.executable, *step],
            cwd=tmp_path / "image",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "var/static/staticfiles.json").exists()


# --- systemd and nginx ----------------------------------------------------------------------------


def test_the_image_and_the_unit_start_the_same_server() -> None:
    there = [part for part in exec_start("zantara.service")[1:] if part != "127.0.0.1"]

    assert there == [part for part in server_command()[1:] if part != "0.0.0.0"]


def test_the_composed_worker_is_that_of_the_unit_and_of_make() -> None:
    def without_numbers(command: list[str]) -> list[str]:
        return [re.sub(r"=.*", "", part) for part in command[1:] if part != "worker"]

    composed = without_numbers(SERVICES["worker"]["command"])

    assert composed == without_numbers(exec_start("zantara-worker.service"))
    made = next(line for line in text_of("Makefile").splitlines() if "celery -A" in line)
    assert set(composed) - {"--app"} == set(re.findall(r"--[a-z-]+", made))


@pytest.mark.parametrize("name", ["zantara.service", "web"])
def test_a_server_may_end_its_calls_before_it_is_killed(name: str) -> None:
    command = server_command()
    graceful = int(command[command.index("--timeout-graceful-shutdown") + 1])
    limit = SERVICES["web"]["stop_grace_period"] if name == "web" else _stop_seconds(name)

    assert 30 <= graceful < int(str(limit).removesuffix("s"))


def _stop_seconds(name: str) -> str:
    return re.findall(r"^TimeoutStopSec=(\d+)$", unit(name), re.MULTILINE)[0]


def test_a_worker_may_end_the_longest_call_before_it_is_killed() -> None:
    longest = settings_in_code()["ZANTARA_MAX_TIMEOUT"]

    assert int(_stop_seconds("zantara-worker.service")) > longest
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > longest


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(name: str, tmp_path: Path) -> None:
    """Its own programs are not installed here: any other stands for them."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed, so it has not read the units")
    (tmp_path / name).write_text(re.sub(r"/srv/zantara/\.venv/bin/\w+", "/bin/true", unit(name)))

    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )

    complaints = [line for line in ran.stderr.splitlines() if name in line]
    assert (ran.returncode, complaints) == (0, []), ran.stderr


def test_nginx_accepts_the_site(tmp_path: Path) -> None:
    nginx = os.environ.get("NGINX") or shutil.which("nginx")
    if not nginx:
        pytest.skip("nginx is not installed, so it has not read deploy/nginx.conf")
    site = _with_certificate(tmp_path)
    site = re.sub(r"listen (\[::\]:)?(443|80)", r"listen \g<1>8\g<2>", site)
    logs = f"error_log {tmp_path}/error.log; pid {tmp_path}/pid;"
    temporary = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"{logs} events {{}} http {{ access_log off; {temporary} {site} }}"
    (tmp_path / "nginx.conf").write_text(whole)

    ran = subprocess.run(
        [nginx, "-t", "-q", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr


def _with_certificate(directory: Path) -> str:
    certificate, key = directory / "fullchain.pem", directory / "privkey.pem"
    options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        ["openssl", "req", *options, "-subj", "/CN=zantara", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return text_of("deploy/nginx.conf").replace("/etc/ssl/zantara", str(directory))


def test_the_proxy_takes_what_the_server_takes_and_waits_longer() -> None:
    site = text_of("deploy/nginx.conf")
    waits = int(re.findall(r"proxy_read_timeout (\d+)s", site)[0])

    assert waits > settings_in_code()["ZANTARA_MAX_TIMEOUT"]
    assert "client_max_body_size 1m;" in site
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in site
