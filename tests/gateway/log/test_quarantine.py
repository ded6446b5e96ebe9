"""Entries that the disk changed while they waited: listed, made again, integrated, proven."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gateway.accesses.services import Wanted, read
from gateway.base.db import begin_write
from gateway.base.policy import OPERATOR
from gateway.cli import gateway
from gateway.log import store
from gateway.log.located import locate
from gateway.log.models import bundles, entries, logs, pending, promises
from gateway.log.quarantine import list_quarantined
from gateway.log.services import LogMended
from gateway.node import Node
from gateway.receipts.requeue import retry
from ledger.chain.keys.keyfile import WORK_LIGHT, create
from ledger.core.receipt import parse
from tests.gateway.intake.material import row
from tests.support.anchors import put_anchor
from tests.support.callers import CENTRE
from tests.support.erasing import erase
from tests.support.node import MEMBER, make_network, make_test_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path, seed="quarantine")
    yield node
    node.close()


def leaves(node: Node) -> list[bytes]:
    with node.ctx.engine.connect() as connection:
        return list(connection.scalars(sa.select(entries.c.leaf).order_by(entries.c.id)))


def damage(node: Node, *lines: int) -> None:
    """Flip a bit in these lines of the last set that waits."""
    with begin_write(node.ctx.engine) as connection:
        query = sa.select(pending.c.promise, pending.c.entries)
        found = connection.execute(query.order_by(pending.c.promise.desc())).first()
        assert found is not None
        stored = found.entries.split(b"\n")
        for at in lines:
            stored[at] = stored[at][:-20] + bytes([stored[at][-20] ^ 4]) + stored[at][-19:]
        change = sa.update(pending).where(pending.c.promise == found.promise)
        connection.execute(change.values(entries=b"\n".join(stored)))


def indices(node: Node) -> list[int | None]:
    with node.ctx.engine.connect() as connection:
        found = [locate(connection, leaf) for leaf in leaves(node)]
    return [None if at is None else at.index for at in found]


@pytest.mark.parametrize("lines", [(1,), (0, 2), (0, 1, 2)])
def test_listed_made_again_and_proven(node: Node, lines: tuple[int, ...]) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(2)])
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(2, 5)])
    damage(node, *lines)
    while node.logs.step():
        pass
    assert indices(node).count(None) == len(lines)
    with node.ctx.engine.connect() as connection:
        (found,) = list_quarantined(connection)
        due = connection.scalar(sa.select(promises.c.due).order_by(promises.c.id.desc()))
    assert (found.promise, found.reason, found.due) == (2, "damaged", due)
    assert len(found.missing) == len(lines)
    node.intake.submit_set(caller=CENTRE, rows=[row(9)])
    while node.logs.step():
        pass

    (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    assert (done.entries, done.lost) == (len(lines), ())
    while node.logs.step():
        pass
    assert sorted(index for index in indices(node) if index is not None) == list(range(6))
    with node.ctx.engine.connect() as connection:
        assert list_quarantined(connection) == []
        assert connection.scalar(sa.select(sa.func.count()).select_from(pending)) == 0
    put_anchor(node, 0, 6)
    for leaf in leaves(node):
        receipt = node.receipts.receipt(leaf)
        assert isinstance(receipt, bytes)
        parse(receipt)
    assert retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock) == []


def test_what_was_cut_back_finds_its_place_again(node: Node) -> None:
    """Queued again, integrated, not yet published, dropped, integrated once more."""
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    damage(node, 1)
    node.logs.step()
    retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    node.logs.integrate(1)
    assert None not in indices(node)
    with begin_write(node.ctx.engine) as connection:
        store.cut_back(connection, 1, 2)
    assert indices(node).count(None) == 1
    while node.logs.step():
        pass
    assert sorted(index for index in indices(node) if index is not None) == [0, 1, 2]
    with node.ctx.engine.connect() as connection:
        assert connection.scalar(sa.select(logs.c.published)) == 3


def test_intact_ones_not_published_yet_are_kept(node: Node) -> None:
    """Until the others are published they may be cut back, and come from the same row again."""
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    damage(node, 1)
    node.logs.integrate(1)
    (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    assert (done.entries, done.lost, done.unpublished) == (0, (), True)
    spoil_bundle(node)
    with pytest.raises(LogMended):
        node.logs.publish(1)
    (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    assert (done.entries, done.unpublished) == (0, True), "cut back, and not there again"
    node.logs.step()
    (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    assert (done.entries, done.unpublished) == (1, False)
    node.logs.step()
    assert sorted(index for index in indices(node) if index is not None) == [0, 1, 2]


def spoil_bundle(node: Node) -> None:
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(bundles).values(data=b"x"))


def test_the_access_log_tells_what_was_opened(node: Node) -> None:
    """Also of one that was erased: it was asked for."""
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    damage(node, 0, 1)
    node.logs.step()
    missing = retry_list(node)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, missing[0])
    retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    lines = list(read(node.ctx.engine, Wanted(token=OPERATOR.id)))
    assert {(one.purpose, one.record, one.answer) for one in lines} == {
        ("requeue", missing[0].hex(), "content-erased"),
        ("requeue", missing[1].hex(), "allowed"),
    }
    assert len(lines) == 2


def test_erased_content_cannot_be_made_again(node: Node) -> None:
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    damage(node, 0, 1)
    node.logs.step()
    (missing, _) = retry_list(node)
    with begin_write(node.ctx.engine) as connection:
        erase(connection, missing)
    (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    assert (done.entries, done.lost) == (1, (missing,))
    node.logs.step()
    assert retry_list(node) == (missing,), "the other one is in the log"
    assert sorted(index for index in indices(node) if index is not None) == [0, 1]
    (done,) = retry(node.ctx.engine, node.vault, MEMBER, node.ctx.clock)
    assert (done.entries, done.lost) == (0, (missing,))


def retry_list(node: Node) -> tuple[bytes, ...]:
    with node.ctx.engine.connect() as connection:
        (found,) = list_quarantined(connection)
    return found.missing


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
    (tmp_path / "keys").mkdir()
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    node = make_test_node(tmp_path, seed="quarantine")
    secrets = {"content": node.vault.newest.secret}
    for purpose in ("ANCHOR", "NOTE", "PRESENT", "payer", "content", "index"):
        path = tmp_path / "keys" / f"{purpose.lower()}.json"
        create(purpose, path, b"secret", work=WORK_LIGHT, secret=secrets.get(purpose))
    (tmp_path / "network.json").write_bytes(make_network().encode())
    config = tmp_path / "gateway.toml"
    url = node.ctx.engine.url.render_as_string(hide_password=False)
    config.write_text(
        'env = "development"\nnetwork = "network.json"\nkey_password_file = "password"\n'
        f'database_url = "{url}"\n[node]\ncode = "{MEMBER}"\n'
    )
    node.intake.submit_set(caller=CENTRE, rows=[row(n) for n in range(3)])
    damage(node, 2)
    node.logs.integrate(1)

    def run(command: str, *options: str, code: int = 0) -> str:
        arguments = ["quarantine", command, "--config", str(config), *options]
        done = CliRunner().invoke(gateway, arguments)
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.output

    assert "try again" in run("retry", code=1)
    node.logs.publish(1)
    head, line = [text.split("\t") for text in run("list").splitlines()]
    assert line[:1] + line[2:4] == ["1", "damaged", "1"]
    assert head == ["Promise", "Log", "Reason", "Entries", "Due"] and line[4].endswith(" +08:00")
    (listed,) = json.loads(run("list", "--json"))["quarantined"]
    assert len(listed["leaves"]) == 1
    assert json.loads(run("retry", "--json")) == {
        "retried": [{"promise": 1, "queued": 1, "lost": [], "sealed": [], "unpublished": False}],
        "messages": 0,
    }
    assert run("list") == ""
    node.logs.step()
    assert sorted(index for index in indices(node) if index is not None) == [0, 1, 2]
    node.close()
