"""Tokens: issued once, stored hashed, revoked in seconds."""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.requests import Request

from gateway.base.policy import NotAllowed, Purpose
from gateway.http.problems import Problem
from gateway.node import Node
from gateway.tokens import services
from gateway.tokens.models import tokens
from gateway.tokens.services import (
    PREFIX,
    Guard,
    add_token,
    list_tokens,
    require,
    revoke_token,
)
from ledger.core.errors import InputError
from tests.support.node import make_test_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_test_node(tmp_path)
    yield node
    node.close()


def add(node: Node, *scopes: str) -> tuple[int, str]:
    return add_token(
        node.ctx.engine, name="甲", scopes=scopes, department="市监局", now=node.ctx.clock.now()
    )


def test_found_by_its_text_only(node: Node) -> None:
    token_id, token = add(node, "read", "submit")
    assert token.startswith(PREFIX)
    caller = node.holders.find(token)
    assert caller is not None
    assert (caller.id, caller.name, caller.department) == (token_id, "甲", "市监局")
    assert caller.scopes == {"submit", "read"}
    for other in ("", token[:-1], token + "x", token.upper(), "\ud800"):
        assert node.holders.find(other) is None


def test_only_the_hash_is_stored(node: Node, tmp_path: Path) -> None:
    _, token = add(node, "submit")
    with node.ctx.engine.connect() as connection:
        row = connection.execute(sa.select(tokens)).one()
    assert row.digest == hashlib.sha256(token.encode()).digest()
    node.close()
    assert all(token.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_no_two_alike(node: Node) -> None:
    assert len({add(node, "submit")[1] for _ in range(20)}) == 20


def test_what_belongs_to_a_holder(node: Node) -> None:
    """Their tokens are those of one name, department and authorities, revoked ones too; a name
    alone makes nobody the same."""
    now, engine = node.ctx.clock.now(), node.ctx.engine
    first, token = add(node, "read")
    second, _ = add(node, "submit")
    for name, department, codes in (
        ("甲", "交通局", []),
        ("乙", "市监局", []),
        ("甲", "市监局", ["11110105MA700000XC"]),
        ("甲", None, []),
    ):
        add_token(
            engine, name=name, scopes=["read"], department=department, authorities=codes, now=now
        )
    caller = node.holders.find(token)
    assert caller is not None
    revoke_token(engine, first, now=now)
    with engine.connect() as connection:
        assert node.holders.tokens_of(connection, caller) == [second, first]


def test_who_acts_for_a_holder(node: Node) -> None:
    """The token itself while it is in force and good for it, else another one of theirs that is."""
    now, engine = node.ctx.clock.now(), node.ctx.engine
    first, _ = add(node, "read")
    second, _ = add(node, "read")
    third, _ = add(node, "submit")

    def acting() -> int | None:
        found = node.holders.acting(first, Purpose.FOLLOW)
        return None if found is None else found.id

    assert acting() == first
    revoke_token(engine, first, now=now)
    assert acting() == second
    revoke_token(engine, second, now=now)
    assert acting() is None, "the third may not read"
    assert node.holders.acting(third, Purpose.SUBMIT) is not None
    assert node.holders.acting(99, Purpose.FOLLOW) is None


def test_revoked(node: Node) -> None:
    token_id, token = add(node, "submit")
    other_id, other = add(node, "read")
    assert revoke_token(node.ctx.engine, token_id, now=node.ctx.clock.now())
    assert node.holders.find(token) is None
    assert node.holders.find(other) is not None
    assert not revoke_token(node.ctx.engine, token_id, now=node.ctx.clock.now())
    assert not revoke_token(node.ctx.engine, 99, now=node.ctx.clock.now())
    listed = list_tokens(node.ctx.engine)
    assert [row.id for row in listed] == [token_id, other_id]
    assert [row.revoked_at is None for row in listed] == [False, True]
    assert listed[0].scopes == ("submit",)


@pytest.mark.parametrize("scopes", [(), ("write",), ("submit", "root")])
def test_unknown_scopes(node: Node, scopes: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        add(node, *scopes)


class TestRequire:
    """The dependency that routes use."""

    def request(self, node: Node, authorization: str | None, rate: float = 100) -> Request:
        class App:
            class state:  # noqa: N801 - as Starlette names it
                guard = Guard(node.holders, node.accesses, rate)

        headers = [] if authorization is None else [(b"authorization", authorization.encode())]
        return Request({"type": "http", "app": App, "headers": headers, "state": {}})

    async def ask(self, request: Request, purpose: Purpose = Purpose.SUBMIT) -> str:
        """The caller's name, or the code of the refusal."""
        try:
            return (await require(purpose)(request)).name
        except (Problem, NotAllowed) as refused:
            return refused.code

    @pytest.mark.parametrize(
        ("header", "answer"),
        [
            (None, "token-missing"),
            ("", "token-missing"),
            ("Bearer", "token-missing"),
            ("Bearer  ", "token-missing"),
            ("Basic {token}", "token-missing"),
            ("{token}", "token-missing"),
            ("Bearer x{token}", "token-unknown"),
            ("Bearer " + "x" * 5000, "token-unknown"),
            ("Bearer {token}", "甲"),
            ("bearer   {token} ", "甲"),
        ],
    )
    def test_header(self, node: Node, header: str | None, answer: str) -> None:
        token = add(node, "submit")[1]
        sent = header and header.format(token=token)
        assert asyncio.run(self.ask(self.request(node, sent))) == answer

    @pytest.mark.parametrize(
        ("held", "wanted", "allowed"),
        [
            ("submit", Purpose.SUBMIT, True),
            ("submit", Purpose.FILES, True),
            ("submit", Purpose.SHOW, False),
            ("read", Purpose.SUBMIT, False),
            ("read", Purpose.REPORT, False),
            ("admin", Purpose.SUBMIT, True),
            ("admin", Purpose.DISCLOSE, True),
        ],
    )
    def test_scopes(self, node: Node, held: str, wanted: Purpose, allowed: bool) -> None:
        request = self.request(node, f"Bearer {add(node, held)[1]}")
        answer = asyncio.run(self.ask(request, wanted))
        assert answer == ("甲" if allowed else "scope-missing")

    def test_remembered_for_seconds_only(self, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
        token_id, token = add(node, "submit")
        request = self.request(node, f"Bearer {token}")
        assert asyncio.run(self.ask(request)) == "甲"
        revoke_token(node.ctx.engine, token_id, now=node.ctx.clock.now())
        assert asyncio.run(self.ask(request)) == "甲"
        monkeypatch.setattr(services, "MEMORY_SECONDS", 0.0)
        assert asyncio.run(self.ask(request)) == "token-unknown"

    def test_memory_is_bounded(self, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(services, "MEMORY_SIZE", 3)
        guard = Guard(node.holders, node.accesses, 100)
        for _ in range(10):
            asyncio.run(guard.recognise(add(node, "submit")[1]))
            assert len(guard._known) <= 3

    def test_rate(self, node: Node) -> None:
        request = self.request(node, f"Bearer {add(node, 'submit')[1]}", rate=2)
        answers = [asyncio.run(self.ask(request)) for _ in range(6)]
        assert answers[:4] == ["甲"] * 4
        assert answers[5] == "too-many-requests"


def test_the_line_of_issuers(node: Node) -> None:
    """Up to the one that the operator issued; without end no more than once round."""
    numbers: list[int] = []
    for name in ("处长", "副处长", "员"):
        number, _ = add_token(
            node.ctx.engine,
            name=name,
            scopes=("read",),
            department="甲局",
            now=node.ctx.clock.now(),
            issued_by=numbers[-1] if numbers else None,
        )
        numbers.append(number)
    head, deputy, clerk = numbers
    with node.ctx.engine.begin() as connection:
        line = node.holders.line(connection, clerk)
        assert line == [(clerk, "员"), (deputy, "副处长"), (head, "处长")]
        assert node.holders.line(connection, head) == [(head, "处长")]
        assert node.holders.line(connection, clerk + 1) == []
        connection.execute(sa.update(tokens).where(tokens.c.id == head).values(issued_by=clerk))
        assert len(node.holders.line(connection, clerk)) == 3
