"""Content keys: several at once, the newest wraps, and all keys are wrapped anew while records come
in. On SQLite and PostgreSQL."""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gateway.app import create_app
from gateway.base.content_keys import ContentFolder
from gateway.base.crypto import ContentKey, ContentKeyMissing, ContentKeyRetired, ContentLost, Vault
from gateway.base.db import begin_read, begin_write, open_engine
from gateway.base.policy import NotAllowed
from gateway.cli import gateway
from gateway.intake.worker import Rows
from gateway.log.located import locate
from gateway.node import Node, make_node
from gateway.operations import give_up, rewrap
from gateway.operations.backup import backup, restore
from gateway.operations.backup_keys import Given
from gateway.operations.doctor_keys import examine_keys
from gateway.operations.findings import Level
from gateway.operations.give_up import GiveUp
from gateway.operations.rewrap import Rewrap, Rewrapped
from gateway.sealing.models import content_keys, wrapping_keys
from gateway.sealing.services import Kind, find
from gateway.sealing.tasks import ContentKeyWatch
from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.core.errors import ConfigError
from tests.gateway.files.desk import Desk
from tests.gateway.intake.material import row
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.erasing import erase
from tests.support.node import (
    MEMBER,
    make_facts,
    make_keys,
    make_network,
    make_settings,
    make_test_node,
)
from tests.support.postgres import USED, database_url, start_postgres
from tests.support.sheets import GOOD, csv_text

SEED = "rewrap"
SECOND = ContentKey(version=2, secret=b"2" * 32)
THIRD = ContentKey(version=3, secret=b"3" * 32)
BACK = [dict(GOOD, CF_WSH=f"样市监罚〔2024〕{n}号", CF_NR_FK="x" * 900) for n in range(3)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"], autouse=True)
def _database(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrap, "GRACE", 0)
        if request.param == "sqlite":
            patch.delenv(USED, raising=False)
            yield
            return
        with start_postgres() as server:
            patch.setenv(USED, server.url)
            yield


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    (tmp_path / "one").mkdir()
    node = make_test_node(tmp_path / "one", seed=SEED)
    yield node
    node.close()


def first_key() -> ContentKey:
    return make_keys(SEED).content[0]


def submit(node: Node, *numbers: int) -> list[bytes]:
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in numbers])
    assert {one.verdict for one in answer.rows} == {"accepted"}
    return [bytes.fromhex(one.leaf or "") for one in answer.rows]


def shown(node: Node, leaves: Sequence[bytes]) -> list[Any]:
    return [(node.receipts.record(leaf, CENTRE) or {})["fields"] for leaf in leaves]


def wrapped_under(node: Node) -> dict[bytes, int]:
    by = content_keys.c.wrapped_by
    query = sa.select(by, sa.func.count()).group_by(by)
    with begin_read(node.ctx.engine) as connection:
        return {key_id: count for key_id, count in connection.execute(query)}


def rewrapped(node: Node, *keys: ContentKey) -> Rewrapped:
    """As another process does it, which has these keys."""
    return Rewrap(node.ctx.engine, Vault(keys)).run()


def test_everything_is_wrapped_anew_and_opens(node: Node) -> None:
    leaves = submit(node, 1, 2, 3)
    desk = Desk(node)
    answer = desk.send(csv_text(*BACK).encode())
    assert desk.report(answer)[:2] == b"PK"
    waiting = desk.post(csv_text(GOOD).encode()).headers["Location"]
    before = shown(node, leaves)
    first = first_key()
    assert wrapped_under(node) == {first.id: 3 + 1 + 1 + 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewrap, "PIECE", 2)
        told = rewrapped(node, first, SECOND)
    assert told == Rewrapped(
        newest=SECOND.id.hex(), done=7, lost=0, missing={}, empty=[first.id.hex()]
    )
    assert wrapped_under(node) == {SECOND.id: 7}
    node.vault.use([SECOND])
    node.workers.wrap_with(SECOND)
    assert shown(node, leaves) == before
    desk.work()
    assert desk.answer(waiting)["state"] == "done"
    assert desk.answer(f"/v1/files/{answer['id']}")["verdicts"] == answer["verdicts"]
    assert desk.report(answer)[:2] == b"PK"
    assert rewrapped(node, SECOND) == replace(told, done=0)
    assert rewrapped(node, SECOND, THIRD).empty == [first.id.hex(), SECOND.id.hex()]


def test_rewrap_and_erase_with_a_backup_restored(node: Node, tmp_path: Path) -> None:
    """Records of an older backup, keys of the newest, and only the newest content key is left."""
    leaves = submit(node, 1, 2, 3)
    before = shown(node, leaves)
    old = tmp_path / "old"
    backup(node.ctx.engine, old, member=MEMBER, clock=node.ctx.clock)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, leaves[0])
    rewrapped(node, first_key(), SECOND)
    new = tmp_path / "new"
    backup(node.ctx.engine, new, member=MEMBER, clock=node.ctx.clock)
    (tmp_path / "two").mkdir()
    engine = open_engine(database_url(tmp_path / "two"))
    told = restore(engine, old, member=MEMBER, keys_from=new)
    assert told.keys == Given(erased=1)
    with engine.connect() as connection:
        assert set(connection.scalars(sa.select(wrapping_keys.c.key_id))) == {
            first_key().id,
            SECOND.id,
        }
    engine.dispose()
    again = with_keys(tmp_path / "two", SECOND)
    with pytest.raises(NotAllowed, match="content-erased"):
        again.receipts.record(leaves[0], CENTRE)
    assert shown(again, leaves[1:]) == before[1:]
    again.close()
    # Whoever still has the old keys.db, but not the old content key, opens nothing with it.
    (tmp_path / "three").mkdir()
    engine = open_engine(database_url(tmp_path / "three"))
    assert restore(engine, old, member=MEMBER).keys == Given()
    engine.dispose()
    again = with_keys(tmp_path / "three", SECOND)
    with pytest.raises(ContentKeyMissing, match=first_key().id.hex()):
        again.receipts.record(leaves[0], CENTRE)
    again.close()


def with_keys(folder: Path, *content: ContentKey) -> Node:
    keys = replace(make_keys(SEED), content=content)
    node = make_node(make_settings(folder), make_network(), keys)
    node.chain.put(make_facts(keys))
    return node


def test_a_missing_key_is_told_and_is_no_erasure(node: Node, tmp_path: Path) -> None:
    (leaf,) = submit(node, 1)
    other = with_keys(tmp_path / "one", SECOND)
    name = first_key().id.hex()
    with pytest.raises(ContentKeyMissing, match=name):
        other.receipts.record(leaf, CENTRE)
    answer = other.intake.submit_set(caller=CENTRE, rows=[row(1, CF_SY="另一事实"), row(2)])
    assert [(one.verdict, one.changed) for one in answer.rows[:1]] == [("conflict", ())]
    assert answer.rows[1].verdict == "accepted", "intake goes on"
    other.content_keys(threading.Event())
    ready = Client(create_app(other)).get("/readyz")
    assert (ready.status_code, ready.json()["reason"]) == (503, "content-key-missing")
    assert name in ready.json()["text"]["en"]
    assert missing_keys(other) == 1
    found = {one.code: one for one in examine_keys(other.ctx.engine, (SECOND,))}
    assert found["content-keys"].level is Level.PROBLEM
    assert name in found["content-keys"].text["en"]
    told = rewrapped(other, SECOND)
    assert (told.done, told.missing, told.empty) == (0, {name: 1}, [])
    other.close()
    again = with_keys(tmp_path / "one", first_key(), SECOND)
    again.content_keys(threading.Event())
    assert Client(create_app(again)).get("/readyz").status_code == 200
    assert again.receipts.record(leaf, CENTRE) is not None
    assert missing_keys(again) == 0
    again.close()


def missing_keys(node: Node) -> float:
    """What the operator's figures say."""
    (family,) = [
        one for one in node.collector.collect() if one.name == "credit_ledger_content_keys_missing"
    ]
    return float(family.samples[0].value)


def test_what_the_doctor_says_on_the_way(node: Node) -> None:
    def bad(*held: ContentKey) -> dict[str, str]:
        found = examine_keys(node.ctx.engine, held)
        return {one.code: one.text["en"] for one in found if one.level is not Level.OK}

    first = first_key()
    assert bad(first) == {}
    submit(node, 1)
    assert bad(first) == {}
    assert list(bad(first, SECOND)) == ["content-keys-old"]
    rewrapped(node, first, SECOND)
    assert list(bad(first, SECOND)) == ["content-keys-empty"]
    assert first.id.hex() in bad(first, SECOND)["content-keys-empty"]
    assert bad(SECOND) == {}
    assert list(bad(first)) == ["content-keys"]


def test_begun_before_and_stored_after(node: Node) -> None:
    """What was sealed under a key that was retired since is wrapped anew as it is stored."""
    drafting = node.intake.begin(Rows([row(1), row(2)]))
    drafting.result()
    node.vault.use([first_key(), SECOND])
    told = rewrapped(node, first_key(), SECOND)
    assert told.done == 0
    node.intake.finish(drafting, callers=[CENTRE] * 2)
    assert wrapped_under(node) == {SECOND.id: 2}


def test_a_gateway_without_the_newer_key_stores_nothing(node: Node) -> None:
    """Or its records would be under a key whose file may go."""
    leaves = submit(node, 1)
    rewrapped(node, first_key(), SECOND)
    with pytest.raises(ContentKeyMissing, match=SECOND.id.hex()):
        node.intake.submit_set(caller=CENTRE, rows=[row(2)])
    with pytest.raises(ContentKeyMissing, match=SECOND.id.hex()):
        rewrapped(node, first_key())
    with pytest.raises(ContentKeyMissing, match=SECOND.id.hex()):
        node.receipts.record(leaves[0], CENTRE)
    assert wrapped_under(node) == {SECOND.id: 1}


def test_erased_while_it_is_wrapped_anew(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = submit(node, 1, 2)
    real = Rewrap._change

    def erases(self: Rewrap, changes: Sequence[dict[str, Any]]) -> None:
        with begin_write(node.ctx.engine) as connection:
            erase(connection, leaves[0])
        real(self, changes)

    monkeypatch.setattr(Rewrap, "_change", erases)
    rewrapped(node, first_key(), SECOND)
    assert wrapped_under(node) == {SECOND.id: 1}


def test_a_damaged_key_keeps_the_old_one(node: Node) -> None:
    leaves = submit(node, 1, 2)
    with begin_write(node.ctx.engine) as connection:
        found = locate(connection, leaves[0])
        assert found is not None
        spoiled = sa.update(content_keys).where(content_keys.c.id == found.id)
        connection.execute(spoiled.values(wrapped_key=os.urandom(48)))
    told = rewrapped(node, first_key(), SECOND)
    assert (told.done, told.lost, told.empty) == (1, 1, [])
    node.vault.use([first_key(), SECOND])
    with pytest.raises(ContentLost):
        node.receipts.record(leaves[0], CENTRE)


def test_interrupted_it_goes_on(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = submit(node, *range(1, 8))
    before = shown(node, leaves)
    monkeypatch.setattr(rewrap, "PIECE", 3)
    real = Rewrap._change
    calls: list[int] = []

    def killed(self: Rewrap, changes: Sequence[dict[str, Any]]) -> None:
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        real(self, changes)

    with monkeypatch.context() as patch:
        patch.setattr(Rewrap, "_change", killed)
        with pytest.raises(KeyboardInterrupt):
            rewrapped(node, first_key(), SECOND)
    assert wrapped_under(node) == {first_key().id: 4, SECOND.id: 3}
    node.vault.use([first_key(), SECOND])
    assert shown(node, leaves) == before
    assert rewrapped(node, first_key(), SECOND).done == 4
    assert shown(node, leaves) == before


def test_records_come_in_meanwhile(node: Node) -> None:
    """Four times another key, taken up late, by four who send and one who erases."""
    keys = [first_key()]
    leaves: list[bytes] = []
    stop, failures = threading.Event(), []

    def send(start: int) -> None:
        at = start
        while not stop.is_set():
            try:
                leaves.extend(submit(node, at, at + 1))
            except (ContentKeyMissing, ContentKeyRetired):  # until the key is taken up
                continue
            except Exception as error:
                failures.append(error)
                return
            at += 2

    threads = [threading.Thread(target=send, args=(1000 * n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for version in range(2, 6):
        keys.append(ContentKey(version=version, secret=os.urandom(32)))
        rewrapped(node, *keys)
        node.vault.use(keys)
        node.workers.wrap_with(keys[-1])
        keys = keys[-1:] if version % 2 else keys
    stop.set()
    for thread in threads:
        thread.join(120)
    assert failures == []
    told = rewrapped(node, *keys)
    assert (told.lost, told.missing) == (0, {})
    assert set(wrapped_under(node)) == {keys[-1].id}
    node.vault.use(keys)
    assert len(shown(node, leaves)) == len(leaves) > 0


def test_a_new_file_is_taken_up(tmp_path: Path) -> None:
    """Without a restart, by the gateway and its processes; what does not open is passed over."""
    folder = tmp_path / "keys"
    folder.mkdir()
    create("content", folder / "content.json", b"word", work=WORK_LIGHT)
    files = ContentFolder(folder, b"word")
    (one,) = files.all()
    keys = replace(make_keys(SEED), content=(one,))
    (tmp_path / "db").mkdir()
    node = make_node(make_settings(tmp_path / "db", intake={"processes": 1}), make_network(), keys)
    node.chain.put(make_facts(keys))
    watch = ContentKeyWatch(node.ctx, node.vault, files, node.workers.wrap_with)
    many = [row(n) for n in range(100)]
    node.intake.submit_set(caller=CENTRE, rows=many)
    watch(threading.Event())
    assert node.vault.newest == one
    (folder / "content-2.json").write_text("{}")
    (folder / "content-x.json").write_text("{}")
    watch(threading.Event())
    assert node.vault.newest == one
    create("content", folder / "content-3.json", b"word", work=WORK_LIGHT)
    watch(threading.Event())
    newest = node.vault.newest
    assert (newest.version, node.vault.ids) == (3, frozenset({one.id, newest.id}))
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(100, 300)])
    assert wrapped_under(node) == {one.id: 100, newest.id: 200}
    (folder / "content.json").unlink()
    watch(threading.Event())
    assert one.id in node.vault.ids, "what was opened is kept until the end"
    node.close()


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    (tmp_path / "keys").mkdir()
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    path = tmp_path / "keys" / "content.json"
    create("content", path, b"secret", work=WORK_LIGHT, secret=first_key().secret)
    node = make_test_node(tmp_path, seed=SEED)
    url = node.ctx.engine.url.render_as_string(hide_password=False)
    config = tmp_path / "gateway.toml"
    config.write_text(
        'env = "development"\nnetwork = "network.json"\nkey_password_file = "password"\n'
        f'database_url = "{url}"\n[node]\ncode = "{MEMBER}"\n'
    )
    leaves = submit(node, 1, 2)
    done = CliRunner().invoke(gateway, ["rewrap", "--new", "--json", "--config", str(config)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["done"], told["empty"]) == (2, [first_key().id.hex()])
    assert "content-2.json" in done.stderr
    path.unlink()
    again = CliRunner().invoke(gateway, ["rewrap", "--config", str(config)])
    assert again.exit_code == 0, again.output
    assert "their files may go" in again.stderr
    node.vault.use(ContentFolder(tmp_path / "keys", b"secret").all())
    assert len(shown(node, leaves)) == 2
    (tmp_path / "keys" / "content-2.json").rename(path)
    create("content", tmp_path / "keys" / "content-2.json", b"secret", work=WORK_LIGHT)
    create("content", tmp_path / "keys" / "content-3.json", b"secret", work=WORK_LIGHT)
    path.unlink()
    refused = CliRunner().invoke(gateway, ["rewrap", "--config", str(config)])
    assert refused.exit_code == 1
    assert told["newest"] in refused.output
    node.close()


def test_erasing_removes_the_row(node: Node) -> None:
    leaves = submit(node, 1, 2)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, leaves[0])
        assert len(find(connection, Kind.RECORD, range(10))) == 1


def test_what_a_lost_key_sealed_is_given_up(node: Node, tmp_path: Path) -> None:
    leaves = submit(node, 1, 2, 3)
    desk = Desk(node)
    answered = desk.send(csv_text(*BACK).encode())
    waiting = desk.post(csv_text(GOOD).encode()).headers["Location"]
    with pytest.raises(ConfigError, match="in the key folder"):
        GiveUp(node.ctx.engine, node.vault, first_key().id)
    other = with_keys(tmp_path / "one", SECOND)
    with pytest.raises(ConfigError, match="nothing is sealed"):
        GiveUp(other.ctx.engine, other.vault, b"\1" * 8)
    (kept,) = submit(other, 4)
    with pytest.raises(ConfigError, match="rewrap"):
        GiveUp(other.ctx.engine, other.vault, first_key().id)
    assert rewrapped(other, SECOND).missing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(give_up, "PIECE", 2)
        work = GiveUp(other.ctx.engine, other.vault, first_key().id)
        assert work.count()[Kind.RECORD] == 3
        assert work.run()[Kind.RECORD] == 3
    assert work.count() == {}
    with pytest.raises(NotAllowed) as caught:
        other.receipts.record(leaves[0], CENTRE)
    assert caught.value.code == "content-erased"
    assert shown(other, [kept]) is not None
    client = Client(create_app(other))
    for path in (f"/v1/files/{answered['file']}", waiting):
        assert client.get(path, headers=desk.headers).status_code == 404
    other.content_keys(threading.Event())
    assert client.get("/readyz").status_code == 200
    assert missing_keys(other) == 0
    told = rewrapped(other, SECOND)
    assert (told.missing, told.lost) == ({}, 0)
    found = {one.code: one for one in examine_keys(other.ctx.engine, (SECOND,))}
    assert {one.level for one in found.values()} == {Level.OK}
    other.close()
