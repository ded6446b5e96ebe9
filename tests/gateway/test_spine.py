"""Settings, database, clock, crash points, seals, keys, worker: the parts under every domain."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import gateway.anchoring.models
import gateway.files.models
import gateway.jobs.models
import gateway.log.models
import gateway.records.models
import gateway.tokens.models
from gateway.anchoring.tasks import LOOK_AGAIN_SECONDS
from gateway.base import crash
from gateway.base import threads as worker
from gateway.base.clock import Clock
from gateway.base.crypto import ContentKey, ContentLost, Hmac, Sealed, Vault, Wrapped
from gateway.base.db import begin_write, metadata, open_engine
from gateway.base.keyring import open_keys
from gateway.base.metrics import TIMEOUTS
from gateway.base.revision import migrate
from gateway.base.settings import Settings, load
from gateway.node import make_node, open_node
from gateway.records.content import Content, encode_content
from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.core.commitment import Header
from ledger.core.errors import ConfigError, CouldNotCheck
from ledger.core.ids import LogId
from tests.support import child
from tests.support.node import make_keys, make_network, make_settings, make_test_node

CONFIG = """
network = "network.json"
rpc = ["http://a.example"]
key_password_file = "keys/password"
[node]
code = "110000"
[http]
port = 8600
[log]
batch_size = 7
"""

# ---- settings


def write(folder: Path, text: str = CONFIG) -> Path:
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def test_settings_of_a_file(tmp_path: Path) -> None:
    settings = load(write(tmp_path))
    assert settings.network == tmp_path / "network.json"
    assert settings.database_url == f"sqlite:///{tmp_path}/gateway.db"
    assert settings.key_password_file == tmp_path / "keys/password"
    assert settings.rpc == ("http://a.example",)
    assert settings.log.batch_size == 7
    assert settings.http.port == 8600
    assert settings.env == "production"


def test_environment_stands_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    monkeypatch.setenv("CREDIT_LEDGER_RPC", "http://b.example,http://c.example")
    monkeypatch.setenv("CREDIT_LEDGER_DATABASE_URL", "sqlite:///elsewhere.db")
    monkeypatch.setenv("CREDIT_LEDGER_LOG__BATCH_SIZE", "9")
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "2026-11-20T08:00:00Z")
    monkeypatch.setenv("CREDIT_LEDGER_TOKEN", "of another command")
    settings = load(write(tmp_path))
    assert settings.rpc == ("http://b.example", "http://c.example")
    assert settings.database_url == "sqlite:///elsewhere.db"
    assert settings.log.batch_size == 9
    assert settings.now == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert settings.http.port == 8600


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (CONFIG.replace('"110000"', '"11 0000"'), "node.code"),
        (CONFIG.replace("8600", "70000"), "http.port"),
        (CONFIG.replace("port = 8600", 'host = "0.0.0.0"'), "settings"),
        (CONFIG.replace("batch_size", "batch_sise"), "log.batch_sise"),
        (CONFIG.replace("batch_size = 7", "promise_due = 259_201"), "log.promise_due"),
        (CONFIG.replace('network = "network.json"', ""), "network"),
        ('nonsense = "x"\n' + CONFIG, "nonsense"),
        (CONFIG + 'env = "production"', "gateway.toml"),  # a key of [log]
        ("not toml", "gateway.toml"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    if "production" in text:
        named = "log.env"
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text))
    assert named in caught.value.setting


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CREDIT_LEDGER_NOW", "2026-11-20T08:00:00Z"),
        ("CREDIT_LEDGER_NOW", "+604800"),
        ("CREDIT_LEDGER_CRASH_AT", "anchor.sent:before"),
    ],
)
def test_production_refuses_development_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    assert load(write(tmp_path)).env == "production", "without a word"
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError):
        load(write(tmp_path))
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    load(write(tmp_path))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CREDIT_LEDGER_CRASH_AT", "anchor.sent"),
        ("CREDIT_LEDGER_CRASH_AT", "anchor.lost:before"),
        ("CREDIT_LEDGER_NOW", "2026-11-20T08:00:00+08:00"),
        ("CREDIT_LEDGER_NOW", "2026-11-20T08:00:00"),
        ("CREDIT_LEDGER_NOW", "+1d"),
        ("CREDIT_LEDGER_NOW", "-60"),
        ("CREDIT_LEDGER_NOW", "60"),
        ("CREDIT_LEDGER_NOW", "+01"),
        ("CREDIT_LEDGER_NOW", "+9999999999"),
        ("CREDIT_LEDGER_ENV", "staging"),
    ],
)
def test_variables_have_one_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    load(write(tmp_path))
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError):
        load(write(tmp_path))


@pytest.mark.parametrize(
    ("host", "proxies", "taken"),
    [
        ("127.0.0.1", "[]", True),
        ("localhost", "[]", True),
        ("::1", "[]", True),
        ("10.0.0.5", "[]", False),
        ("10.0.0.5", '["10.0.0.9", "192.168.0.0/24", "fd00::/8"]', True),
        ("10.0.0.5", '["*"]', False),
        ("127.0.0.1", '["proxy.example"]', False),
        ("127.0.0.1", '["10.0.0.5/8"]', False),
    ],
)
def test_production_is_not_open_to_others_without_a_proxy(
    tmp_path: Path, host: str, proxies: str, taken: bool
) -> None:
    text = CONFIG.replace("port =", f'host = "{host}"\ntrusted_proxies = {proxies}\nport =')
    if taken:
        assert load(write(tmp_path, text)).http.host == host
        return
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text))
    assert "proxies" in str(caught.value)


@pytest.mark.parametrize(("memory", "taken"), [(64, False), (255, False), (256, True)])
def test_the_largest_file_fits_into_its_process(tmp_path: Path, memory: int, taken: bool) -> None:
    values = {"http": {"max_file_bytes": 64 << 20}, "files": {"memory_mib": memory}}
    if taken:
        make_settings(tmp_path, **values)
        return
    with pytest.raises(ValueError, match=r"files\.memory_mib must be 256 .* http\.max_file_bytes"):
        make_settings(tmp_path, **values)


# ---- keys and node


def keys_folder(folder: Path) -> Settings:
    """A folder with all six keys, and settings that find them."""
    names = {"anchor": "ANCHOR", "note": "NOTE", "present": "PRESENT"}
    for name in ("anchor", "note", "present", "payer", "content", "index"):
        create(names.get(name, name), folder / f"{name}.json", b"word", work=WORK_LIGHT)
    (folder / "password").write_bytes(b"word\n")
    (folder / "password").chmod(0o600)
    (folder / "network.json").write_bytes(make_network().encode())
    return make_settings(folder, keys=folder, key_password_file=folder / "password")


def test_keys_and_node_open(tmp_path: Path) -> None:
    settings = keys_folder(tmp_path)
    keys = open_keys(settings)
    (content,) = keys.content
    assert len(content.secret) == len(keys.index) == 32
    assert content.secret != keys.index
    node = open_node(settings)
    assert node.signing.keys.anchor.key_id == keys.anchor.key_id
    assert node.ctx.health.fault is None
    node.close()


def test_fewer_nodes_than_the_quorum_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    settings = keys_folder(tmp_path).model_copy(update={"rpc": ("http://mine",)})
    network = make_network().with_rpc(["http://a", "http://b", "http://c"])
    settings.network.write_bytes(replace(network, quorum=2).encode())
    with pytest.raises(ConfigError, match=r"rpc: fewer nodes \(1\).* name at least 2"):
        open_node(settings)


def test_production_refuses_the_development_chain(tmp_path: Path) -> None:
    settings = keys_folder(tmp_path).model_copy(update={"env": "production"})
    with pytest.raises(ConfigError, match="31337"):
        open_node(settings)


def test_production_refuses_a_key_that_everybody_has(tmp_path: Path) -> None:
    settings = keys_folder(tmp_path)
    (tmp_path / "payer.json").unlink()
    known = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    create("payer", tmp_path / "payer.json", b"word", work=WORK_LIGHT, secret=known)
    open_keys(settings)
    with pytest.raises(ConfigError, match="everybody"):
        open_keys(settings.model_copy(update={"env": "production"}))


def test_keys_of_the_wrong_kind(tmp_path: Path) -> None:
    settings = keys_folder(tmp_path)
    (tmp_path / "content.json").rename(tmp_path / "other")
    (tmp_path / "index.json").rename(tmp_path / "content.json")
    with pytest.raises(ConfigError, match="purpose"):
        open_keys(settings)
    (tmp_path / "content.json").rename(tmp_path / "index.json")
    (tmp_path / "other").rename(tmp_path / "content.json")
    (tmp_path / "note.json").write_bytes((tmp_path / "anchor.json").read_bytes())
    with pytest.raises(ConfigError, match="purpose ANCHOR"):
        open_keys(settings)


# ---- database


def test_migrations_give_the_tables_of_the_models(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(engine)
    migrate(engine)
    with begin_write(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        with warnings.catch_warnings():  # two indexes that SQLite cannot show again
            warnings.filterwarnings("ignore", ".*expression-based index")
            assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_sqlite_is_durable_and_strict(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    migrate(engine)
    pending = gateway.log.models.pending
    with pytest.raises(sa.exc.IntegrityError), begin_write(engine) as connection:
        row = {"promise": 1, "log": 1, "count": 1, "leaves": b"", "entries": b""}
        connection.execute(sa.insert(pending).values(row))
    engine.dispose()


def test_a_closed_node_opens_no_connection(tmp_path: Path) -> None:
    """A thread that outlives it is told, and leaves nothing open."""
    node = make_test_node(tmp_path, facts=False)
    node.close()
    node.close()
    with pytest.raises(sa.exc.OperationalError, match="closed"), node.ctx.engine.connect():
        pass


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    node = make_test_node(tmp_path, facts=False)
    logs = gateway.log.models.logs
    with pytest.raises(RuntimeError), begin_write(node.ctx.engine) as connection:
        connection.execute(sa.insert(logs).values(log_id=b"x", size=0, root=b""))
        raise RuntimeError
    with node.ctx.engine.connect() as connection:
        assert connection.execute(sa.select(logs)).all() == []
    node.close()


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    """Read, then write, in many threads: without IMMEDIATE one of them fails."""
    node = make_test_node(tmp_path, facts=False)
    logs = gateway.log.models.logs
    count = sa.select(sa.func.count()).select_from(logs)

    def add(name: int) -> None:
        for at in range(10):
            with begin_write(node.ctx.engine) as connection:
                connection.execute(count)
                row = {"log_id": b"%d %d" % (name, at), "size": 0, "root": b""}
                connection.execute(sa.insert(logs).values(row))

    threads = [threading.Thread(target=add, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with node.ctx.engine.connect() as connection:
        assert connection.execute(count).scalar_one() == 60
    node.close()


# ---- clock, crash


def test_the_day_is_that_of_china() -> None:
    clock = Clock(datetime(2026, 11, 20, 16, 30, tzinfo=UTC))
    assert clock.now() == datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert clock.today() == date(2026, 11, 21)
    assert clock.seconds() == 1_795_192_200
    assert Clock(datetime(2026, 11, 20, 15, 59, tzinfo=UTC)).today() == date(2026, 11, 20)
    before = int(time.time())
    assert before <= Clock().seconds() <= time.time()


def test_the_clock_runs_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    monkeypatch.setenv("CREDIT_LEDGER_NOW", "+604800")
    clock = Clock.of(load(write(tmp_path)).now)
    before = int(time.time()) + 604_800
    assert before <= clock.seconds() <= time.time() + 604_800
    assert before <= clock.of_chain() <= time.time() + 604_800
    held = Clock.of(datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert held.of_chain() >= time.time() - 604_800
    assert held.now() == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_crash_points_kill_only_where_asked() -> None:
    code = "from gateway.base.crash import crash_point; crash_point('log.integrated', 'after')"
    assert child.run(code) == 0
    assert child.run(code, crash_at="log.integrated:before") == 0
    assert child.run(code, crash_at="log.integrated:after") == child.KILLED
    assert len(crash.POINTS) == 76


# ---- seals


def a_vault() -> Vault:
    return Vault([ContentKey(version=1, secret=os.urandom(32))])


def test_sealed_content_opens_with_its_own_key_and_leaf_only() -> None:
    vault = a_vault()
    plaintexts = [b"one", b"", b"three" * 999]
    leaves = [os.urandom(32) for _ in plaintexts]
    sealed = vault.seal_many(plaintexts, leaves)
    assert [vault.open(s, leaf) for s, leaf in zip(sealed, leaves, strict=True)] == plaintexts
    assert len({s.wrapped.key for s in sealed}) == 3
    assert all((s.wrapped.by, len(s.wrapped.key)) == (vault.newest.id, 48) for s in sealed)
    wrong = [
        (vault, sealed[0], leaves[1]),
        (vault, Sealed(sealed[1].wrapped, sealed[0].content), leaves[0]),
        (vault, Sealed(sealed[0].wrapped._replace(key=bytes(48)), sealed[0].content), leaves[0]),
        (vault, Sealed(Wrapped(b"", b""), sealed[0].content), leaves[0]),
        (vault, Sealed(sealed[0].wrapped, b""), leaves[0]),
    ]
    for other, value, leaf in wrong:
        with pytest.raises(ContentLost):
            other.open(value, leaf)
    for at in range(len(sealed[0].content)):
        flipped = bytearray(sealed[0].content)
        flipped[at] ^= 1
        with pytest.raises(ContentLost):
            vault.open(Sealed(sealed[0].wrapped, bytes(flipped)), leaves[0])


def test_fingerprints_keep_keys_and_purposes_apart() -> None:
    one, other = Hmac(bytes(32)), Hmac(b"\1" * 32)
    found = one.fingerprint(b"record", b"data")
    assert len(found) == 16
    assert found == one.fingerprint(b"record", b"data")
    assert found != other.fingerprint(b"record", b"data")
    assert found != one.fingerprint(b"document", b"data")
    assert found not in hashlib.sha256(b"data").digest()
    with pytest.raises(ValueError, match="32 bytes"):
        Hmac(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        Vault([ContentKey(version=1, secret=b"short")])


@pytest.mark.parametrize("until", [None, date(2027, 11, 1)])
def test_content_is_what_it_was(until: date | None) -> None:
    secret = os.urandom(32)
    fields: dict[str, str | list[str]] = {"CF_WSH": "样〔2026〕1号", "CF_CFLB": ["警告", "罚款"]}
    header = Header(
        class_="minor",
        decided=date(2026, 11, 1),
        iss="110000",
        log=LogId(bytes(32)),
        rules=f"publicity@1:{'1' * 64}",
        schema=f"penalty@1:{'0' * 64}",
        until=until,
    )
    assert Content.decode(encode_content(secret, header, fields)) == Content(
        secret=secret,
        schema="penalty@1",
        rules=f"publicity@1:{'1' * 64}",
        class_="minor",
        decided="2026-11-01",
        until=until.isoformat() if until else None,
        fields=fields,
    )


# ---- worker


def test_a_worker_goes_on_after_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_PAUSE", 0.001)
    stop = threading.Event()
    calls: list[int] = []

    def step(stop: threading.Event) -> float:
        calls.append(1)
        if len(calls) < 4:
            raise OSError("disk full")
        stop.set()
        return 0.0

    thread = worker.start("test", step, stop)
    thread.join(120)
    assert not thread.is_alive()
    assert len(calls) == 4


def test_pauses_grow_to_a_bound_with_jitter() -> None:
    pauses = [[worker.pause_after(failures) for _ in range(200)] for failures in (1, 2, 3, 50)]
    for found, longest in zip(pauses, (0.5, 1, 2, worker.LONGEST_PAUSE), strict=True):
        assert longest / 2 <= min(found) < max(found) <= longest


def test_calls_to_the_chain_without_an_answer_are_counted(tmp_path: Path) -> None:
    count = TIMEOUTS.labels("chain")._value
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network = make_network(f"http://127.0.0.1:{silent.getsockname()[1]}")
        node = make_node(make_settings(tmp_path), network, make_keys())
        for rpc in (*node.reader._rpcs, *node.outbox._rpcs):
            rpc.timeout = 0.3
        for call in (node.reader.head, node.outbox.balance):
            before = count.get()
            with pytest.raises(CouldNotCheck):
                call()
            assert count.get() > before
        node.close()


def test_the_anchorer_pauses_five_seconds_at_most(tmp_path: Path) -> None:
    node = make_test_node(tmp_path)
    started: dict[str, float] = {}

    def start(name: str, step: Any, stop: Any, *, longest: float = worker.LONGEST_PAUSE) -> Any:
        started[name] = longest
        return threading.Thread()

    found = [worker.pause_after(50, LOOK_AGAIN_SECONDS) for _ in range(200)]
    assert 2.5 <= min(found) < max(found) <= 5
    node.ctx.signals.looked.set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "start", start)
        node.start()
    node._threads.clear()
    node.close()
    assert started["anchorer"] == LOOK_AGAIN_SECONDS
    assert started["integrator"] == worker.LONGEST_PAUSE


def test_importing_the_spine_starts_nothing() -> None:
    code = "import threading, gateway.node; assert threading.active_count() == 1"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=child.ROOT, timeout=600)
