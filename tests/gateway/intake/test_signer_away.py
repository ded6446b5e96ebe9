"""A signer that is away, hangs, or signs with another key: nothing is lost, and nobody waits for it
longer than once."""

import asyncio
import dataclasses
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.base.errors import NotReady
from gateway.chain import watched
from gateway.files.models import file_parts
from gateway.intake import batcher
from gateway.intake.worker import Rows
from gateway.jobs.tasks import MAX_ATTEMPTS
from gateway.node import Node
from gateway.records.models import records
from ledger.chain.keys.signers import RemoteSigner
from ledger.core.keys import Alg, Purpose
from tests.gateway.files.desk import Desk
from tests.gateway.files.work import let_go
from tests.gateway.intake.material import bearer, count, new_token, record, row
from tests.support.callers import CENTRE
from tests.support.node import FORKED, LOG_ID, make_facts, make_keys, without
from tests.support.sheets import GOOD, csv_text

SINGLES = batcher.MAX_BATCH + 44
"""More than one set."""


class Remote(RemoteSigner):
    """Counts how often it is asked."""

    asked = 0

    def sign_digest(self, digest: bytes) -> bytes:
        self.asked += 1
        return super().sign_digest(digest)


@pytest.fixture(params=["away", "hanging"])
def signer(request: pytest.FixtureRequest, node: Node) -> Iterator[Remote]:
    """Signs the promises of the node from now on, or rather does not."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        if request.param == "hanging":
            listening.listen(64)  # connections come into being; nobody takes them
        key = node.signing.keys.anchor.public_key
        url = f"http://127.0.0.1:{port}/"
        made = Remote(url, alg=Alg.SECP256K1, public_key=key, token="t", timeout=0.5)
        node.signing.use(dataclasses.replace(node.signing.keys, anchor=made))
        yield made
        made.close()


async def flood(node: Node, count: int) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app=create_app(node))
    headers = bearer(new_token(node)) | {"Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        await client.get("/v1/files", headers=headers)  # strangers have fewer places
        bodies = [orjson.dumps(record(n)) for n in range(count)]
        sent = [client.post("/v1/records", content=body, headers=headers) for body in bodies]
        return await asyncio.gather(*sent)


def test_singles_are_told_at_once(
    node: Node, signer: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batcher, "WINDOW", 5.0)  # all of them wait before the first set
    answers = asyncio.run(flood(node, SINGLES))
    assert {answer.status_code for answer in answers} == {503}
    told = answers[0].json()
    assert (told["code"], told["reason"]) == ("not-ready", "signer-unavailable")
    assert "签名" in told["text"]["zh"] and answers[0].headers["Retry-After"]
    assert signer.asked == 1, "the second set was not tried, and no record alone"
    assert count(node, records) == 0


def test_a_record_that_breaks_its_set_and_then_a_signer_that_hangs(
    node: Node, signer: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried one by one they would wait for the signer one by one."""
    monkeypatch.setattr(batcher, "WINDOW", 5.0)
    submit, calls = node.intake.submit_mixed, []

    def broken(**options: Any) -> Any:
        calls.append(len(options["rows"]))
        if len(calls) == 1:
            raise RuntimeError("one of them broke it")
        return submit(**options)

    monkeypatch.setattr(node.intake, "submit_mixed", broken)
    answers = asyncio.run(flood(node, 20))
    assert {answer.status_code for answer in answers} == {503}
    assert (calls, signer.asked) == ([20, 1], 1)


def test_a_file_waits(node: Node, signer: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "PAUSE", 0.0)
    keys = node.signing.keys
    desk = Desk(node)
    place = desk.post(csv_text(GOOD).encode()).headers["Location"]
    for _ in range(MAX_ATTEMPTS + 2):
        desk.work()
        answer = desk.answer(place)
        assert (answer["state"], answer["rows"]) == ("queued", 0)
        let_go(node)
    (job,) = node.jobs.listed()
    assert (job.state, job.code, job.attempts) == ("queued", "signer-unavailable", 0)
    assert signer.asked == MAX_ATTEMPTS + 2
    assert count(node, file_parts) == 1
    node.signing.use(dataclasses.replace(keys, anchor=make_keys().anchor))
    node.chain.put(make_facts(node.signing.keys))
    desk.work()
    assert desk.answer(place)["counts"]["accepted"] == 1


def test_a_signer_with_another_key(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the signer that is at fault, not the record nor the log."""
    other = make_keys().anchor

    class Wrong(Remote):
        def _ask(self, what: Any, size: int) -> bytes:
            return other.sign_digest(bytes.fromhex(what["digest"][2:]))

    key = node.signing.keys.anchor.public_key
    wrong = Wrong("http://127.0.0.1:1/", alg=Alg.SECP256K1, public_key=key, token="t")
    node.signing.use(dataclasses.replace(node.signing.keys, anchor=wrong))
    with pytest.raises(NotReady) as caught:
        node.intake.submit_set(caller=CENTRE, rows=[row()])
    assert caught.value.code == "signer-unavailable"
    wrong.close()


# ---- drafted before, promised after


def suspend(node: Node) -> None:
    node.chain.put(make_facts(node.signing.keys, active=False))


def revoke(node: Node) -> None:
    facts, now = make_facts(node.signing.keys), node.ctx.clock.seconds()
    node.chain.put(without(facts, Purpose.ANCHOR, not_after=now + 5))
    node.ctx.clock = Clock(node.ctx.clock.now() + timedelta(seconds=6))


def revoke_note(node: Node) -> None:
    facts = make_facts(node.signing.keys)
    node.chain.put(without(facts, Purpose.NOTE, compromised_since=node.ctx.clock.seconds()))


def close_log(node: Node) -> None:
    node.chain.put(make_facts(node.signing.keys, logs=()))


def fault(node: Node) -> None:
    node.ctx.health.note(LOG_ID, FORKED)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (suspend, "member-suspended"),
        (revoke, "anchor-key-not-valid"),
        (revoke_note, "note-key-not-valid"),
        (close_log, "no-open-log"),
        (fault, "log-fault"),
    ],
)
def test_nothing_is_promised_after_it(
    node: Node, change: Callable[[Node], None], code: str
) -> None:
    begun = node.intake.begin(Rows([row()]))
    change(node)
    with pytest.raises(NotReady) as caught:
        node.intake.finish(begun, callers=[CENTRE])
    assert caught.value.code == code
    assert count(node, records) == 0
