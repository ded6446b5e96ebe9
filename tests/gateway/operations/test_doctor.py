"""The doctor names what is wrong, with a remedy, and changes nothing."""

import json
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gateway.authorisations import store as papers
from gateway.authorisations.models import authorisations, revocations
from gateway.base.clock import Clock
from gateway.base.db import begin_write, open_engine
from gateway.base.revision import migrate
from gateway.base.settings import Settings, load
from gateway.chain.interfaces import MemberFacts
from gateway.chain.reading import read_facts
from gateway.cli import gateway
from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, load_ports
from gateway.jobs.models import jobs
from gateway.jobs.services import open_job
from gateway.log.models import logs, promises
from gateway.operations import doctor_chain
from gateway.operations.doctor import examine
from gateway.operations.findings import TEXTS, Level, finding
from gateway.operations.findings_of_partitions import OF_PARTITIONS
from gateway.statuses import store as statuses
from gateway.webhooks.models import webhook_letters
from gateway.webhooks.signing import Message
from gateway.webhooks.store import Letter, put_letter
from ledger.chain.keys.keyfile import KeyFile, create
from ledger.chain.network import NetworkFile
from ledger.chain.nodes import heights
from ledger.chain.nodes.heights import NodeState
from ledger.chain.nodes.rpc import Rpc
from ledger.core.keys import Purpose
from scripts.chaos_parts.signer import Service, refer
from tests.support.anvil import start_anvil

CODE = "120000"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("network")
    nodes = [member for member in NODES if member.code == CODE]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CREDIT_LEDGER_DATABASE_URL", raising=False)
        try:
            services.up(folder, 0, lambda _step: None, nodes=nodes)
            yield folder
        finally:
            services.down(folder)


@pytest.fixture
def config(network: Path) -> Path:
    return network / "members" / CODE / "gateway.toml"


@pytest.fixture
def settings(config: Path) -> Settings:
    return load(config)


def bad(settings: Settings) -> dict[str, tuple[Level, str, str]]:
    return {
        one.code: (one.level, one.text["en"], one.remedy["en"] if one.remedy else "")
        for one in examine(settings)
        if one.level is not Level.OK and one.code != "calendar"
    }


def test_a_chain_ahead_of_our_clock_is_read(settings: Settings) -> None:
    """The gateway works on it, so the doctor looks it over too."""
    behind = settings.model_copy(update={"now": timedelta(seconds=-95)})
    assert "chain" not in bad(behind)


def test_all_is_well(settings: Settings, config: Path) -> None:
    assert bad(settings) == {}
    done = CliRunner().invoke(gateway, ["doctor", "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert "✓" in done.stdout
    told = CliRunner().invoke(gateway, ["doctor", "--json", "--config", str(config)])
    codes = {one["code"] for one in json.loads(told.stdout)["findings"]}
    ill = {
        "database-absent",
        "database-revision",
        "chain-not-looked-at",
        "member-unknown",
        "key-unregistered",
        "case-key",
        "statuses-unclear",
        "payer-free",
        "lease-without-lock",
    }
    cut = set() if settings.database_url.startswith("postgresql") else OF_PARTITIONS.keys()
    assert codes == TEXTS.keys() - ill - cut


def test_revocations_that_wait(settings: Settings) -> None:
    """A warning at once, a problem after an hour: until then no other member knows of it."""
    engine = open_engine(settings.database_url)
    now = Clock.of(settings.now).seconds()
    try:
        for ago, level in ((60, Level.WARNING), (7200, Level.PROBLEM)):
            with begin_write(engine) as connection:
                number = papers.put(
                    connection,
                    record=bytes(32),
                    commitment=bytes(32),
                    custodian=CODE,
                    grantee="demo-bank",
                    subject=bytes(16),
                    since=now,
                    proven=True,
                    revoked_at=now - ago,
                )
                papers.put_revocations(connection, number, [bytes(32)])
                [row] = papers.revocations_of(connection, [number])
                papers.change_revocation(
                    connection, row.id, code="consent-key-missing", not_before=2**40
                )
            found, text, remedy = bad(settings)["revocations"]
            assert (found, "consent-key-missing" in text) == (level, True)
            assert "keys rotate CONSENT" in remedy
            with begin_write(engine) as connection:
                connection.execute(sa.delete(revocations))
                connection.execute(sa.delete(authorisations))
    finally:
        engine.dispose()
    assert "revocations" not in bad(settings)


def test_a_key_file_that_others_can_read(settings: Settings, config: Path) -> None:
    path = config.parent / "keys" / "note.json"
    path.chmod(0o644)
    try:
        level, text, _ = bad(settings)["key-files"]
    finally:
        path.chmod(0o600)
    assert level is Level.PROBLEM
    assert "note.json" in text
    assert "chmod 600" in text


def test_a_folder_that_is_not_all_of_use(settings: Settings, tmp_path: Path) -> None:
    fine = settings.model_copy(update={"schemas": tmp_path})
    assert "schemas" not in bad(fine)
    (tmp_path / "junk.json").write_text("{}")
    level, text, remedy = bad(fine)["schemas"]
    assert (level, "junk.json" in text, "byte for byte" in remedy) == (Level.PROBLEM, True, True)
    away = settings.model_copy(update={"schemas": tmp_path / "nowhere"})
    assert bad(away)["schemas"][0] is Level.PROBLEM


@pytest.mark.parametrize(("since", "level"), [(0, Level.PROBLEM), (2**33, Level.WARNING)])
@pytest.mark.parametrize("kind", ["rules", "measures"])
def test_rules_that_the_catalogue_names_and_nobody_has(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, since: int, level: Level, kind: str
) -> None:
    def later(*args: Any) -> MemberFacts:
        facts = read_facts(*args)
        (item,) = getattr(facts, kind)
        new = replace(item, version=2, content_hash="ab" * 32, since=since)
        changed: dict[str, Any] = {kind: (item, new)}
        return replace(facts, **changed)

    monkeypatch.setattr(doctor_chain, "read_facts", later)
    found, text, remedy = bad(settings)["rules-file"]
    assert (found, "version 2" in text, "ab" * 32 in remedy) == (level, True, True)


def test_jobs_set_aside_and_promises_overdue(settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    with begin_write(engine) as connection:
        open_job(connection, "f" * 32, "file", "f" * 32)
        connection.execute(sa.update(jobs).values(state="set-aside"))
        log = connection.scalar(sa.select(logs.c.id))
        if log is None:
            new = sa.insert(logs).values(log_id=bytes(32), size=0, root=bytes(32))
            log = connection.scalar(new.returning(logs.c.id))
        values = {"leaves_root": bytes(32), "count": 1, "issued_at": 1, "due": 2}
        values |= {"signature": bytes(65), "key_id": bytes(32), "first_entry": 10**6}
        made = connection.execute(sa.insert(promises).values(log=log, **values))
    try:
        found = bad(settings)
    finally:
        with begin_write(engine) as connection:
            connection.execute(sa.delete(jobs).where(jobs.c.id == "f" * 32))
            connection.execute(sa.delete(promises).where(promises.c.due == 2))
        engine.dispose()
    assert made.rowcount == 1
    level, text, remedy = found["set-aside"]
    assert (level, text[:6], "jobs retry" in remedy) == (Level.WARNING, "1 jobs", True)
    level, text, remedy = found["overdue"]
    assert (level, text[:10], bool(remedy)) == (Level.PROBLEM, "1 promises", True)


def test_webhooks_given_up(settings: Settings) -> None:
    """The holder mends it; the operator is told that there is something."""
    engine = open_engine(settings.database_url)
    message = Message(id="evt_1", type="record.changed", body=b"{}", number=1)
    letter = Letter(
        message=message, state="dead", tries=16, since=0, due=0, ended_at=1, code="http-500"
    )
    with begin_write(engine) as connection:
        put_letter(connection, "e" * 32, letter)
    try:
        level, text, remedy = bad(settings)["webhooks"]
    finally:
        with begin_write(engine) as connection:
            connection.execute(sa.delete(webhook_letters))
        engine.dispose()
    assert (level, text[:8], "webhooks retry" in remedy) == (Level.WARNING, "1 events", True)
    assert "webhooks" not in bad(settings)


def test_files_of_who_is_who(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "authorities.json"
    path.write_text('{"_type":"credit-ledger/authorities@1","authorities":[{"code":"1"}]}')
    other = settings.model_copy(update={"authorities_file": path})
    level, text, remedy = bad(other)["who"]
    assert (level, "entry 1" in text, bool(remedy)) == (Level.PROBLEM, True, True)
    pilot = "91350203M0001QKT19"
    entry = {"code": pilot, "kind": "market-supervison"}
    document = {"_type": "credit-ledger/authorities@1", "authorities": [entry]}
    path.write_text(json.dumps(document))
    level, text, _ = bad(other)["who-doubtful"]
    assert (level, pilot in text, entry["kind"] in text) == (Level.WARNING, True, True)


@pytest.mark.parametrize("what", ["away", "other-chain"])
def test_a_chain_node_that_is_not_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A warning: the others carry the network, until there are too few of them."""
    monkeypatch.setenv("CREDIT_LEDGER_ENV", "development")
    ours = NetworkFile.load(settings.network).rpc[0]
    with socket.socket() as nobody, start_anvil(chain_id=77) as strange:
        nobody.bind(("127.0.0.1", 0))
        url = (
            strange.url if what == "other-chain" else f"http://127.0.0.1:{nobody.getsockname()[1]}"
        )
        found = bad(settings.model_copy(update={"rpc": (ours, url)}))
    level, text, remedy = found.pop("chain-nodes")
    code = "other-chain" if what == "other-chain" else "no-node"
    assert (level, f"{url} {code}" in text, bool(remedy)) == (Level.WARNING, True, True)
    assert found == {}


def test_a_chain_node_that_is_behind(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def two(network: NetworkFile) -> list[NodeState]:
        (one,) = heights.look(network)
        assert one.block is not None
        ahead = replace(one.block, number=one.block.number + 6)
        return [one, replace(one, name="http://ahead", block=ahead)]

    monkeypatch.setattr(doctor_chain, "look", two)
    level, text, _ = bad(settings)["chain-nodes"]
    assert (level, "behind 6" in text, "http://ahead" in text) == (Level.WARNING, True, False)


def test_more_nodes_than_the_quorum_allows(settings: Settings) -> None:
    """`rpc` takes the place of the nodes of the network file, never of its quorum."""
    ours = NetworkFile.load(settings.network, development=True).rpc[0]
    level, text, _ = bad(settings.model_copy(update={"rpc": (ours, ours + "/b")}))["chain"]
    assert (level, "quorum" in text) == (Level.PROBLEM, True)


def test_an_empty_payer(settings: Settings, network: Path, config: Path) -> None:
    rpc = Rpc(load_ports(Layout(network)).rpc)
    address = KeyFile.load(config.parent / "keys" / "payer.json").address
    before = rpc.call("eth_getBalance", [address, "latest"])
    try:
        rpc.call("anvil_setBalance", [address, "0x1"])
        level, text, remedy = bad(settings)["payer"]
    finally:
        rpc.call("anvil_setBalance", [address, before])
        rpc.close()
    assert (level, remedy) == (Level.PROBLEM, "Fund that account")
    assert str(address) in text


def test_no_database_and_an_older_one(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = settings.model_copy(update={"database_url": f"sqlite:///{path}"})
    assert str(path) in bad(other)["database-absent"][1]
    assert not path.exists()
    engine = open_engine(other.database_url)
    migrate(engine)
    with begin_write(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    assert "revision 0001" in bad(other)["database-revision"][1]


def test_an_empty_database_before_the_first_anchor(
    settings: Settings, tmp_path: Path, config: Path
) -> None:
    """Nothing is anchored yet, so nothing is missing."""
    other = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'new.db'}"})
    engine = open_engine(other.database_url)
    migrate(engine)
    engine.dispose()
    assert bad(other) == {}


def test_a_chain_out_of_reach(settings: Settings) -> None:
    other = settings.model_copy(update={"rpc": ("http://127.0.0.1:1",)})
    level, text, remedy = bad(other)["chain"]
    assert level is Level.PROBLEM
    assert "cannot be read" in text
    assert remedy


def test_nothing_to_look_with(settings: Settings) -> None:
    """The chain is not blamed for what is away here."""
    found = bad(settings.model_copy(update={"database_url": "sqlite:////nowhere/x.db"}))
    assert "chain" not in found
    assert found["chain-not-looked-at"][2].startswith("Mend what is told above")


def test_who_is_no_member(settings: Settings) -> None:
    node = settings.node.model_copy(update={"code": "150000"})
    found = bad(settings.model_copy(update={"node": node}))
    assert "chain" not in found
    assert "150000.json" in found["member-unknown"][2]


def test_keys_that_are_not_on_the_chain(settings: Settings, config: Path, tmp_path: Path) -> None:
    """Fresh ones, or those of another folder: rotating needs a GOVERN key that is."""
    keys = shutil.copytree(config.parent / "keys", tmp_path / "keys")
    (keys / "anchor.json").unlink()
    create("ANCHOR", keys / "anchor.json", (keys / "password").read_bytes().strip())
    found = bad(settings.model_copy(update={"keys": keys}))
    level, text, remedy = found["key-unregistered"]
    assert (level, "ANCHOR" in text, "hand" in remedy) == (Level.PROBLEM, True, True)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ({"not_after": 1_700_000_000}, "2023-11-15"),
        ({"compromised_since": 16 * 10**8}, "2020-09-13"),
    ],
)
def test_a_key_that_has_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, now: dict[str, Any], day: str
) -> None:
    """It says since when."""

    def ended(*asked: Any) -> MemberFacts:
        facts = read_facts(*asked)
        keys = (replace(key, **now) if key.purpose == Purpose.NOTE else key for key in facts.keys)
        return replace(facts, keys=tuple(keys))

    monkeypatch.setattr(doctor_chain, "read_facts", ended)
    level, text, remedy = bad(settings)["key"]
    assert (level, "NOTE" in text, day in text) == (Level.PROBLEM, True, True)
    assert "keys rotate NOTE" in remedy


def test_signing_services(settings: Settings, config: Path, tmp_path: Path) -> None:
    """Where they do not sign nothing is promised, so the doctor has one signature of each key."""
    theirs, ours = (shutil.copytree(config.parent / "keys", tmp_path / name) for name in "to")
    (theirs / "token").write_text("secret")
    (ours / "token").write_text("secret")
    (ours / "token").chmod(0o600)
    for name in ("content", "index"):
        (theirs / f"{name}.json").unlink()
    with closing(Service(theirs, 0)) as service:
        url = f"http://127.0.0.1:{service.server_port}/sign"
        for name in ("anchor", "note", "present"):
            (ours / f"{name}.json").write_text(refer(theirs / f"{name}.json", url, "token"))
        other = settings.model_copy(update={"keys": ours})
        threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True).start()
        assert bad(other) == {}
        service.shutdown()
    found = [one for one in examine(other) if one.code == "signer"]
    assert [one.level for one in found] == [Level.PROBLEM] * 3
    for one, purpose in zip(found, ("ANCHOR", "NOTE", "PRESENT"), strict=True):
        assert purpose in one.text["en"]
        assert url.removesuffix("/sign") in one.text["zh"]
        assert "address and token" in (one.remedy or {})["en"]


def test_acts_that_are_not_followed(settings: Settings, tmp_path: Path) -> None:
    """As the gateway has left word of it; in a copy, for the one that runs goes on by itself."""
    place = settings.database_url.partition("sqlite:///")[2]
    with closing(sqlite3.connect(place)) as ours, closing(sqlite3.connect(tmp_path / "db")) as copy:
        ours.backup(copy)
    other = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'db'}"})
    assert "statuses-unclear" not in bad(other)
    engine = open_engine(other.database_url)
    with begin_write(engine) as connection:
        statuses.put_error(connection, "acts-unclear")
    engine.dispose()
    level, text, remedy = bad(other)["statuses-unclear"]
    assert level is Level.PROBLEM
    assert "acts-unclear" in text and "chain nodes" in remedy


def test_a_node_without_a_case_key(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.keys, tmp_path / "keys")
    (tmp_path / "keys" / "case.json").unlink()
    other = settings.model_copy(update={"keys": tmp_path / "keys"})
    level, text, remedy = bad(other)["case-key"]
    assert (level, "CASE" in text, "keys rotate CASE" in remedy) == (Level.WARNING, True, True)


@pytest.mark.parametrize("code", TEXTS)
@pytest.mark.parametrize("level", Level)
def test_every_text_can_be_filled(code: str, level: Level) -> None:
    names = "error revision ours count days until block purpose key log state anchors address keys"
    names += " member file codes kinds authorities exceptions subjects name version since hash"
    names += " there behind nodes holder"
    names += " size anchored letters disabled tables months kept"
    found = finding(code, level, **dict.fromkeys(names.split(), "x"))
    assert (found.remedy is None) == (level is Level.OK)
    for text in (found.text, found.remedy or found.text):
        assert "{" not in text["zh"] + text["en"]
