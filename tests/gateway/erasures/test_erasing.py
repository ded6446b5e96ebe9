"""What was ordered by two is destroyed once its act is final, and nothing before or besides."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import close_engine, metadata, open_engine
from gateway.base.policy import NotAllowed
from gateway.cases.errors import CaseRefused
from gateway.cases.models import acts
from gateway.erasures.models import erasures
from gateway.erasures.services import NotErased
from gateway.log.located import Entries, locate
from gateway.node import Node
from gateway.operations.backup import backup, restore
from gateway.operations.purge import erased, purge
from gateway.receipts.interfaces import Disclose
from gateway.records.models import contents
from gateway.sealing.models import content_keys
from gateway.sealing.services import Kind
from ledger.audit.erasure import check
from ledger.chain.keys.signers import MessageSigner
from ledger.core.errors import ConfigError
from ledger.core.ids import Digest, record_id
from ledger.core.jws import parse_statement, sign_statement, verify
from ledger.records.erasure import MAX_CHARS, TYP, Erasure, parse
from tests.gateway.casefiles.bureau import Bureau, line, table
from tests.gateway.cases.desk import of_authority, send_all, take_in, wanted
from tests.gateway.cases.test_logged_again import strand
from tests.gateway.erasures.desk import (
    SECRET_DOC,
    follow,
    has_key,
    order,
    order_and_record,
    with_a_case,
)
from tests.gateway.intake.material import number
from tests.gateway.receipts.test_receipts_verify import judge
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE
from tests.support.member import Member
from tests.support.postgres import database_url


def count(node: Node, table: sa.Table) -> int:
    with node.ctx.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_destroyed_with_its_documents_and_certified(
    node: Node, member: Member, anvil: Anvil
) -> None:
    leaf = with_a_case(node, anvil, 1)
    clerk = of_authority(node, 3)
    order_and_record(node, anvil, leaf)
    assert (has_key(node), has_key(node, Kind.MATERIAL)) == (1, 2), "nothing by the chain alone"
    assert node.erasures.certificate(clerk, leaf) == NotErased("not-erased")
    assert node.erasures.step()
    assert node.erasures.step(), "again is harmless"
    assert has_key(node) == 0
    assert has_key(node, Kind.MATERIAL) == 1, "the order itself stays"
    bare = node.receipts.receipt(leaf)
    assert isinstance(bare, bytes)
    assert judge(bare, member.network).verdict == "erased"
    with pytest.raises(NotAllowed, match="content-erased"):
        node.receipts.receipt(leaf, disclose=Disclose(CENTRE))
    text = node.erasures.certificate(clerk, leaf)
    assert isinstance(text, str)
    jws = parse_statement(text, TYP, max_chars=MAX_CHARS)
    key = node.signing.present_key()
    verify(jws, key.alg, key.public_key)
    told = parse(jws.payload)
    assert (told.leaf, told.rows, told.documents, told.basis) == (leaf, 1, 1, 12)
    assert (told.proposed_by, told.released_by) == ("token-1", "token-2")
    assert told.content_keys == (node.vault.newest.id.hex(),)
    assert told.step in {step.commitment for step in _steps(node)}


def _steps(node: Node) -> list[sa.Row[tuple[bytes]]]:
    with node.ctx.engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT commitment FROM case_steps")).all())


def test_never_before_it_is_final(node: Node, anvil: Anvil) -> None:
    leaf = with_a_case(node, anvil, 1)
    order(node, leaf)
    for _ in range(3):  # signed, sent, mined without a block above it
        node.case_parts.sending.step()
        follow(node)
        node.erasures.step()
        assert has_key(node) == 1
    send_all(node, anvil)
    node.erasures.step()
    assert has_key(node) == 1, "recorded, but not obeyed here yet"
    follow(node)
    node.erasures.step()
    assert has_key(node) == 0


def test_a_thief_erases_nothing(node: Node, anvil: Anvil) -> None:
    """An ERASE on the chain that no two persons ordered: the record is closed, and that is all."""
    leaf = with_a_case(node, anvil, 1)
    order_and_record(node, anvil, leaf)
    with node.ctx.engine.begin() as connection:  # as if somebody with the key alone had sent it
        connection.execute(sa.text("UPDATE case_steps SET released_by = NULL WHERE act = 'erase'"))
    assert node.erasures.step()
    assert has_key(node) == 1
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.text("UPDATE case_steps SET released_by = token WHERE act = 'erase'"))
    assert node.erasures.step()
    assert has_key(node) == 1
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.delete(acts))
    assert node.erasures.step()
    assert (has_key(node), count(node, erasures)) == (1, 0)


def test_only_what_was_ordered(node: Node, anvil: Anvil) -> None:
    leaf, other = take_in(node, anvil, 1, 2)
    order_and_record(node, anvil, leaf)
    node.erasures.step()
    assert has_key(node) == 1
    assert node.receipts.record(other, CENTRE) is not None


def test_what_was_proposed_about_it_ends(node: Node, anvil: Anvil) -> None:
    leaf = with_a_case(node, anvil, 1)
    order_and_record(node, anvil, leaf)
    decisions, chief = node.case_parts.decisions, of_authority(node, 2)
    decisions.propose_own(of_authority(node, 1), leaf, wanted("withdraw", basis=8))
    node.erasures.step()
    assert node.case_parts.views.of_record(chief, leaf)["proposed"] is None
    with pytest.raises(CaseRefused, match="nothing-proposed"):
        decisions.release_own(chief, leaf)


def test_what_files_that_decide_say_of_it_goes_too(node: Node, anvil: Anvil) -> None:
    """The row of a table of results, and the table as it came; what became of the row stays."""
    bureau = Bureau(node, anvil)
    leaf, _ = take_in(node, anvil, 1, 2)
    done = bureau.propose(table(line(1), line(2)))
    other = bureau.propose(table(line(2)))
    order_and_record(node, anvil, leaf)
    assert node.erasures.step()
    first, second = bureau.rows(done)
    assert (first["state"], first["code"]) == ("refused", "content-erased")
    assert (first["number"], second["number"]) == (None, number(2))
    assert node.erasures.certificate(of_authority(node, 3), leaf)
    with node.ctx.engine.connect() as connection:
        kept = set(connection.scalars(sa.text("SELECT id FROM case_materials")))
    assert (done in kept, other in kept) == (False, True)
    bureau.carry_out(done)
    assert [row["state"] for row in bureau.rows(done)] == ["refused", "done"]


def test_the_certificate_of_a_record_that_was_logged_again(
    node: Node, member: Member, anvil: Anvil
) -> None:
    """By the id and the leaf of either: the act is on the first of the chain."""
    (leaf,) = take_in(node, anvil, 1)
    again = strand(node, member, anvil, (member.log_id, 0), leaf)
    order_and_record(node, anvil, again)
    assert node.erasures.step()
    clerk = of_authority(node, 3)
    with node.ctx.engine.connect() as connection:
        ids = [look_up(connection, one) for one in (leaf, again)]
    for name in (leaf, again, *ids):
        assert isinstance(node.erasures.certificate(clerk, name), str)


def look_up(connection: sa.Connection, leaf: bytes) -> bytes:
    """Its record id."""
    found = locate(connection, leaf)
    record = None if found is None else Entries(connection).record_id(found)
    assert record is not None
    return record


def needles(node: Node, leaf: bytes) -> list[bytes]:
    """What may be found nowhere: wrapped key, sealed content, sealed document."""
    with node.ctx.engine.connect() as connection:
        row = connection.execute(
            sa.select(contents.c.content, content_keys.c.wrapped_key).join(
                content_keys,
                sa.and_(content_keys.c.id == contents.c.id, content_keys.c.kind == Kind.RECORD),
            )
        ).one()
        document = connection.scalar(sa.text("SELECT content FROM case_materials"))
        materials = connection.scalar(
            sa.select(content_keys.c.wrapped_key).where(content_keys.c.kind == int(Kind.MATERIAL))
        )
    assert document is not None
    assert materials is not None
    return [row.wrapped_key, materials, row.content[:64], bytes(document)[:64], SECRET_DOC]


def test_nothing_is_left_in_any_file(node: Node, anvil: Anvil, tmp_path: Path) -> None:
    leaf = with_a_case(node, anvil, 1)
    hidden = needles(node, leaf)
    taken = tmp_path / "backup"
    backup(node.ctx.engine, taken, member="110000", clock=node.ctx.clock)
    assert all(needle in kept(node) + (taken / "keys.db").read_bytes() for needle in hidden[:4])
    order_and_record(node, anvil, leaf)
    assert node.erasures.step()
    for needle in hidden:
        assert needle not in kept(node)
    assert purge(taken, erased(node.ctx.engine), member="110000") == 2
    assert purge(taken, erased(node.ctx.engine), member="110000") == 0
    for needle in hidden[:2]:
        assert needle not in (taken / "keys.db").read_bytes()


def kept(node: Node) -> bytes:
    """All that the database has: its files with what is written ahead, and the log's tiles with
    them; of PostgreSQL, whose files are the server's, every row of every table."""
    engine = node.ctx.engine
    if engine.dialect.name == "sqlite":
        folder = Path(str(engine.url.database)).parent
        return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    found = b""
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                found += b"".join(bytes(v) for v in row if isinstance(v, bytes | memoryview))
    return found


@pytest.mark.parametrize("how", ["purged", "newest keys"])
def test_no_backup_brings_it_back(
    node: Node, member: Member, anvil: Anvil, tmp_path: Path, how: str
) -> None:
    leaf = with_a_case(node, anvil, 1)
    old, new = tmp_path / "old", tmp_path / "new"
    backup(node.ctx.engine, old, member="110000", clock=node.ctx.clock)
    order_and_record(node, anvil, leaf)
    assert node.erasures.step()
    if how == "purged":
        purge(old, erased(node.ctx.engine), member="110000")
    else:
        backup(node.ctx.engine, new, member="110000", clock=node.ctx.clock)
    folder = tmp_path / "again"
    folder.mkdir()
    engine = open_engine(database_url(folder))
    told = restore(engine, old, member="110000", keys_from=None if how == "purged" else new)
    assert told.keys.erased == 1
    kinds = sa.select(content_keys.c.kind)
    with engine.connect() as connection:
        assert {*connection.scalars(kinds)} & {int(Kind.RECORD), int(Kind.MATERIAL)} == set()
    close_engine(engine)


def test_a_purge_that_was_killed_is_ended(node: Node, anvil: Anvil, tmp_path: Path) -> None:
    leaf = with_a_case(node, anvil, 1)
    taken = tmp_path / "backup"
    backup(node.ctx.engine, taken, member="110000", clock=node.ctx.clock)
    before = (taken / "keys.db").read_bytes()
    order_and_record(node, anvil, leaf)
    assert node.erasures.step()
    gone = erased(node.ctx.engine)
    assert purge(taken, gone, member="110000") == 2
    (taken / "keys.db").rename(taken / "keys.db.new")
    (taken / "keys.db").write_bytes(before)  # as after the manifest was put in place
    assert purge(taken, gone, member="110000") == 0
    assert not (taken / "keys.db.new").exists()
    (taken / "keys.db").write_bytes(before)
    with pytest.raises(ConfigError, match="altered"):
        purge(taken, gone, member="110000")


def test_the_certificate_is_held_against_the_chain(
    node: Node, member: Member, anvil: Anvil
) -> None:
    leaf = with_a_case(node, anvil, 1)
    order_and_record(node, anvil, leaf)
    assert node.erasures.step()
    text = node.erasures.certificate(of_authority(node, 3), leaf)
    assert isinstance(text, str)
    view = node.reader.head()
    assert check(member.network, view, text).code is None
    key, told = (
        node.signing.present_key(),
        parse(parse_statement(text, TYP, max_chars=9**9).payload),
    )

    def signed(found: Erasure, by: MessageSigner = key, at: int = told.swept_at) -> str | None:
        jws = sign_statement(TYP, found.encode(), sign=by.sign, kid=by.key_id, alg=by.alg, iat=at)
        return check(member.network, view, jws).code

    assert check(member.network, view, text[:-8] + "AAAAAAA=").code == "malformed"
    assert check(member.network, view, _flip(text)).code in ("signature-invalid", "malformed")
    assert signed(replace(told, network=f"eip155:1:0x{'0' * 40}")) == "other-network"
    assert signed(told, node.signing.note_key()) == "key-unknown"
    assert signed(told, at=0) == "key-not-valid"
    assert signed(replace(told, block=told.block + 1)) == "not-on-chain"
    assert signed(replace(told, doc=told.step)) == "not-on-chain"
    assert signed(replace(told, destroyed_at=told.destroyed_at - 10**6)) == "destroyed-early"
    assert signed(replace(told, released_by=told.proposed_by)) == "malformed"
    other = Digest(bytes(32))
    fresh = replace(told, commitment=other, record=record_id(told.log, other))
    assert signed(fresh) == "not-on-chain", "no act at all"
    assert signed(replace(told, record=fresh.record)) == "malformed"


def _flip(text: str) -> str:
    head, payload, signature = text.split(".")
    turned = "B" if signature[9] == "A" else "A"
    return f"{head}.{payload}.{signature[:9]}{turned}{signature[10:]}"
