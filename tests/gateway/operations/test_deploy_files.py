"""What stands around a node is written for this node: paths, ports, names."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from click.testing import CliRunner, Result

from gateway.cli import gateway
from gateway.commands import deploy_files as subject

ROOT = Path(__file__).parents[3]
NAMES = {
    *("credit-ledger.service", "nginx.conf", "compose.yaml"),
    *("prometheus.yml", "alerts.yml", "dashboard.json"),
}
SETTINGS = """\
network = "../network.json"
keys = "keys"
key_password_file = "../password"
database_url = "sqlite:///gateway.db"
[node]
code = "110000"
url = "https://ledger.beijing.example"
[http]
port = 8600
operator_port = 9600
trusted_proxies = ["127.0.0.1"]
"""


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    for name in ("ENV", "DATABASE_URL", "CONFIG", "KEY_PASSWORD_FILE"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return settings_at(tmp_path / "110000" / "gateway.toml", SETTINGS)


def settings_at(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def write(config: Path, out: Path, *words: str) -> Result:
    command = ["deploy-files", "-o", str(out), "--config", str(config), *words]
    return CliRunner().invoke(gateway, command, catch_exceptions=False)


def composed(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((out / "compose.yaml").read_text("utf-8"))
    return found


def test_all_files_are_of_this_node(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "deploy"
    done = write(config, out, "--json")
    assert done.exit_code == 0, done.output
    assert {Path(name).name for name in json.loads(done.stdout)["files"]} == NAMES
    texts = {name: (out / name).read_text("utf-8") for name in NAMES}
    for name, text in texts.items():
        assert not re.search(r"@[A-Z_]+@", text), name
    assert f"--config {config}\n" in texts["credit-ledger.service"]
    assert "server 127.0.0.1:8600;" in texts["nginx.conf"]
    assert "server_name ledger.beijing.example;" in texts["nginx.conf"]
    watched = yaml.safe_load(texts["prometheus.yml"])
    (job,) = watched["scrape_configs"]
    assert job["job_name"] == "credit-ledger-110000"
    assert job["static_configs"] == [{"targets": ["127.0.0.1:9600"]}]
    assert watched["rule_files"] == ["alerts.yml"]
    assert json.loads(texts["dashboard.json"])["uid"] == "credit-ledger"


def test_nothing_is_overwritten(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "deploy"
    out.mkdir()
    (out / "alerts.yml").write_text("mine")
    done = write(config, out)
    assert (done.exit_code, "alerts.yml" in done.output) == (1, True)
    assert [path.name for path in out.iterdir()] == ["alerts.yml"]
    (tmp_path / "file").write_text("")
    done = write(config, tmp_path / "file" / "deploy")
    assert (done.exit_code, "Not a directory" in done.output) == (1, True)


def test_without_a_port_for_figures_there_is_nothing_to_watch(tmp_path: Path) -> None:
    text = SETTINGS.replace("operator_port = 9600\n", "")
    config = settings_at(tmp_path / "110000" / "gateway.toml", text)
    done = write(config, tmp_path / "deploy")
    assert (done.exit_code, "operator_port" in done.output) == (1, True)
    assert not (tmp_path / "deploy").exists()


def test_the_unit_may_write_what_the_settings_name(tmp_path: Path) -> None:
    """Else the gateway does not start where its log or its database lies elsewhere."""
    text = SETTINGS.replace("gateway.db", "../data/gateway.db")
    logs = '[log_file]\npath = "../logs/gateway.jsonl"\n'
    config = settings_at(tmp_path / "110000" / "gateway.toml", text + logs)
    assert write(config, tmp_path / "deploy").exit_code == 0
    unit = (tmp_path / "deploy/credit-ledger.service").read_text("utf-8")
    (line,) = re.findall(r"^ReadWritePaths=(.*)$", unit, re.MULTILINE)
    assert line.split() == [str(tmp_path / name) for name in ("110000", "logs", "data")]


@pytest.mark.parametrize("host", ["ledger.example;return.example", "a$b.example", "a{b.example"])
def test_a_url_that_no_proxy_can_name(tmp_path: Path, host: str) -> None:
    text = SETTINGS.replace("ledger.beijing.example", host)
    config = settings_at(tmp_path / "110000" / "gateway.toml", text)
    done = write(config, tmp_path / "deploy")
    assert done.exit_code != 0, done.output
    assert not (tmp_path / "deploy").exists()


# ---- containers


def test_a_container_sees_what_the_settings_name(tmp_path: Path) -> None:
    more = 'schemas = "../rules"\ncalendar_file = "calendar.json"\n'
    logs = '[log_file]\npath = "../logs/gateway.jsonl"\n[tiles]\nfolder = "../tiles"\n'
    config = settings_at(tmp_path / "110000" / "gateway.toml", more + SETTINGS + logs)
    assert write(config, tmp_path / "deploy").exit_code == 0
    mounts = composed(tmp_path / "deploy")["services"]["gateway"]["volumes"]
    assert all(one["source"] == one["target"] for one in mounts)
    seen = {Path(one["source"]): one["read_only"] for one in mounts}
    assert seen == {
        tmp_path / "110000": False,
        tmp_path / "logs": False,
        tmp_path / "tiles": False,
        tmp_path / "network.json": True,
        tmp_path / "password": True,
        tmp_path / "rules": True,
    }


def test_a_container_may_little(config: Path, tmp_path: Path) -> None:
    write(config, tmp_path / "deploy")
    services = composed(tmp_path / "deploy")["services"]
    node, proxy = services["gateway"], services["proxy"]
    for service in (node, proxy):
        assert (service["read_only"], service["network_mode"]) == (True, "host")
        assert "no-new-privileges:true" in service["security_opt"]
        assert "ports" not in service, "the machine's own network is used"
    assert node["cap_drop"] == ["ALL"]
    owner = config.stat()
    assert node["user"] == f"{owner.st_uid}:{owner.st_gid}"
    assert node["command"] == ["gateway", "serve", "--config", str(config)]
    assert "http://127.0.0.1:8600/healthz" in " ".join(node["healthcheck"]["test"])
    assert "./nginx.conf:/etc/nginx/conf.d/default.conf:ro" in proxy["volumes"]


def test_settings_of_another_name(tmp_path: Path) -> None:
    config = settings_at(tmp_path / "110000" / "second.toml", SETTINGS)
    assert write(config, tmp_path / "deploy").exit_code == 0
    assert composed(tmp_path / "deploy")["services"]["gateway"]["command"][-1] == str(config)
    assert f"--config {config}\n" in (tmp_path / "deploy/credit-ledger.service").read_text()


def test_a_path_that_no_unit_can_name(tmp_path: Path) -> None:
    config = settings_at(tmp_path / "a b" / "gateway.toml", SETTINGS)
    done = write(config, tmp_path / "deploy")
    assert (done.exit_code, "--config" in done.output) == (1, True)


# ---- the image


def instructions() -> list[tuple[str, str]]:
    """Name and arguments of each instruction of the container file."""
    text = (ROOT / "gateway/deploy/container/Containerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in whole.splitlines())]


def test_the_image_is_made_of_what_is_here() -> None:
    found = instructions()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    copied = [word for name, rest in found if name == "COPY" and "--from" not in rest
              for word in rest.split()[:-1]]  # fmt: skip
    assert copied
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert {project["readme"], *project["license-files"], "ledger", "gateway"} <= {*copied}
    assert [name for name, _ in found].count("FROM") == 2
    for base in (rest.split()[0] for name, rest in found if name == "FROM"):
        minor = re.fullmatch(r"python:3\.(\d+)-slim-bookworm", base)
        assert minor is not None and 11 <= int(minor[1]) <= 14
    (lock,) = (rest for name, rest in found if name == "RUN" and "--require-hashes" in rest)
    assert "--no-deps" in lock and "requirements/runtime.txt" in lock
    last = dict(found)
    assert last["USER"].partition(":")[0] not in ("0", "root")
    assert json.loads(last["ENTRYPOINT"])[0] in project["scripts"]


def test_its_name_in_compose_is_that_of_the_program(config: Path, tmp_path: Path) -> None:
    write(config, tmp_path / "deploy")
    image = composed(tmp_path / "deploy")["services"]["gateway"]["image"]
    assert re.fullmatch(r"credit-ledger:[\w.]+", image)
    assert subject.deploy_files.name == "deploy-files"
