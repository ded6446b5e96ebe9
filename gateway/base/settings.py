"""Settings of one gateway: environment over TOML file over default.

Top-level names are those of the environment (`database_url` is CREDIT_LEDGER_DATABASE_URL);
paths inside the file are relative to the file. Example::

    network = "../../network.json"
    database_url = "sqlite:///gateway.db"
    [node]
    code = "110000"
    name = "Beijing"
    [http]
    port = 8546
    trusted_proxies = ["127.0.0.1"]
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.base.crash import POINTS
from gateway.base.tile_settings import TileSettings
from ledger.chain.nodes.addresses import Network, network
from ledger.chain.sending.fees import GWEI
from ledger.chain.sending.transactions import MAX_TIP
from ledger.clock import parse as parse_clock
from ledger.core.errors import ConfigError
from ledger.core.promise import MAX_PROMISE

MEMBER_CODE = r"^[a-z0-9][a-z0-9-]{0,31}$"
"""Codes are 32 ASCII bytes on the chain."""
MAX_PROMISE_LEAVES = 4096
MAX_WAITING_PER_TOKEN = 50
"""A quarter of the files that may wait at once: one token leaves room for others."""
LEAST_RETENTION = 48
"""Months: records are published for three years at most, and may be disputed for another."""
FILE_COPIES = 4
"""Times a file is in the memory of its process at once, at the least: its pieces and the whole;
then the whole, and its text with two bytes a character."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NodeSettings(_Section):
    """Who this gateway is. url: where others reach it, when that is not host and port. What a
    request calls us (its Host header) is never believed. go_live: the first day of decision that
    records came here in time for; of what was decided before nothing is said."""

    code: str = Field(pattern=MEMBER_CODE)
    name: str = Field(default="", max_length=100)
    url: AnyHttpUrl | None = None
    go_live: date | None = None


class HttpSettings(_Section):
    """Listening address and bounds on what is taken in."""

    host: str = "127.0.0.1"
    port: int = Field(default=8546, ge=0, le=65535)
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose X-Forwarded-For is believed; to anybody else's rates an address
    is that of the connection. TLS, and bounds on connections and their headers, are the proxy's."""
    operator_host: str = "127.0.0.1"
    operator_port: int | None = Field(default=None, ge=0, le=65535)
    """`/metrics` is here and nowhere else; 0: any free port. None: nowhere, but in development on
    the public port."""
    max_record_bytes: int = Field(default=1 << 20, ge=1024)
    max_body_bytes: int = Field(default=4 << 30, ge=1024)
    """Of an NDJSON body. It is never held as a whole: one million records take about 1 GiB."""
    max_file_bytes: int = Field(default=64 << 20, ge=1024)
    requests_per_second: float = Field(default=500, gt=0)
    """Per token; beyond it 429."""

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ip_network(one)  # ValueError names it; `*` and host names are none
        return value

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class LogFileSettings(_Section):
    """Where the JSON lines go in place of the standard error. A full file becomes PATH.1, PATH.2 …;
    beyond `backups` of them the oldest goes."""

    path: Path | None = None
    max_bytes: int = Field(default=64 << 20, ge=64 << 10)
    backups: int = Field(default=8, ge=1, le=1000)


class LogSettings(_Section):
    """Batching, anchoring, promises. Times in seconds."""

    batch_size: int = Field(default=4096, ge=1, le=65536)
    batch_age: float = Field(default=2.0, ge=0)
    """Entries wait at most so long to be integrated. Before that they are as soon as an anchor may
    be begun, or a batch is full."""
    anchor_interval: float = Field(default=1.0, ge=0)
    """At least so long between two anchors."""
    chain_poll: float = Field(default=0.25, gt=0)
    """Between two looks at the chain while an anchor is on its way."""
    anchor_deadline: int = Field(default=600, ge=30)
    """Chain time within which a signed anchor may be mined; then it is signed anew."""
    max_tip_gwei: int = Field(default=MAX_TIP // GWEI, ge=0)
    """Per gas. No more is given to the makers of blocks, whatever the nodes suggest."""
    promise_due: int = Field(default=86_400, ge=60, le=MAX_PROMISE)
    """A promise names the time of its making plus this: 72 hours at most, so that an anchor bounds
    the day of the promise (design 4)."""
    max_unanchored: int = Field(default=1_000_000, ge=1)
    """Beyond so many promised but unanchored records intake answers 503."""


class IntakeSettings(_Section):
    """How records are taken in."""

    processes: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 4), ge=0, le=64)
    """Processes that check, hash and seal the records of streams and files; 0: the gateway itself.
    One for each processor up to four, beyond which the database is the bound."""


class AccessSettings(_Section):
    """The access log."""

    keep_days: int = Field(default=730, ge=180, le=3650)
    """So long its lines are kept. Operators of such services keep logs for six months at least."""


class RetentionSettings(_Section):
    """How long what records say is kept at hand."""

    content_months: int | None = Field(default=None, ge=LEAST_RETENTION)
    """Months behind that in which a record was stored, after which `gateway partitions detach` may
    take its content into the archive; PostgreSQL only. None: never. Nothing goes by itself."""


class FileSettings(_Section):
    """How files are read, and how many may wait."""

    processes: int = Field(default=2, ge=0, le=16)
    """Files read at once, each in a process of its own with bounds, so that a small one does not
    wait for the largest; 0: two, by the gateway itself and without bounds (not in production)."""
    memory_mib: int = Field(default=1536, ge=64)
    """Of one such process beyond what it starts with. 600,000 rows of the penalty template, which
    is what an unpacked workbook may hold, take about so much."""
    cpu_seconds: int = Field(default=300, ge=1)
    """Processor time of one file, or of one workbook to correct: several times that of the
    largest."""
    waiting_per_token: int = Field(default=MAX_WAITING_PER_TOKEN, ge=1, le=MAX_WAITING_PER_TOKEN)
    """Files of one token that may wait or be set aside; beyond it 429."""
    bytes_per_token: int = Field(default=2 << 30, ge=1024)
    """Of these files together."""


class MirrorSettings(_Section):
    """The logs of other provinces. enabled: whether they are kept; None: where this member is a
    province itself."""

    enabled: bool | None = None
    max_bytes: int = Field(default=1 << 40, ge=1 << 20)
    """Of all that is kept of them, as stored; beyond it nothing more is read, and that is told. A
    million entries take about 120 MB. Where the database is a file never more than its disk has
    room for, a tenth of which is left free."""
    member_share: float = Field(default=0.5, gt=0, le=1)
    """Of that, what all logs of one member may take: one that fills its log fills no more."""
    log_share: float = Field(default=0.4, gt=0, le=1)
    """Of that, what one log may take."""


class _Calling(_Section):
    """How URLs that others wrote are called."""

    private_networks: tuple[str, ...] = ()
    """Networks whose addresses are called in production although they are nobody's on the Internet,
    as on an extranet of government. The machine itself, its link, and where clouds tell their
    secrets are never called."""

    @field_validator("private_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            network(one)  # ValueError names it
        return value

    @property
    def networks(self) -> tuple[Network, ...]:
        """The same, parsed."""
        return tuple(network(one) for one in self.private_networks)


class ExchangeSettings(_Calling):
    """Other members: how they are reached, and how often one of them may ask."""

    requests_per_second: float = Field(default=50, gt=0)
    """Of one member; beyond it 429."""


class WebhookSettings(_Calling):
    """Where events are sent, and the subjects that are followed."""

    subjects_a_night: int = Field(default=10_000, ge=1, le=1_000_000)
    """Followed subjects that the members are asked about in one night; no more can be followed. In
    four hours there is time for some ten thousand, where every answer takes ten seconds."""


class WebSettings(_Section):
    """Pages for people. idle_minutes: without a request, after which a session ends; hours: after
    which it ends anyway. audit_report: the file that `audit replay -o` writes, which the page
    `/audit` shows to everybody."""

    idle_minutes: int = Field(default=15, ge=1, le=480)
    hours: int = Field(default=10, ge=1, le=72)
    audit_report: Path | None = None


class TokenSettings(_Section):
    """Tokens that people issue."""

    issuers_apart: bool = False
    """Whether the tokens by which a decision is proposed and released must not both come from one
    token with the scope `admin`. What the operator issues comes from none."""


class QuerySettings(_Section):
    """What is asked about subjects."""

    changes: int = Field(default=20, ge=1, le=1000)
    """Times that what came of one question may be changed, and that it may be stated what was done
    about one answer: each is a statement for ever, and a message to whoever answered."""


class Settings(BaseSettings):
    """All settings; `load` reads them. Unknown names in the file are refused."""

    model_config = SettingsConfigDict(
        env_prefix="CREDIT_LEDGER_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    env: Literal["development", "production"] = "production"
    """`network up` writes development for its own; everybody else says it where it is meant."""
    network: Path
    rpc: Annotated[tuple[str, ...], NoDecode] = ()
    """In place of the nodes named by the network file; never of its quorum."""
    database_url: str = "sqlite:///gateway.db"
    """Or postgresql://…, which several gateways of one member may share."""
    keys: Path = Path("keys")
    """Folder of anchor, note, present, payer, content and index `.json`."""
    key_password_file: Path | None = None
    calendar_file: Path | None = None
    authorities_file: Path | None = None
    """Who is who among the authorities: `ledger.records.authorities`."""
    uscc_exceptions_file: Path | None = None
    """Lawful codes that fail their check characters: `ledger.records.lawful`."""
    subjects_file: Path | None = None
    """Subjects with several codes or names: `ledger.records.lawful`."""
    schemas: Path | None = None
    """Folder with schema and rules files beside those that we package; read again when it
    changes."""
    now: datetime | timedelta | None = None
    """The clock stands there, or runs so far ahead (`+SECONDS`)."""
    crash_at: str | None = None
    node: NodeSettings
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    log_file: LogFileSettings = LogFileSettings()
    intake: IntakeSettings = IntakeSettings()
    accesses: AccessSettings = AccessSettings()
    retention: RetentionSettings = RetentionSettings()
    files: FileSettings = FileSettings()
    mirrors: MirrorSettings = MirrorSettings()
    exchange: ExchangeSettings = ExchangeSettings()
    webhooks: WebhookSettings = WebhookSettings()
    web: WebSettings = WebSettings()
    tiles: TileSettings = TileSettings()
    tokens: TokenSettings = TokenSettings()
    queries: QuerySettings = QuerySettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before the values of the file, which come as arguments."""
        return env_settings, init_settings

    @field_validator("rpc", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

    @field_validator("crash_at")
    @classmethod
    def _known_crash_point(cls, value: str | None) -> str | None:
        if value is not None and value not in POINTS:
            raise ValueError("is STAGE:before or STAGE:after of a known stage")
        return value

    @field_validator("now", mode="before")
    @classmethod
    def _of_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            setting = parse_clock(value)
        except ConfigError as error:
            raise ValueError(error.problem) from error
        if setting.held is None:
            return timedelta(seconds=setting.offset)
        return datetime.fromtimestamp(setting.held, UTC)

    @field_validator("now")
    @classmethod
    def _aware(cls, value: datetime | timedelta | None) -> datetime | timedelta | None:
        if isinstance(value, datetime) and value.utcoffset() != timedelta(0):
            raise ValueError("is an instant in UTC with Z")
        return value

    @model_validator(mode="after")
    def _production_refuses_stand_ins(self) -> Settings:
        if self.env == "production":
            if self.now is not None or self.crash_at is not None:
                raise ValueError("CREDIT_LEDGER_NOW and _CRASH_AT are for development only")
            if self.key_password_file is None:
                raise ValueError("production needs key_password_file")
            if self.files.processes == 0:
                raise ValueError("production reads files in processes: files.processes above 0")
            if not self.http.is_local and not self.http.trusted_proxies:
                raise ValueError(
                    f"http.host {self.http.host} is open to others without TLS: listen on 127.0.0.1"
                    " behind a proxy, or name the proxy's address in http.trusted_proxies"
                )
        return self

    @model_validator(mode="after")
    def _largest_file_can_be_held(self) -> Settings:
        least = -(-self.http.max_file_bytes * FILE_COPIES >> 20)
        if self.files.processes and self.files.memory_mib < least:
            raise ValueError(
                f"files.memory_mib must be {least} at least, {FILE_COPIES} times"
                " http.max_file_bytes, or no file of that size can be read"
            )
        return self

    @model_validator(mode="after")
    def _can_be_reached(self) -> Settings:
        if self.node.url is None and self.http.host in ("", "0.0.0.0", "::"):  # noqa: S104 - refused
            raise ValueError("node.url must say where others reach a gateway on all addresses")
        return self

    def endpoint(self, port: int | None = None) -> str:
        """Where others reach this gateway, without a slash at the end. port: the one it was given
        where the settings leave it open (0)."""
        if self.node.url is not None:
            return str(self.node.url).rstrip("/")
        host = f"[{self.http.host}]" if ":" in self.http.host else self.http.host
        return f"http://{host}:{port or self.http.port}"


_PATHS = (
    *("network", "keys", "key_password_file", "calendar_file", "schemas"),
    *("authorities_file", "uscc_exceptions_file", "subjects_file"),
)
_PATHS_IN = (
    *(("log_file", "path"), ("web", "audit_report")),
    *(("tiles", "folder"), ("tiles", "bucket_key")),
)


def load(path: Path) -> Settings:
    """Settings from a TOML file and the environment; ConfigError names what is wrong."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), str(error)) from error
    return of_values(values, path.resolve().parent)


def of_values(values: dict[str, Any], folder: Path) -> Settings:
    """Settings from the values of a file in that folder, and the environment. Raises
    ConfigError."""
    values = {"keys": "keys"} | values
    for name in _PATHS:
        if isinstance(values.get(name), str):
            values[name] = folder / values[name]
    for section, name in _PATHS_IN:
        found = values.get(section)
        if isinstance(found, dict) and isinstance(found.get(name), str):
            values[section] = found | {name: folder / found[name]}
    values["database_url"] = _anchored_url(values.get("database_url"), folder)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ConfigError(*_first(error)) from error


def _anchored_url(url: object, folder: Path) -> object:
    """A relative SQLite file is taken from the folder of the settings."""
    prefix = "sqlite:///"
    url = url or "sqlite:///gateway.db"
    if isinstance(url, str) and url.startswith(prefix):
        return prefix + str(folder / url.removeprefix(prefix))
    return url


def _first(error: ValidationError) -> tuple[str, str]:
    """(setting, problem) of the first thing wrong; the value is not repeated."""
    first = error.errors(include_input=False, include_url=False)[0]
    return ".".join(str(part) for part in first["loc"]) or "settings", str(first["msg"])
