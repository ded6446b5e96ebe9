"""Promises held against a real chain and real logs: kept, late, broken, and what is no promise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.audit.leaf_search import SECONDS
from ledger.audit.log_sources import log_sources
from ledger.audit.promise_codes import PROMISES
from ledger.audit.promise_files import Given, NoPromise, read_promises
from ledger.audit.tiles import HttpFetch
from ledger.chain.contracts.bindings import Consortium
from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.network import Rebuilt
from ledger.chain.nodes.http import Http
from ledger.chain.nodes.quorum import QuorumReader
from ledger.cli.main import run
from ledger.core import merkle
from ledger.core.canonical import instant
from ledger.core.errors import VersionUnknown
from ledger.core.ids import Digest, LogId, sha256
from ledger.core.keys import Alg, Purpose
from ledger.core.promise import Promise
from tests.audit.conftest import Ledger
from tests.audit.desk import Desk
from tests.audit.promised import HOUR, of_file, of_lines, of_one, promise_of
from tests.support.ledger import MemberLog, make_record, serve
from tests.support.votes import close_log, compromise, set_endpoint

NOWHERE = "http://127.0.0.1:9"  # the port of nobody


@dataclass
class Holder:
    """Whoever got a promise of Tianjin, and checks it."""

    ledger: Ledger
    folder: Path
    capture: pytest.CaptureFixture[bytes]
    monkeypatch: pytest.MonkeyPatch

    @property
    def log(self) -> MemberLog:
        return self.ledger.tianjin

    def put(self, count: int = 3, log: MemberLog | None = None) -> list[Digest]:
        """Entries, not yet anchored; their leaves."""
        log = log or self.log
        for _ in range(count):
            log.put(make_record(log))
        return log.leaves()[-count:]

    def alone(self) -> None:
        """Nobody else can be reached."""
        for member in ("110000", "130000", "140000"):
            set_endpoint(self.ledger.network, member, "")

    def wait(self, seconds: int) -> None:
        self.ledger.network.anvil.mine(seconds=seconds)

    def check(self, data: bytes, *more: str) -> tuple[int, Any]:
        """Exit code and document; of a refusal the text."""
        anvil = self.ledger.network.anvil
        anvil.mine(2)
        (self.folder / "network.json").write_bytes(self.ledger.network.file.encode())
        (self.folder / "answer.json").write_bytes(data)
        self.monkeypatch.setenv("CREDIT_LEDGER_NOW", instant(anvil.head_time()))
        self.monkeypatch.setenv("CREDIT_LEDGER_LANG", "en")
        command = ["audit", "promise", str(self.folder / "answer.json")]
        code = run([*command, "--network", str(self.folder / "network.json"), *more])
        out, err = self.capture.readouterr()
        return code, orjson.loads(out) if "--json" in more and out else (out + err).decode()

    def told(self, data: bytes, *more: str) -> tuple[int, str, dict[str, Any]]:
        """Exit code, code and the first promise of the document."""
        code, document = self.check(data, "--json", *more)
        assert document["_type"] == "credit-ledger/promise-audit@1"
        found = document["promises"][0]
        assert found["message"] == PROMISES[found["code"]].message
        assert found["outcome"] == PROMISES[found["code"]].outcome
        return code, found["code"], found

    @contextmanager
    def served(self, **options: Any) -> Iterator[str]:
        """The logs at the URL that Tianjin registered, and nobody else's."""
        with serve(self.ledger.beijing, self.log, **options) as url:
            set_endpoint(self.ledger.network, self.log.member, url)
            yield url


@pytest.fixture
def holder(
    ledger: Ledger,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Holder:
    return Holder(ledger, tmp_path, capfdbinary, monkeypatch)


# ---- kept, late, broken


def test_met_whatever_file_it_is_kept_in(holder: Holder) -> None:
    leaves = holder.put(3)
    made = promise_of(holder.log, leaves)
    anchored = holder.log.anchor()
    single = promise_of(holder.log, leaves[1:2])
    desk = Desk(holder.ledger, holder.folder)
    said = desk.say(holder.log.member, sort="dummy", members={})
    opening = desk.promised(said, due=desk.now + HOUR)
    desk.batch(holder.log.member)
    holder.wait(2 * HOUR)
    holder.put(1)
    first = holder.log.anchor()
    with holder.served():
        code, name, told = holder.told(of_file(made, leaves))
        assert (code, name, told["member"], told["late"]) == (0, "promise-met", "120000", 0)
        assert (told["due"], told["count"]) == (instant(made.due), 3)
        assert told["keyId"] == holder.log.key(Purpose.ANCHOR).key_id.hex()
        after = told["firstAfterDue"]
        assert (after["block"], after["size"]) == (first.block, first.size)
        assert (after["time"], after["tx"]) == (instant(first.time), first.tx)
        for index, leaf in enumerate(told["leaves"], start=3):
            assert (leaf["index"], leaf["inFirstAfterDue"], leaf["late"]) == (index, True, 0)
            assert leaf["anchored"]["block"] == anchored.block
        for data in (
            of_lines(made, leaves),
            of_one(made, leaves, 2),
            orjson.dumps(single.to_json()),
            opening.encode(),
            orjson.dumps({"answer": "…", "opening": orjson.loads(opening.encode())}),
            of_one(opening.promised.promise, [opening.leaf], leaf=None,  # type: ignore[union-attr]
                   authorisation=said.commitment.hex()),
        ):  # fmt: skip
            assert holder.told(data)[:2] == (0, "promise-met")


def test_late_is_broken_and_says_by_how_much(holder: Holder) -> None:
    leaves = holder.put(2)
    made = promise_of(holder.log, leaves)
    kept = list(holder.log.entries[-2:])
    del holder.log.entries[-2:]
    holder.log.put(make_record(holder.log, secret=sha256(b"another record")))
    holder.wait(2 * HOUR)
    first = holder.log.anchor()
    holder.log.entries += kept
    holder.wait(HOUR)
    second = holder.log.anchor()
    with holder.served():
        code, name, told = holder.told(of_file(made, leaves))
        assert (code, name) == (1, "promise-late")
        assert told["firstAfterDue"]["size"] == first.size == 4
        assert [leaf["index"] for leaf in told["leaves"]] == [4, 5]
        assert {leaf["inFirstAfterDue"] for leaf in told["leaves"]} == {False}
        assert told["late"] == second.time - made.due > 0
        code, text = holder.check(of_file(made, leaves))
        assert code == 1
        assert "[promise-late]" in text and "not in the first anchor" in text


def test_an_anchor_that_comes_too_late_has_it(holder: Holder) -> None:
    """The first after `due` holds the leaf: late all the same."""
    leaves = holder.put(2)
    made = promise_of(holder.log, leaves)
    holder.wait(2 * HOUR)
    first = holder.log.anchor()
    with holder.served():
        code, name, told = holder.told(of_file(made, leaves))
    assert (code, name, told["late"]) == (1, "promise-late", first.time - made.due)
    assert {leaf["inFirstAfterDue"] for leaf in told["leaves"]} == {True}


def test_the_very_second_counts(holder: Holder) -> None:
    leaves = holder.put(1)
    anchored = holder.log.anchor()
    just = promise_of(holder.log, leaves, issued=anchored.time - HOUR)
    short = promise_of(holder.log, leaves, issued=anchored.time - HOUR, due_in=HOUR - 1)
    assert just.due == anchored.time
    with holder.served():
        assert holder.told(of_file(just, leaves))[:2] == (0, "promise-met")
        code, name, told = holder.told(of_file(short, leaves))
        assert (code, name, told["late"]) == (1, "promise-late", 1)


def test_broken_with_and_without_an_anchor_since(holder: Holder) -> None:
    promised = [sha256(b"never logged")]
    made = promise_of(holder.log, promised)
    with holder.served():
        holder.wait(2 * HOUR)
        code, name, told = holder.told(of_file(made, promised))
        assert (code, name, told["firstAfterDue"]) == (1, "promise-broken", None)
        holder.put(1)
        first = holder.log.anchor()
        code, name, told = holder.told(of_file(made, promised))
        assert (code, name) == (1, "promise-broken")
        assert told["firstAfterDue"]["block"] == first.block
        assert told["leaves"] == [
            {
                "leaf": promised[0].hex(),
                **{"index": None, "inFirstAfterDue": False, "anchored": None, "late": 0},
            }
        ]
        # One leaf of several that is not there breaks the promise of all.
        half = [holder.log.leaves()[0], *promised]
        assert holder.told(of_file(promise_of(holder.log, half, issued=made.issued_at), half))[
            :2
        ] == (1, "promise-broken")


def test_many_promises_in_one_file(holder: Holder) -> None:
    there, gone = holder.log.leaves()[:2], [sha256(b"gone")]
    issued = holder.ledger.network.anvil.head_time()
    promises = [promise_of(holder.log, one, issued=issued) for one in (there, gone, there)]
    verdicts = [
        {"verdict": "accepted", "leaf": leaf.hex(), "promise": place}
        for place, leaves in enumerate((there, gone, there))
        for leaf in leaves
    ]
    data = orjson.dumps({"promises": [one.to_json() for one in promises], "verdicts": verdicts})
    with holder.served():
        assert holder.check(data, "--json")[1]["outcome"] == "unchecked"  # not due
        holder.wait(2 * HOUR)
        code, document = holder.check(data, "--json")
        assert (code, document["outcome"]) == (1, "broken")
        assert [one["outcome"] for one in document["promises"]] == ["met", "broken", "met"]
        code, text = holder.check(data)
    assert code == 1
    assert "3 promises: 2 met, 1 broken, 0 not checked" in text


def test_a_leaf_of_a_large_log_wherever_it_stands(holder: Holder) -> None:
    """Three tiles, the leaf in the first, at their edges, in the last; what stands twice counts
    where it came first."""
    log = holder.ledger.beijing
    assert len(log.entries) == 300
    before = log.leaves()
    made = promise_of(log, [before[0], before[255], before[256], before[299]])
    again = log.entries[0]
    holder.put(299, log)
    log.put_raw(again)
    holder.wait(2 * HOUR)
    log.anchor()
    with serve(log, holder.log) as url:
        set_endpoint(holder.ledger.network, log.member, url)
        data = of_file(made, [before[0], before[255], before[256], before[299]])
        code, name, told = holder.told(data)
        assert (code, name) == (0, "promise-met")
        assert [leaf["index"] for leaf in told["leaves"]] == [0, 255, 256, 299]
        late = log.leaves()[511:514]
        data = of_file(promise_of(log, late, issued=made.issued_at), late)
        code, name, told = holder.told(data)
        assert (code, name) == (1, "promise-late")
        assert [leaf["index"] for leaf in told["leaves"]] == [511, 512, 513]


# ---- neither met nor broken: nobody is accused


def test_not_due(holder: Holder) -> None:
    leaves = [sha256(b"to come")]
    made = promise_of(holder.log, leaves, due_in=50 * HOUR)
    with holder.served():
        assert holder.told(of_file(made, leaves))[:2] == (4, "promise-not-due")
        # What is anchored before it is due is met before it is due.
        leaves = holder.put(1)
        made = promise_of(holder.log, leaves, due_in=50 * HOUR)
        assert holder.told(of_file(made, leaves))[:2] == (4, "promise-not-due")
        holder.log.anchor()
        assert holder.told(of_file(made, leaves))[:2] == (0, "promise-met")


def stranger() -> LocalSigner:
    return LocalSigner(Alg.SECP256K1, new_secret())


Forged = Callable[[Holder, Sequence[Digest]], Promise]
FORGED: dict[str, tuple[str, Forged]] = {
    "by somebody else": (
        "promise-not-signed",
        lambda holder, leaves: promise_of(holder.log, leaves, signer=stranger()),
    ),
    "by another member": (
        "promise-not-signed",
        lambda holder, leaves: promise_of(
            holder.log, leaves, signer=holder.ledger.beijing.key(Purpose.ANCHOR)
        ),
    ),
    "by a key of another purpose": (
        "promise-not-signed",
        lambda holder, leaves: promise_of(
            holder.log, leaves, signer=holder.log.key(Purpose.GOVERN)
        ),
    ),
    "due earlier than was signed": (
        "promise-not-signed",
        lambda holder, leaves: replace((made := promise_of(holder.log, leaves)), due=made.due - 60),
    ),
    "of another network": (
        "promise-other-network",
        lambda holder, leaves: replace(
            promise_of(holder.log, leaves), log=LogId(sha256(b"a log elsewhere"))
        ),
    ),
    "before the key began": (
        "promise-key-not-valid",
        lambda holder, leaves: promise_of(holder.log, leaves, issued=1_577_000_000),
    ),
    "of tomorrow": (
        "promise-in-future",
        lambda holder, leaves: promise_of(
            holder.log, leaves, issued=holder.ledger.network.anvil.head_time() + 24 * HOUR
        ),
    ),
    "of tomorrow, by nobody": (
        "promise-newer-than-head",
        lambda holder, leaves: promise_of(
            holder.log,
            leaves,
            signer=stranger(),
            issued=holder.ledger.network.anvil.head_time() + 24 * HOUR,
        ),
    ),
    "of a log that is yet to come": (
        "promise-newer-than-head",
        lambda holder, leaves: replace(
            promise_of(
                holder.log, leaves, issued=holder.ledger.network.anvil.head_time() + 24 * HOUR
            ),
            log=LogId(sha256(b"a log elsewhere")),
        ),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_no_promise_of_the_member_accuses_nobody(holder: Holder, name: str) -> None:
    """Nothing of it is in the log: it would be broken, were it the member's."""
    leaves = [sha256(b"never logged")]
    expected, make = FORGED[name]
    data = of_file(make(holder, leaves), leaves)
    holder.wait(2 * HOUR)
    assert holder.told(data)[:2] == (4, expected)


def test_a_key_that_is_held_to_be_stolen(holder: Holder) -> None:
    leaves = [sha256(b"never logged")]
    made = promise_of(holder.log, leaves)
    holder.wait(2 * HOUR)
    with holder.served():
        assert holder.told(of_file(made, leaves))[:2] == (1, "promise-broken")
        key = holder.log.key(Purpose.ANCHOR).key_id
        compromise(holder.ledger.network, key, made.issued_at - 1)
        code, name, told = holder.told(of_file(made, leaves))
    assert (code, name) == (4, "promise-key-disputed")
    assert instant(made.issued_at) in told["problem"]


@pytest.mark.parametrize("over", [False, True], ids=["under way", "over"])
def test_a_chain_that_is_being_filled_anew(holder: Holder, over: bool) -> None:
    """What was kept on the one that was lost may be on its way; when the time is over it is not."""
    network = holder.ledger.network
    [there] = holder.put(1)
    gone = sha256(b"never logged")
    made = [promise_of(holder.log, [one]) for one in (there, gone)]
    holder.wait(2 * HOUR)
    since = network.anvil.head_time()
    holder.log.anchor()
    until = network.anvil.head_time() + (0 if over else 30 * 24 * HOUR)
    holder.monkeypatch.setattr(
        network, "file", replace(network.file, rebuilt=Rebuilt(since=since, until=until))
    )
    holder.wait(HOUR)
    with holder.served():
        assert holder.told(of_file(made[0], [there]))[:2] == (4, "promise-in-rebuilt")
        expected = (1, "promise-broken") if over else (4, "promise-in-rebuilt")
        assert holder.told(of_file(made[1], [gone]))[:2] == expected


def test_a_log_that_was_closed(holder: Holder) -> None:
    network, leaves = holder.ledger.network, [sha256(b"never logged")]
    early = promise_of(holder.log, leaves, due_in=HOUR)
    [beyond] = holder.put(1)
    holder.log.anchor()
    holder.wait(2 * HOUR)
    late = promise_of(holder.log, leaves, due_in=50 * HOUR)
    there = promise_of(holder.log, [beyond], due_in=50 * HOUR)
    close_log(network, holder.log.log_id, 3)
    with holder.served():
        assert holder.told(of_file(early, leaves))[:2] == (1, "promise-broken")
        assert holder.told(of_file(late, leaves))[:2] == (4, "promise-log-closed")
        # Index 3 is anchored, and beyond the last size to be trusted.
        assert holder.told(of_file(there, [beyond]))[:2] == (4, "promise-log-closed")


# ---- what is shown of the log


def test_tiles_that_are_missing_false_or_elsewhere(holder: Holder) -> None:
    log, leaves = holder.log, [sha256(b"never logged")]
    made = promise_of(log, leaves)
    holder.wait(2 * HOUR)
    holder.put(1)
    log.anchor()
    data = of_file(made, leaves)
    holder.alone()
    set_endpoint(holder.ledger.network, log.member, "")
    assert holder.told(data)[:2] == (4, "tiles-missing")  # nobody serves it
    assert holder.told(data, "--mirror", f"120000={NOWHERE}")[:2] == (4, "tiles-unreachable")
    with holder.served():
        log.served = {"tile/0/000.p/4": None, "tile/0/000": None}
        code, name, told = holder.told(data)
        assert (code, name, told["problem"]) == (4, "tiles-missing", "tile/0/000.p/4")
        good = b"".join(log.leaves())
        # Where it stands, or another one in which it does not: neither is what was anchored.
        for false in (leaves[0] + good[32:], sha256(b"another") + good[32:], good[:-32]):
            log.served = {"tile/0/000.p/4": false}
            assert holder.told(data)[:2] == (4, "root-mismatch")
        log.served = {}
        assert holder.told(data)[:2] == (1, "promise-broken")


def test_mirrors_stand_in_for_a_member_that_lies_or_is_away(holder: Holder) -> None:
    network, log = holder.ledger.network, holder.log
    leaves = [sha256(b"never logged")]
    made = promise_of(log, leaves)
    holder.alone()
    holder.wait(2 * HOUR)
    holder.put(1)
    log.anchor()
    data = of_file(made, leaves)
    behind = replace(log, entries=list(log.entries), served={})
    liar = replace(log, served={"tile/0/000.p/4": leaves[0] + b"".join(log.leaves())[32:]})
    with serve(liar) as lies, serve(behind) as copies:
        set_endpoint(network, log.member, lies)
        assert holder.told(data)[:2] == (4, "root-mismatch")
        set_endpoint(network, "130000", copies)
        code, name, told = holder.told(data)
        assert (code, name, told["readFrom"]) == (1, "promise-broken", "130000")
        # A mirror comes behind: it still has the first anchor after it was due.
        holder.put(2)
        log.anchor()
        liar.served["tile/0/000.p/6"] = b"".join(log.leaves()[::-1])
        code, name, told = holder.told(data)
        assert (code, name, told["readFrom"]) == (1, "promise-broken", "130000")
        assert (told["readSize"], told["firstAfterDue"]["size"]) == (4, 4)


def test_a_slow_server_is_waited_for_once(holder: Holder) -> None:
    """A file may hold thousands of promises: an hour for each would be for ever."""
    network, log = holder.ledger.network, holder.log
    https = Http(verify=False)
    with (
        closing(QuorumReader(network.file, now=network.anvil.head_time)) as reader,
        holder.served(),
    ):
        view = reader.head()
        sources = log_sources(Consortium(network.file.consortium, view.call), https, {})
        first, again = (dict(sources(log.member, log.log_id)) for _ in range(2))
    https.close()
    assert log.member in first and len(first) > 1
    for code, fetch in first.items():
        other = again[code]
        assert isinstance(fetch, HttpFetch) and isinstance(other, HttpFetch)
        assert fetch.patience is other.patience
        assert fetch.patience.left == SECONDS
    assert len({id(one.patience) for one in first.values() if isinstance(one, HttpFetch)}) > 1


def test_a_chain_that_cannot_be_read(holder: Holder) -> None:
    leaves = holder.log.leaves()[:1]
    data = of_file(promise_of(holder.log, leaves), leaves)
    code, text = holder.check(data, "--rpc", NOWHERE)
    assert code == 4
    assert "the chain could not be read" in text


# ---- files


LEAVES = [Digest(sha256(b"%d" % at)) for at in range(3)]


def promise() -> Promise:
    return Promise(
        log=LogId(bytes(32)),
        leaves_root=merkle.root(LEAVES),
        count=3,
        issued_at=1_700_000_000,
        due=1_700_000_000 + HOUR,
        signature=bytes(65),
    )


def changed(**changes: Any) -> Any:
    value = promise().to_json()
    return {name: one for name, one in (value | changes).items() if one is not None}


def test_leaves_that_are_not_those_that_were_promised() -> None:
    made = promise()
    for data, problem in (
        (of_file(made, LEAVES[::-1]), "another root"),
        (of_file(made, LEAVES[:2]), "2 rows, and 3"),
        (of_lines(made, [*LEAVES, LEAVES[0]]), "4 rows, and 3"),
        (of_one(made, LEAVES, 1, index=2), "inclusion"),
        (of_one(made, LEAVES, 1, leaf=LEAVES[2].hex()), "inclusion"),
        (of_one(made, LEAVES, 1, index=3), "inclusion"),
        (of_one(made, LEAVES, 1, leaf=None), "no leaf"),
    ):
        [given] = read_promises(data)
        assert (given.leaves, given.problem is not None) == ((), True), data
        assert re.search(problem, str(given.problem)), given.problem
    [alone] = read_promises(orjson.dumps(made.to_json()))
    assert alone == Given(promise=made, leaves=())


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n", b"[]", b"1", b"{}", b"{", b"\xff", b'{"promise":1}', b'{"a":1}\n{"b":2}'),
        orjson.dumps({"promise": changed(), "index": True, "path": []}),
        orjson.dumps({"promise": changed(), "index": 0, "path": ["00"] * 13}),
        orjson.dumps({"promise": changed(), "index": 0, "path": [1]}),
        orjson.dumps({"promise": changed(), "index": 0, "path": ["zz"]}),
        orjson.dumps({"promise": changed(count=0)}),
        orjson.dumps({"promise": changed(count=4097)}),
        orjson.dumps({"promise": changed(due="2030-01-01T00:00:00Z")}),
        orjson.dumps({"promise": changed(signature="0x00")}),
        orjson.dumps({"promise": changed(more=1)}),
        orjson.dumps({"promise": changed(log=None)}),
        orjson.dumps({"promises": [], "verdicts": []}),
        orjson.dumps({"promises": [changed()], "verdicts": [1]}),
        orjson.dumps(
            {"promises": [changed()], "verdicts": [{"verdict": "accepted", "promise": 1}]}
        ),
        orjson.dumps(
            {"promises": [changed()], "verdicts": [{"verdict": "accepted", "promise": 0}]}
        ),
        orjson.dumps({"opening": {"_type": "credit-ledger/opening@1"}}),
        b'{"_type":"credit-ledger/opening@1"}',
    ],
)
def test_files_without_a_promise(data: bytes) -> None:
    with pytest.raises(NoPromise):
        read_promises(data)


def test_a_promise_of_a_later_version(holder: Holder) -> None:
    data = orjson.dumps(changed(_type="credit-ledger/promise@2"))
    with pytest.raises(VersionUnknown):
        read_promises(data)
    code, text = holder.check(data)
    assert (code, "newer than this software" in text) == (4, True)


def test_a_file_that_is_none_is_a_wrong_use(holder: Holder) -> None:
    code, text = holder.check(b"{}")
    assert (code, "holds a promise" in text) == (2, True)
    receipt = Desk(holder.ledger, holder.folder)
    said = receipt.say(holder.log.member, sort="dummy", members={})
    receipt.batch(holder.log.member)
    code, text = holder.check(receipt.anchored(said).encode())
    assert (code, "a receipt in place of a promise" in text) == (2, True)
    code, text = holder.check(orjson.dumps(changed(log=holder.log.log_id.hex())))
    assert (code, "[promise-not-signed]" in text) == (4, True)
    three = promise_of(holder.log, LEAVES)
    code, text = holder.check(orjson.dumps(three.to_json()))
    assert (code, "[promise-leaves-unknown]" in text) == (4, True)
    code, text = holder.check(of_file(three, LEAVES[:2]))
    assert (code, "[promise-mismatch]" in text) == (4, True)
