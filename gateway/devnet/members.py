"""What each member needs before its gateway starts: keys, settings, a token."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from gateway.base.db import open_engine
from gateway.base.revision import demand_current
from gateway.base.settings import load
from gateway.devnet.files import write_atomic
from gateway.devnet.layout import Layout, MemberSpec, Ports
from gateway.tokens.services import add_token
from ledger.chain.keys.keyfile import WORK_LIGHT, KeyFile, create
from ledger.chain.keys.keystore import new_salt
from ledger.core.keys import Role

REGISTERED = ("GOVERN", "ANCHOR", "NOTE", "PRESENT", "CASE", "REQUEST")
"""Keys that Consortium knows."""
OF_PROVINCES = ("WITNESS", "DECIDE")
"""Those of a province besides. DECIDE signs what was released; here the gateway holds it."""
ADDED = ("CONSENT", "PRODUCT")
"""Those that provinces and bureaus add once the network stands: no chain takes a founding with all
keys of seven members."""
LOCAL = ("payer", "content", "index")
SETTINGS = """\
# Made by `credit-ledger network up`. Development only: the password lies beside the keys.
env = "development"
network = "../../network.json"
database_url = "sqlite:///gateway.db"
keys = "keys"
key_password_file = "keys/password"

[node]
code = "{code}"
name = "{name}"
go_live = 2024-01-01

# Several gateways share this machine; without this each starts a process for every core.
[intake]
processes = 1

[http]
port = {port}
"""


def prepare(layout: Layout, member: MemberSpec, ports: Ports) -> None:
    """Make what is missing; what is there stays."""
    folder = layout.member(member.code)
    keys = folder / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    keys.chmod(0o700)
    password = password_of(folder)
    wanted = _registered(member) + added(member)
    wanted += LOCAL if member.offset is not None else ()
    salt = new_salt()
    for purpose in wanted:
        path = key_path(folder, purpose)
        if not path.exists():
            create(purpose, path, password, work=WORK_LIGHT, salt=salt)
    if member.offset is not None and not (folder / "gateway.toml").exists():
        text = SETTINGS.format(code=member.code, name=member.name, port=ports.members[member.code])
        write_atomic(folder / "gateway.toml", text.encode())


def prepare_token(layout: Layout, member: MemberSpec) -> None:
    """A token that may submit and read, unless one is there. Needs the network file."""
    folder = layout.member(member.code)
    path = folder / "token"
    if path.exists() and (folder / "gateway.db").exists():
        return
    engine = open_engine(load(folder / "gateway.toml").database_url)
    try:
        demand_current(engine)
        _, token = add_token(
            engine,
            name="network-up",
            scopes=("submit", "read", "consent", "product"),
            department=None,
            now=datetime.now(UTC),
        )
    finally:
        engine.dispose()
    write_atomic(path, token.encode() + b"\n", mode=0o600)


def key_path(folder: Path, purpose: str) -> Path:
    """The file of one key."""
    return folder / "keys" / f"{purpose.lower()}.json"


def registered_keys(layout: Layout, member: MemberSpec) -> list[KeyFile]:
    """The keys that Consortium shall know of this member."""
    folder = layout.member(member.code)
    return [KeyFile.load(key_path(folder, purpose)) for purpose in _registered(member)]


def added(member: MemberSpec) -> tuple[str, ...]:
    """Purposes of the keys that a member adds itself."""
    return ADDED if member.role & (Role.PROVINCE | Role.BUREAU) else ()


def _registered(member: MemberSpec) -> tuple[str, ...]:
    return REGISTERED + (OF_PROVINCES if Role.PROVINCE in member.role else ())


def password_of(folder: Path) -> bytes:
    """The password of a member's keys, made at the first call."""
    path = folder / "keys" / "password"
    if not path.exists():
        write_atomic(path, secrets.token_urlsafe(24).encode() + b"\n", mode=0o600)
    return path.read_bytes().rstrip(b"\r\n")
