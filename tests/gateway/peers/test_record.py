"""A record of another member: two real gateways, a real chain, and what a peer may do wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest
import sqlalchemy as sa

from gateway.accesses.services import Line, Wanted, newest
from gateway.base.db import begin_write
from gateway.base.policy import NotAllowed
from gateway.log.located import locate
from gateway.peers.errors import BadAnswer, PeerRefused, PeerSilent
from gateway.receipts.interfaces import Audience
from gateway.records.models import closings
from ledger.core import canonical
from ledger.core import receipt as receipts
from ledger.core.keys import Purpose
from ledger.exchange import signatures
from ledger.exchange.signatures import Fields, Request
from tests.gateway.peers.conftest import AUDITOR, BANK, BEIJING, TIANJIN
from tests.support.archiving import archive
from tests.support.callers import CENTRE
from tests.support.erasing import erase
from tests.support.peers import Network, row
from tests.support.relay import (
    Answered,
    Fault,
    Forward,
    Seen,
    change,
    drop_request,
    drop_response,
    instead,
)


@pytest.fixture(scope="module")
def filed(network: Network) -> list[bytes]:
    """Three records of Beijing: two public, one that is only shared."""
    return network[BEIJING].file(row(1), row(2), row(3, class_="minor"))


def accesses(network: Network, code: str, member: str) -> list[Line]:
    return newest(network[code].node.ctx.engine, Wanted(member=member), 100)


def test_a_public_record_is_given_bound_to_the_asker(network: Network, filed: list[bytes]) -> None:
    for asker in (TIANJIN, BANK, AUDITOR):
        taken = network[asker].peers.record(BEIJING, filed[0])
        assert taken.verdict.verdict == "valid"
        found = receipts.parse(taken.receipt)
        assert found.record_id == filed[0]
        assert found.binding is not None and found.binding.audience == asker
        assert taken.verdict.record is not None
        assert taken.verdict.record["CF_WSH"] == "样市监罚〔2026〕1号"
        (line, *_) = accesses(network, BEIJING, asker)
        assert (line.token, line.purpose, line.answer) == (None, "exchange-record", "allowed")
        assert (line.record, line.rules) == (found.leaf.hex(), 1)


def refused(network: Network, asker: str, record_id: bytes) -> str:
    with pytest.raises(PeerRefused) as caught:
        network[asker].peers.record(BEIJING, record_id)
    assert caught.value.status == 403
    return caught.value.code


def test_what_is_not_public_is_not_granted(network: Network, filed: list[bytes]) -> None:
    """Nor is what is not there, in the same words; each refusal stands in the access log."""
    before = sum(line.count for line in accesses(network, BEIJING, TIANJIN))
    assert refused(network, TIANJIN, filed[2]) == "not-granted"
    assert refused(network, TIANJIN, bytes(32)) == "not-granted"
    leaf = receipts.parse(network[TIANJIN].peers.record(BEIJING, filed[1]).receipt).leaf
    assert refused(network, TIANJIN, leaf) == "not-granted"
    lines = accesses(network, BEIJING, TIANJIN)
    assert sum(line.count for line in lines) == before + 4
    assert {line.answer for line in lines} == {"allowed", "not-granted"}


def test_erased_is_not_granted(network: Network) -> None:
    (record_id,) = network[BEIJING].file(row(20))
    taken = network[TIANJIN].peers.record(BEIJING, record_id)
    node = network[BEIJING].node
    with begin_write(node.ctx.engine) as connection:
        erase(connection, receipts.parse(taken.receipt).leaf)
    assert refused(network, TIANJIN, record_id) == "not-granted"


def test_content_in_the_archive(network: Network) -> None:
    """Whoever may have the record is told why it does not come; nothing is compared with it."""
    record_id, shared = network[BEIJING].file(row(21), row(22, class_="minor"))
    node = network[BEIJING].node
    with begin_write(node.ctx.engine) as connection:
        archive(connection, *map(network[BEIJING].leaf, (record_id, shared)))
    with pytest.raises(PeerRefused) as caught:
        network[TIANJIN].peers.record(BEIJING, record_id)
    assert (caught.value.code, caught.value.status) == ("content-archived", 409)
    assert accesses(network, BEIJING, TIANJIN)[0].answer == "content-archived"
    assert refused(network, TIANJIN, shared) == "not-granted", "as of any that is not for it"
    assert network[BANK].peers.check(BEIJING, record_id, {"CF_NR": "x"}) is None
    code = {"CF_XDR_SHXYM": "91110000600037341L"}
    assert network[BANK].peers.check(BEIJING, record_id, code) is None


def test_promised_is_not_anchored(network: Network) -> None:
    node = network[BEIJING].node
    answer = node.intake.submit_set(caller=CENTRE, rows=[row(30)])
    record_id = bytes.fromhex(str(answer.rows[0].record_id))
    with pytest.raises(PeerSilent) as caught:
        network[TIANJIN].peers.record(BEIJING, record_id)
    assert caught.value.code == "not-anchored"
    network[BEIJING].settle()
    assert network[TIANJIN].peers.record(BEIJING, record_id).verdict.verdict == "valid"


def test_authorisation_is_unknown(network: Network, filed: list[bytes]) -> None:
    """Whatever record it is for: nobody learns by it what there is."""
    for record_id in (filed[0], filed[2], bytes(32)):
        body = orjson.dumps({"recordId": record_id.hex(), "authorisation": {}})
        with pytest.raises(PeerRefused) as caught:
            network[BANK].peers.ask(BEIJING, "record", body)
        assert caught.value.code == "authorisation-unknown"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"recordId":1}',
        b'{"recordId":"00"}',
        b'{"recordId":"' + b"AA" * 32 + b'"}',
        b'{"recordId":"' + b"00" * 32 + b'","more":1}',
        b'{"recordId":"' + b"00" * 32 + b'","authorisation":"x"}',
        b"[" * 5000,
    ],
)
def test_bodies_of_another_form(network: Network, body: bytes) -> None:
    with pytest.raises(PeerRefused) as caught:
        network[BANK].peers.ask(BEIJING, "record", body)
    assert (caught.value.code, caught.value.status) == ("schema-invalid", 422)


def other_record(network: Network, record_id: bytes) -> Callable[[Answered], Answered]:
    """What Beijing answers about another record, in the same signature."""

    def made(answer: Answered) -> Answered:
        return replace(answer, body=network[BEIJING].relay.answered[0].body)

    return made


def flipped(answer: Answered) -> Answered:
    return replace(answer, body=answer.body.replace(b'"size', b'"siz_', 1))


FAULTS: list[tuple[str, Callable[[Answered], Answered], str]] = [
    ("unsigned", lambda a: a.without("signature", "signature-input"), "answer-unsigned"),
    ("half signed", lambda a: a.without("signature-input"), "answer-unsigned"),
    ("two signatures", lambda a: a.with_header("Signature", "sig=:AA==:, x=:AA==:"), "answer-form"),
    ("another body", flipped, "answer-digest"),
    ("another status", lambda a: replace(a, status=201), "answer-signature"),
    ("no digest", lambda a: a.without("content-digest"), "answer-form"),
    (
        "redirect",
        lambda a: Answered(307, [("Location", "http://127.0.0.1:1/")], b""),
        "answer-unsigned",
    ),
    (
        "a page",
        lambda a: Answered(200, [("content-type", "text/html")], b"<html>"),
        "answer-unsigned",
    ),
    ("too much", lambda a: replace(a, body=b"x" * (3 << 20)), "answer-too-large"),
    ("packed", lambda a: a.with_header("content-encoding", "gzip"), "answer-malformed"),
]


@pytest.mark.parametrize(("fault", "code"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_peer_that_answers_wrong(
    network: Network, filed: list[bytes], fault: Callable[[Answered], Answered], code: str
) -> None:
    network[BEIJING].relay.on(change(fault))
    with pytest.raises(BadAnswer) as caught:
        network[TIANJIN].peers.record(BEIJING, filed[0])
    assert caught.value.code == code
    network[BEIJING].relay.clear()
    assert network[TIANJIN].peers.record(BEIJING, filed[0]).verdict.verdict == "valid"


def test_a_replayed_answer(network: Network, filed: list[bytes]) -> None:
    """Signed, by the right key, about the right record: to another request."""
    network[TIANJIN].peers.record(BEIJING, filed[0])
    before = network[BEIJING].relay.answered[-1]
    network[BEIJING].relay.on(instead(before))
    with pytest.raises(BadAnswer) as caught:
        network[TIANJIN].peers.record(BEIJING, filed[0])
    assert caught.value.code == "answer-replayed"


def test_an_answer_of_another_member(network: Network, filed: list[bytes]) -> None:
    """Whoever stands in for Beijing signs with a key that is none of Beijing's."""
    relay = network[BEIJING].relay
    upstream, relay.upstream = relay.upstream, network[TIANJIN].url
    try:
        with pytest.raises(PeerSilent) as caught:
            network[BANK].peers.record(BEIJING, filed[0])
        assert (caught.value.code, caught.value.message) == ("not-recognised", "other-member")
    finally:
        relay.upstream = upstream


@pytest.mark.parametrize("fault", [drop_request(), drop_response()], ids=["without", "with effect"])
def test_nothing_comes(network: Network, filed: list[bytes], fault: object) -> None:
    relay = network[BEIJING].relay
    relay.on(fault, times=1)  # type: ignore[arg-type]
    with pytest.raises(PeerSilent) as caught:
        network[TIANJIN].peers.record(BEIJING, filed[0])
    assert caught.value.code == "unreachable"
    assert network[TIANJIN].peers.record(BEIJING, filed[0]).verdict.verdict == "valid"


def test_a_proxy_that_is_busy(network: Network, filed: list[bytes]) -> None:
    network[BEIJING].relay.on(instead(Answered(503, [], b"later")))
    with pytest.raises(PeerSilent) as caught:
        network[TIANJIN].peers.record(BEIJING, filed[0])
    assert caught.value.code == "peer-busy"


def test_members_that_are_not_there(network: Network) -> None:
    for member, code in (("999999", "peer-unknown"), ("130000", "name-unknown")):
        with pytest.raises(PeerSilent) as caught:
            network[TIANJIN].peers.record(member, bytes(32))
        assert caught.value.code == code


def test_nothing_of_it_is_kept_in_clear(network: Network, filed: list[bytes]) -> None:
    """The tables of the exchange hold codes and numbers only."""
    with network[BEIJING].node.ctx.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT key_id, nonce FROM peer_nonces")).all()
    assert rows and all(len(key) == 32 and len(nonce) == 16 for key, nonce in rows)


def resigned(network: Network, answer: Answered, request: Seen, body: bytes) -> Answered:
    """The answer with another body, signed by Beijing: the peer itself lies."""
    asked = Request(path=request.path, headers=Fields(request.headers))
    made = signatures.Answer(status_code=answer.status, headers=Fields(), request=asked)
    key = network.chain.keys[BEIJING, Purpose.REQUEST]
    now = network[BEIJING].node.ctx.clock.seconds()
    nonce = signatures.read_request(asked.headers).nonce
    signatures.sign_answer(made, body, key, created=now, nonce=nonce)
    return Answered(answer.status, made.headers.items(), body)


def lying(network: Network, change: Callable[[Seen, bytes], bytes]) -> Fault:
    def fault(seen: Seen, forward: Forward) -> Answered:
        answer = forward(seen)
        return resigned(network, answer, seen, change(seen, answer.body))

    return fault


def nonce_of(seen: Seen) -> str:
    return str(signatures.read_request(Fields(seen.headers)).nonce)


def told(receipt: bytes) -> bytes:
    return canonical.encode({"receipt": receipt.decode()})


def receipt_for(network: Network, record_id: bytes, audience: str, nonce: str) -> bytes:
    made = network[BEIJING].node.receipts.bound(record_id, Audience(code=audience, nonce=nonce))
    assert isinstance(made, bytes)
    return made


def edited(body: bytes, **changes: object) -> bytes:
    value = json.loads(json.loads(body)["receipt"]) | changes
    return told(canonical.encode({k: v for k, v in value.items() if v is not None}) + b"\n")


def with_flipped_path(_seen: Seen, body: bytes) -> bytes:
    path = json.loads(json.loads(body)["receipt"])["path"]
    assert path
    return edited(body, path=[f"{int(path[0], 16) ^ 1:064x}", *path[1:]])


def with_another_anchor(_seen: Seen, body: bytes) -> bytes:
    anchor = json.loads(json.loads(body)["receipt"])["anchor"]
    return edited(body, anchor=anchor | {"tx": "0x" + "11" * 32, "block": 1})


LIES: list[tuple[str, Callable[[Seen, bytes], bytes], str]] = [
    ("a forged proof", with_flipped_path, "receipt-false"),
    ("no binding", lambda _, body: edited(body, binding=None), "binding-differs"),
    ("no presentation", lambda _, b: edited(b, binding=None, presentation=None), "binding-differs"),
    ("no receipt", lambda _, body: b"{}", "answer-malformed"),
    ("no JSON", lambda _, body: b"{", "answer-malformed"),
    ("half a receipt", lambda _, body: body.replace(b"}\\n", b"\\n"), "answer-malformed"),
    ("a surrogate", lambda _, body: b'{"receipt":"\\ud800"}', "answer-malformed"),
]


@pytest.mark.parametrize(("lie", "code"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES])
def test_a_peer_that_lies(
    network: Network, filed: list[bytes], lie: Callable[[Seen, bytes], bytes], code: str
) -> None:
    """And signs its lie."""
    network[BEIJING].relay.on(lying(network, lie))
    with pytest.raises(BadAnswer) as caught:
        network[TIANJIN].peers.record(BEIJING, filed[0])
    assert caught.value.code == code


def test_a_peer_that_gives_another_record(network: Network, filed: list[bytes]) -> None:
    """A good one, bound to us and to this very request."""

    def other(seen: Seen, _body: bytes) -> bytes:
        return told(receipt_for(network, filed[1], TIANJIN, nonce_of(seen)))

    network[BEIJING].relay.on(lying(network, other))
    with pytest.raises(BadAnswer) as caught:
        network[TIANJIN].peers.record(BEIJING, filed[0])
    assert caught.value.code == "other-record"


def test_a_receipt_that_was_made_for_somebody_else(network: Network, filed: list[bytes]) -> None:
    """Or for another request of ours."""
    for audience, nonce in ((BANK, None), (TIANJIN, "AAAAAAAAAAAAAAAAAAAAAA")):

        def other(seen: Seen, _body: bytes, who: str = audience, one: str | None = nonce) -> bytes:
            return told(receipt_for(network, filed[0], who, one or nonce_of(seen)))

        network[BEIJING].relay.clear()
        network[BEIJING].relay.on(lying(network, other))
        with pytest.raises(BadAnswer) as caught:
            network[TIANJIN].peers.record(BEIJING, filed[0])
        assert caught.value.code == "binding-differs"


def test_an_anchor_that_is_nowhere(network: Network, filed: list[bytes]) -> None:
    """The root is on the chain and its place is not: another receipt is to be asked for."""
    network[BEIJING].relay.on(lying(network, with_another_anchor))
    with pytest.raises(PeerSilent) as caught:
        network[TIANJIN].peers.record(BEIJING, filed[0])
    assert (caught.value.code, caught.value.message) == ("receipt-unchecked", "anchor-moved")


def test_what_was_closed_a_moment_ago_leaves_no_more(network: Network) -> None:
    """Policy was asked before the act was obeyed, the receipt is made after it."""
    (record,) = network[BEIJING].file(row(460))
    node = network[BEIJING].node
    audience = Audience(code=BANK, nonce="n")
    assert isinstance(node.receipts.bound(record, audience), bytes)
    with node.ctx.engine.connect() as connection:
        entry = locate(connection, record)
    assert entry is not None
    with begin_write(node.ctx.engine) as connection:
        values = {"entry": entry.id, "record": record, "since": 1}
        connection.execute(sa.insert(closings).values(values))
    try:
        with pytest.raises(NotAllowed) as caught:
            node.receipts.bound(record, audience)
    finally:
        with begin_write(node.ctx.engine) as connection:
            connection.execute(sa.delete(closings).where(closings.c.entry == entry.id))
    assert caught.value.code == "content-closed"
