"""`gateway init` makes what a node starts from, and overwrites nothing."""

import json
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from gateway.base.keyring import open_keys
from gateway.base.settings import Settings, load
from gateway.cli import gateway
from gateway.commands.init_files import SETTINGS
from ledger.chain.keys.keyfile import WORK_LIGHT, KeyFile, create
from ledger.cli import member_folder
from ledger.cli.member_file import load_member
from ledger.core.keys import Role

FILES = {"gateway.toml", "credit-ledger.service", "nginx.conf"}
DEVELOPMENT = {"now", "crash_at"}
"""What production refuses."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def light(*args: Any, **more: Any) -> KeyFile:
        return create(*args, **more, work=WORK_LIGHT)

    monkeypatch.setattr(member_folder, "create", light)
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    for name in ("ENV", "DATABASE_URL", "KEY_PASSWORD_FILE"):
        monkeypatch.delenv(f"CREDIT_LEDGER_{name}", raising=False)


def init(folder: Path, *words: Any) -> Result:
    command = ["init", "--dir", str(folder), *map(str, words)]
    return CliRunner().invoke(gateway, command, catch_exceptions=False)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_node_starts_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    done = init(folder, "--code", "110000", "--name", "北京市")
    assert done.exit_code == 0, done.output
    settings = load(folder / "gateway.toml")
    assert settings.env == "production"
    assert (settings.node.code, settings.node.name) == ("110000", "北京市")
    assert settings.network == folder / "network.json"
    assert settings.database_url == f"sqlite:///{folder}/gateway.db"
    assert (settings.http.port, settings.http.operator_port) == (8546, 9546)
    keys = open_keys(settings)
    assert load_member(folder / "110000.json").roles is Role.PROVINCE
    public = [key.public_key for key in load_member(folder / "110000.json").keys]
    assert keys.anchor.public_key in public


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    assert init(folder, "--code", "110000").exit_code == 0
    assert {mode(path) for path in (folder, folder / "keys")} == {0o700}
    private = [*(folder / "keys").iterdir(), folder / "gateway.toml", folder / "key-password"]
    assert {mode(path) for path in private} == {0o600}
    assert len(private) == 13
    assert len((folder / "key-password").read_bytes()) > 32


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    assert init(folder, "--code", "110000").exit_code == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name in FILES:
        for other in FILES - {name}:
            (folder / other).unlink()
        done = init(folder, "--code", "110000")
        assert (done.exit_code, name in done.output) == (1, True)
        for other in FILES - {name}:
            (folder / other).write_bytes(before[folder / other])
    for name in FILES:
        (folder / name).unlink()
    assert init(folder, "--code", "110000").exit_code == 0
    assert {path: path.read_bytes() for path in before} == before


def test_keys_that_are_there_are_used(tmp_path: Path) -> None:
    """As a member has them that helped to found the network. What was moved away stays away."""
    password = tmp_path / "password"
    password.write_text("word\n")
    password.chmod(0o600)
    folder = tmp_path / "110000"
    member_folder.make_member(
        folder, code="110000", region="110000", roles=Role.PROVINCE, endpoint="", password=b"word"
    )
    (folder / "keys" / "govern.json").unlink()
    refused = init(folder, "--code", "110000")
    assert (refused.exit_code, "--password-file" in refused.output) == (1, True)
    wrong = tmp_path / "wrong"
    wrong.write_text("other\n")
    wrong.chmod(0o600)
    assert init(folder, "--code", "110000", "--password-file", wrong).exit_code == 1
    assert not (folder / "gateway.toml").exists()
    assert init(folder, "--code", "110000", "--password-file", password).exit_code == 0
    assert load(folder / "gateway.toml").key_password_file == folder / "../password"
    open_keys(load(folder / "gateway.toml"))
    assert not (folder / "keys" / "govern.json").exists()
    assert not (folder / "key-password").exists()


def test_a_password_file_that_others_read(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("word\n")
    password.chmod(0o644)
    done = init(tmp_path / "node", "--code", "110000", "--password-file", password)
    assert (done.exit_code, "chmod 600" in done.output) == (1, True)
    assert not (tmp_path / "node").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = init(tmp_path / "file" / "node", "--code", "110000")
    assert (done.exit_code, "Not a directory" in done.output) == (1, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--code", "110 000"), "110 000"),
        (("--code", "110000", "--roles", "KING"), "roles"),
        (("--code", "110000", "--port", "70000"), "--port"),
        (("--code", "110000", "--url", "ledger"), "node.url"),
        (("--code", "110000", "--url", "https://ledger.example/a b;"), "--url"),
        (("--code", "110000", "--port", "9546"), "--operator-port"),
        (("--code", "110000", "--name", "x" * 101), "node.name"),
        (("--code", "110000", "--database-url", ""), "--database-url"),
        (("--code", "110000", "--database-url", "mysql://a@b/c"), "--database-url"),
    ],
)
def test_bad_values(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = init(tmp_path / "node", *words)
    assert done.exit_code in (1, 2)
    assert told in done.output
    assert not (tmp_path / "node").exists()


def test_a_folder_that_no_unit_can_name(tmp_path: Path) -> None:
    done = init(tmp_path / "a b", "--code", "110000")
    assert (done.exit_code, "--dir" in done.output) == (2, True)
    assert not (tmp_path / "a b").exists()


def test_unit_and_proxy_have_names_and_paths(tmp_path: Path) -> None:
    folder = tmp_path / "信用"
    url = "https://ledger.beijing.example:8443"
    done = init(folder, "--code", "110000", "--port", 8600, "--url", url, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["config"] == str(folder / "gateway.toml")
    unit = (folder / "credit-ledger.service").read_text("utf-8")
    assert f"gateway serve --config {folder}/gateway.toml\n" in unit
    assert f"ReadWritePaths={folder}\n" in unit
    command = re.search(r"^ExecStart=(\S+) ", unit, re.MULTILINE)
    assert command is not None
    assert Path(command[1]).is_absolute()
    proxy = (folder / "nginx.conf").read_text("utf-8")
    assert "server 127.0.0.1:8600;" in proxy
    assert "server_name ledger.beijing.example;" in proxy
    assert f"return 308 {url}$request_uri;" in proxy
    assert "listen 8443 ssl" in proxy
    for text in (unit, proxy, (folder / "gateway.toml").read_text("utf-8")):
        assert not re.search(r"@[A-Z_]+@", text)
    assert "ledger.example" not in proxy
    assert str(load(folder / "gateway.toml").node.url).rstrip("/") == url


def test_what_comes_next_in_both_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english = init(tmp_path / "a", "--code", "a-bank", "--roles", "INSTITUTION").stderr
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "zh")
    chinese = init(tmp_path / "b", "--code", "a-bank", "--roles", "INSTITUTION").stderr
    for text in (english, chinese):
        for word in ("a-bank.json", "network.json", "doctor", "token add", "endpoint", "nginx"):
            assert word in text
    assert "接下来" in chinese


def password_at(path: Path, text: str) -> Path:
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def listed(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("purpose", ["GOVERN", "index"])
@pytest.mark.parametrize("registered", [True, False])
def test_one_key_that_has_another_password(
    tmp_path: Path, purpose: str, *, registered: bool
) -> None:
    """Nothing is made then, whichever key it is and whether or not all were made before."""
    folder = tmp_path / "node"
    assert init(folder, "--code", "110000").exit_code == 0
    for name in FILES:
        (folder / name).unlink()
    if not registered:
        (folder / "110000.json").unlink()
    other = folder / "keys" / f"{purpose.lower()}.json"
    other.unlink()
    create(purpose, other, b"other", work=WORK_LIGHT)
    before = listed(folder)
    done = init(folder, "--code", "110000")
    assert (done.exit_code, "--password-file" in done.output) == (1, True)
    assert str(other) in done.output
    assert listed(folder) == before


def test_keys_without_their_password(tmp_path: Path) -> None:
    """Though nobody finished them."""
    folder = tmp_path / "node"
    (folder / "keys").mkdir(parents=True)
    create("payer", folder / "keys" / "payer.json", b"word", work=WORK_LIGHT)
    before = listed(folder)
    done = init(folder, "--code", "110000")
    assert (done.exit_code, "--password-file" in done.output) == (1, True)
    assert listed(folder) == before


def test_the_password_of_this_shell_is_that_of_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It wins over the settings when the node starts from the same shell."""
    password = password_at(tmp_path / "password", "word")
    monkeypatch.setenv("CREDIT_LEDGER_KEY_PASSWORD_FILE", str(password))
    folder = tmp_path / "node"
    assert init(folder, "--code", "110000").exit_code == 0
    assert not (folder / "key-password").exists()
    open_keys(load(folder / "gateway.toml"))
    monkeypatch.delenv("CREDIT_LEDGER_KEY_PASSWORD_FILE")
    open_keys(load(folder / "gateway.toml"))


def test_the_password_is_on_disk_before_the_keys_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()
    fsync = os.fsync

    def spy(handle: int) -> None:
        fsync(handle)
        synced.add(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", spy)
    folder = tmp_path / "node"
    assert init(folder, "--code", "110000").exit_code == 0
    assert {(folder / name).stat().st_ino for name in ("key-password", "gateway.toml")} <= synced


def test_a_password_that_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    done = init(tmp_path / "node", "--code", "110000", "--password-file", tmp_path / "pipe")
    assert (done.exit_code, "--password-file" in done.output) == (2, True)
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize("option", ["--dir", "--network", "--password-file"])
def test_names_that_are_not_utf8(tmp_path: Path, option: str) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    if option == "--password-file":
        password_at(Path(name), "word")
    words = ["--dir", str(tmp_path / "node"), "--code", "110000", option, name]
    done = CliRunner().invoke(gateway, ["init", *words], catch_exceptions=False)
    assert (done.exit_code, option in done.output) == (2, True)
    assert not (tmp_path / "node").exists()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://信用.example", "xn--vuqs22g.example", 443),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]", 8443),
        ("https://Ledger.Beijing.Example", "ledger.beijing.example", 443),
    ],
)
def test_names_as_nginx_reads_them(tmp_path: Path, url: str, host: str, port: int) -> None:
    folder = tmp_path / "node"
    assert init(folder, "--code", "110000", "--url", url).exit_code == 0
    proxy = (folder / "nginx.conf").read_text("utf-8")
    assert f"server_name {host};" in proxy
    assert f"listen {port} ssl" in proxy
    at = host if port == 443 else f"{host}:{port}"
    assert f"return 308 https://{at}$request_uri;" in proxy


def test_root_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for user, told in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        done = init(tmp_path / str(user), "--code", "110000")
        assert (done.exit_code, "as root" in done.stderr) == (0, told)


# ---- every setting stands in the commented file, with its true default


def uncommented() -> dict[str, Any]:
    """The template with every setting taken up, as an operator would."""
    text = re.sub(r"^# (?=[a-z_]+ = )", "", SETTINGS.read_text("utf-8"), flags=re.MULTILINE)
    given = {
        "NETWORK": '"network.json"',
        "KEY_PASSWORD_FILE": '"key-password"',
        "DATABASE_URL": '"sqlite:///gateway.db"',
        "CODE": '"110000"',
        "NAME": '""',
        "URL": 'url = "https://ledger.example"',
        "PORT": "8546",
        "OPERATOR_PORT": "9546",
    }
    for name, value in given.items():
        text = text.replace(f"@{name}@", value)
    return tomllib.loads(text)


def names(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    """Every setting by its dotted name, with its default."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= names(kind, f"{prefix}{name}.")
        else:
            found[prefix + name] = field.default
    return found


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_every_setting_is_there_and_loads(tmp_path: Path) -> None:
    assert set(flat(uncommented())) == set(names(Settings)) - DEVELOPMENT
    Settings(**uncommented())


def test_defaults_are_the_true_ones() -> None:
    """Marked where there is no default; a default that depends on the machine is an example."""
    text, told = SETTINGS.read_text("utf-8"), flat(uncommented())
    commented = re.findall(r"^# ([a-z_]+) = ([^#\n]*)(#.*)?$", text, re.MULTILINE)
    marked = {name for name, _, mark in commented if mark}
    for dotted, default in names(Settings).items():
        name = dotted.rpartition(".")[2]
        if name not in {found for found, _, _ in commented}:
            continue
        if default in (None, (), PydanticUndefined):
            assert name in marked or dotted == "intake.processes", dotted
        else:
            assert told[dotted] == default, dotted
            assert name not in marked or name == "processes", dotted
