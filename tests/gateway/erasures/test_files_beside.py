"""Files whose answers hold a row that stood beside what was erased are forgotten with it."""

from dataclasses import replace

import sqlalchemy as sa

from gateway.files.models import files
from gateway.node import Node
from gateway.tokens.services import add_token
from tests.gateway.erasures.desk import order_and_record, with_a_case
from tests.support.anvil import Anvil
from tests.support.callers import CENTRE


def a_token(node: Node) -> int:
    """A new one, for files are of one that is there."""
    made = add_token(
        node.ctx.engine,
        name="sender",
        scopes=["submit"],
        department=None,
        authorities=[],
        now=node.ctx.clock.now(),
    )
    return made[0]


def answered(node: Node, leaf: bytes, verdict: str, *, ended: bool = True) -> str:
    """A file of one row with this verdict beside a record."""
    caller = replace(CENTRE, id=a_token(node))
    file = node.file_store.open_upload(caller)
    node.file_store.close_upload(file, "synthetic.csv", None, size=1)
    job = node.jobs.claim("file")
    assert job is not None
    assert job.subject == file
    answers = [{"verdict": verdict, "leaf": leaf.hex()}]
    with node.ctx.engine.begin() as connection:
        node.file_store.keep_set(
            connection, job, 0, counts={verdict: 1}, promise=None, answers=answers,
            back={"rows": [["synthetic"]]},
        )  # fmt: skip
    if ended:
        node.file_store.end(job, "done", {})
    return file


def there(node: Node) -> set[str]:
    with node.ctx.engine.connect() as connection:
        return {*connection.scalars(sa.select(files.c.id))}


def test_forgotten_where_a_row_goes_back_beside_it(node: Node, anvil: Anvil) -> None:
    leaf = with_a_case(node, anvil, 1)
    beside = answered(node, leaf, "conflict")
    same = answered(node, leaf, "duplicate")
    other = answered(node, bytes(32), "conflict")
    order_and_record(node, anvil, leaf)
    assert node.erasures.step()
    assert there(node) == {same, other}, beside


def test_one_that_is_being_answered_is_waited_for(node: Node, anvil: Anvil) -> None:
    leaf = with_a_case(node, anvil, 1)
    waiting = answered(node, leaf, "conflict", ended=False)
    order_and_record(node, anvil, leaf)
    assert not node.erasures.step()
    assert there(node) == {waiting}
    with node.ctx.engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs SET state = 'done', ended_at = 1"))
    assert node.erasures.step()
    assert there(node) == set()
