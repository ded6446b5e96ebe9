"""The texts that `gateway init` and `gateway deploy-files` write, of the templates in
`gateway/deploy`."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl

from ledger.core.errors import ConfigError

if TYPE_CHECKING:
    from gateway.base.settings import Settings

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
SETTINGS = DEPLOY / "settings" / "gateway.toml"
UNIT = DEPLOY / "systemd" / "credit-ledger.service"
PROXY = DEPLOY / "nginx" / "credit-ledger.conf"
COMPOSE = DEPLOY / "container" / "compose.yaml"
PROMETHEUS = DEPLOY / "prometheus" / "prometheus.yml"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "credit-ledger.json"
HTTPS = 443
_SQLITE = "sqlite:///"
_UNNAMEABLE = re.compile(r"""[\s"'\\%$;{}#@\x00-\x1f\x7f]""")
"""What would have to be escaped in a unit or in nginx, each in its own way."""


def demand_utf8(setting: str, text: str) -> None:
    """Require that text can stand in a file of UTF-8, as names of files need not. Raises
    ConfigError."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(setting, f"{text!r} is not UTF-8: name another") from error


def demand_database(url: str) -> None:
    """Require the URL of a database that a gateway can keep its tables in. Raises ConfigError."""
    from gateway.base.db import parse_url  # noqa: PLC0415 - keeps `--help` fast

    try:
        parse_url(url)
    except ConfigError as error:
        raise ConfigError("--database-url", error.problem) from error


def demand_nameable(setting: str, text: str) -> None:
    """Require that text can stand in a unit and in nginx as it is. Raises ConfigError."""
    demand_utf8(setting, text)
    if found := _UNNAMEABLE.search(text):
        raise ConfigError(
            setting, f"{text!r} holds {found[0]!r}, which units and nginx read otherwise"
        )


def settings_text(
    *,
    code: str,
    name: str,
    network: str,
    password: str,
    database_url: str,
    url: str | None,
    port: int,
    operator_port: int,
) -> str:
    """The commented `gateway.toml`; paths are relative to it."""
    line = (
        f"url = {_toml(url)}" if url else '# url = "https://ledger.example" # 无默认 · no default'
    )
    return filled(
        SETTINGS,
        {
            "NETWORK": _toml(network),
            "KEY_PASSWORD_FILE": _toml(password),
            "DATABASE_URL": _toml(database_url),
            "CODE": _toml(code),
            "NAME": _toml(name),
            "URL": line,
            "PORT": str(port),
            "OPERATOR_PORT": str(operator_port),
        },
    )


def written(settings: Settings, folder: Path) -> list[Path]:
    """Folders beside that of the node into which a gateway writes: of its log, of a database that
    is a file, of tiles. Raises ConfigError where one cannot stand in a unit."""
    _, is_sqlite, database = settings.database_url.partition(_SQLITE)
    files = [settings.log_file.path, Path(database) if is_sqlite else None]
    places = dict.fromkeys(path.resolve().parent for path in files if path)
    if settings.tiles.folder is not None:
        places[settings.tiles.folder.resolve()] = None
    found = [place for place in places if not place.is_relative_to(folder)]
    for place in found:
        demand_nameable("--config", str(place))
    return found


def unit_text(*, code: str, folder: Path, user: str, written: Sequence[Path] = ()) -> str:
    """A systemd unit that serves from the folder. written: folders beside it that the settings name
    and a gateway writes into. Raises ConfigError where a path cannot stand in it."""
    command = str(_command())
    demand_nameable("credit-ledger", command)
    values = {"UNIT": UNIT.stem, "CODE": code, "USER": user, "FOLDER": str(folder)}
    places = " ".join(map(str, (folder, *written)))
    return filled(UNIT, values | {"COMMAND": command, "WRITTEN": places})


def proxy_text(*, port: int, operator_port: int, url: AnyHttpUrl | None) -> str:
    """The front proxy with our port and, where it is known, our name."""
    text = PROXY.read_text("utf-8").replace(
        "operator_port = 9546", f"operator_port = {operator_port}"
    )
    text = re.sub(r"server 127\.0\.0\.1:8546;\s+# CHANGE.*", f"server 127.0.0.1:{port};", text)
    if url is None:
        return text
    host, port_named = url.host, urlsplit(str(url)).port  # punycode, brackets around IPv6
    at = host if port_named is None else f"{host}:{port_named}"
    text = re.sub(r"server_name ledger\.example;\s+# CHANGE", f"server_name {host};", text)
    text = text.replace("$request_uri;  # CHANGE", "$request_uri;")
    text = text.replace("https://ledger.example", f"https://{at}")
    return re.sub(r"(listen (?:\[::\]:)?)443 ssl", rf"\g<1>{port_named or HTTPS} ssl", text)


def _command() -> Path:
    """The program that serves: the one beside this Python, else what is found in PATH."""
    beside = Path(sys.executable).parent / "credit-ledger"
    found = shutil.which("credit-ledger")
    return beside if beside.exists() or found is None else Path(found).resolve()


def filled(template: Path, values: Mapping[str, str]) -> str:
    """The template with each `@NAME@` replaced once, so that values are never read again."""
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], template.read_text("utf-8"))


def _toml(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
