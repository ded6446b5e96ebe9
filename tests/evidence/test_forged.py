"""Archives that were altered, by accident and by somebody who knows the format: none holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from ledger.core import canonical
from ledger.core.canonical import hex0x
from ledger.core.status import Action
from ledger.evidence import archive, archived, papers
from ledger.evidence.check import Given, check
from ledger.evidence.making import Made
from ledger.evidence.manifest import parse_manifest
from tests.core.material import flip
from tests.evidence.conftest import Ledger, alone, checked, code_of, forged, made, of
from tests.evidence.test_evidence import do, settled
from tests.support.chain import TestNetwork
from tests.support.ledger import make_record
from tests.support.nightly import is_night, some


@dataclass(frozen=True)
class Case:
    """An archive of a corrected record and of the one that corrects it; of the second alone, and
    one of a block later."""

    network: TestNetwork
    both: Made
    one: Made
    later: Made

    def code(self, change: Callable[[dict[str, bytes]], None]) -> str:
        """Why the archive of both does not hold once a forger has changed it."""
        data = forged(self.both.data, change)
        assert data != self.both.data
        return code_of(self.network, data, self.both.header.hash)


@pytest.fixture(scope="module")
def case(founded: Ledger) -> Iterator[Case]:
    anvil = founded.network.anvil
    snapshot = anvil.snapshot()
    log = founded.beijing
    kept = list(log.entries), list(log.anchors), dict(log.records)
    log.put(make_record(log, CF_WSH="更正1号"))
    log.anchor()
    do(founded, Action.CORRECT, 0, 2)
    settled(founded)
    receipts = log.receipt(0), log.receipt(2)
    both, one = made(founded.network, *receipts), made(founded.network, receipts[1])
    anvil.mine()
    yield Case(founded.network, both, one, made(founded.network, *receipts))
    log.entries, log.anchors, log.records = kept
    anvil.revert(snapshot)
    founded.network.forget_sent()


@dataclass(frozen=True)
class Flip:
    """One bit of a member."""

    name: str
    bit: int

    def __call__(self, members: dict[str, bytes]) -> None:
        members[self.name] = flip(members[self.name], self.bit)


def document(members: dict[str, bytes], name: str) -> Any:
    return orjson.loads(members[name])


def state_of(members: dict[str, bytes], network: TestNetwork, role: str) -> str:
    """The member with the proofs of a contract."""
    name = archived.state_name(getattr(network.deployment, role))
    assert name in members
    return name


def test_it_holds(case: Case) -> None:
    for one in (case.both, case.one, case.later):
        assert checked(case.network, one.data, one.header.hash).problem is None
        assert forged(one.data, lambda members: None) == one.data


def test_each_flipped_bit(case: Case) -> None:
    """One bit of each byte by night, of one byte in a thousand by day; and every bit of what is no
    content, the heads and the table of the zip."""
    data, network, trusted = case.both.data, alone(case.network), Given(case.both.header.hash)
    table = data.index(b"PK\x01\x02")
    places = [*some(range(0, table), 997), *some(range(table, len(data)), 37)]
    for at in places:
        found = check(flip(data, 8 * at + at % 8), network, trusted)
        assert found.problem is not None, at
        assert found.problem.code in ("archive-malformed", "members-differ"), at


def test_each_flipped_bit_of_a_forger(case: Case) -> None:
    """Who flips a bit of a member and makes the manifest anew. What is in the blocks is bound to
    the hash of the block; that of the anchor stands in the receipt, others are only told."""
    members = archive.read(case.both.data)
    whole = checked(case.network, case.both.data, case.both.header.hash)
    for name, data in members.items():
        if name == archive.FIRST:
            continue
        step = max(1, len(data) // (400 if is_night() else 3))
        for at in range(0, len(data), step):
            bit = 8 * at + at % 7
            spoiled = forged(case.both.data, Flip(name, bit))
            found = checked(case.network, spoiled, case.both.header.hash)
            if found.problem is None:
                assert name.startswith(archived.BLOCKS), (name, at)
                assert found.told != whole.told, (name, at)


def test_the_manifest(case: Case) -> None:
    """Each of its members."""
    members = archive.read(case.both.data)
    told = orjson.loads(members[archive.FIRST])
    for change in (
        {"asOf": ["2026-01-01"]},
        {"header": {**told["header"], "number": told["header"]["number"] + 1}},
        {"header": {**told["header"], "hash": "0x" + "ab" * 32}},
        {"header": {**told["header"], "time": "2026-01-01T00:00:00Z"}},
        {"files": told["files"][1:]},
        {"network": told["network"][:-1] + ("1" if told["network"].endswith("0") else "0")},
        {"_type": "credit-ledger/evidence@2"},
        {"more": 1},
    ):
        other = {**members, archive.FIRST: canonical.encode({**told, **change})}
        problem = checked(case.network, archive.write(other), case.both.header.hash).problem
        assert problem is not None, change
        newer = change.get("_type") is not None
        assert (problem.code == "version-unknown", problem.wrong) == (newer, not newer)


@pytest.mark.parametrize("folder", ["", *("receipts/", "state/", "code/", "blocks/", "schemas/")])
def test_members_left_out(case: Case, folder: str) -> None:
    """Each member; without a new manifest, and with one."""
    members = archive.read(case.both.data)
    for name in members:
        if name == archive.FIRST or not name.startswith(folder) or ("/" in name) != bool(folder):
            continue
        less = {one: data for one, data in members.items() if one != name}
        assert code_of(case.network, archive.write(less), case.both.header.hash) == "members-differ"
        data = forged(case.both.data, lambda one, n=name: one.pop(n) and None)  # type: ignore[misc]
        found = checked(case.network, data, case.both.header.hash)
        # The packaged schema is at hand anyway.
        assert (found.problem is None) == (folder == "schemas/"), name


def test_members_exchanged(case: Case) -> None:
    members = archive.read(case.both.data)
    for folder in (papers.RECEIPTS, archived.STATE, archived.CODE, archived.BLOCKS):
        first, second, *_ = [name for name in members if name.startswith(folder)]

        def swap(one: dict[str, bytes], a: str = first, b: str = second) -> None:
            one[a], one[b] = one[b], one[a]

        assert case.code(swap) in ("archive-malformed", "code-differs", "verdicts-differ")


def test_members_doubled(case: Case) -> None:
    def again(members: dict[str, bytes], name: str, other: str) -> None:
        members[other] = members[name]

    def doubled(name: str, other: str) -> str:
        return case.code(lambda members: again(members, name, other))

    assert doubled("receipts/0002.json", "receipts/0003.json") == "verdicts-differ"
    assert doubled("header.rlp", "header2.rlp") == "proof-superfluous"
    assert doubled("header.rlp", "blocks/000000000001.json") == "proof-malformed"
    state = state_of(archive.read(case.both.data), case.network, "log_anchor")
    assert doubled(state, archived.state_name(case.network.deployment.catalogue)) in (
        "archive-malformed",
        "proof-superfluous",
    )


def test_the_header_of_another_block(case: Case) -> None:
    """The hash of another one given; and the other one put into the archive, manifest and all."""
    assert code_of(case.network, case.both.data, case.later.header.hash) == "header-differs"
    later = archive.read(case.later.data)
    members = {**archive.read(case.both.data), archived.HEADER: later[archived.HEADER]}
    members.pop(archive.FIRST)
    manifest = of(parse_manifest(later[archive.FIRST]), members)
    data = archive.write({archive.FIRST: manifest.encode(), **members})
    for header in (case.both.header, case.later.header):
        assert code_of(case.network, data, header.hash) == "proof-broken"


def test_without_a_header(case: Case) -> None:
    found = checked(case.network, case.both.data, None)
    assert found.problem is not None
    assert (found.problem.code, found.verdict, found.exit) == (
        "header-not-given", "undetermined", 4,
    )  # fmt: skip
    assert found.problem.evidence["problem"] == hex0x(case.both.header.hash)
    assert found.verdicts == ()
    spoiled = forged(case.both.data, lambda members: members.update({"verdicts.json": b"{}"}))
    assert checked(case.network, spoiled, None).exit == 1


# ---- proofs


def change_state(
    case: Case, role: str, change: Callable[[dict[str, Any]], object]
) -> Callable[[dict[str, bytes]], None]:
    """A forger's change of the proofs of a contract."""

    def forge(members: dict[str, bytes]) -> None:
        name = state_of(members, case.network, role)
        value = document(members, name)
        change(value)
        members[name] = canonical.encode(value)

    return forge


def test_a_place_left_out(case: Case) -> None:
    """The absence of a proof is no proof of absence, whatever the place."""
    for role in ("consortium", "log_anchor", "catalogue", "case_registry"):
        members = archive.read(case.both.data)
        places = document(members, state_of(members, case.network, role))["storageProof"]
        for at in some(range(len(places)), max(1, len(places) // 3)):
            forge = change_state(case, role, lambda value, n=at: value["storageProof"].pop(n))  # type: ignore[misc]
            assert case.code(forge) == "proof-missing", (role, at)


def test_a_present_place_said_to_be_empty(case: Case) -> None:
    """The status word of the corrected record: with its own proof, none, that of a place that is
    empty, and cut short where the way could be taken to end."""

    def word(value: dict[str, Any]) -> dict[str, Any]:
        return next(one for one in value["storageProof"] if int(one["value"], 16) >> 200)

    def empty(value: dict[str, Any]) -> list[str]:
        nodes: list[str] = next(
            one["proof"] for one in value["storageProof"] if one["value"] == "0x0"
        )
        return nodes

    def said(value: dict[str, Any], nodes: Callable[[list[str]], list[str]]) -> None:
        one = word(value)
        one["value"], one["proof"] = "0x0", nodes(one["proof"])

    def code(nodes: Callable[[list[str]], list[str]]) -> str:
        return case.code(change_state(case, "case_registry", lambda value: said(value, nodes)))

    assert code(lambda own: own) == "proof-differs"
    assert code(lambda own: []) == "proof-incomplete"
    assert code(lambda own: own[:-1]) == "proof-incomplete"
    members = archive.read(case.both.data)
    absent = empty(document(members, state_of(members, case.network, "case_registry")))
    assert code(lambda own: absent) in ("proof-incomplete", "proof-superfluous", "proof-broken")


def test_the_proof_of_another_place(case: Case) -> None:
    """Under the key of one, the word and the nodes of another; and the key alone changed."""

    def take(value: dict[str, Any]) -> None:
        first, second = value["storageProof"][:2]
        first["value"], first["proof"] = second["value"], second["proof"]

    def rename(value: dict[str, Any]) -> None:
        value["storageProof"][0]["key"] = "0x" + "00" * 31 + "01"

    refused = {"proof-incomplete", "proof-superfluous", "proof-broken", "proof-differs"}
    for role in ("consortium", "log_anchor", "catalogue"):
        assert case.code(change_state(case, role, take)) in refused, role
        assert case.code(change_state(case, role, rename)) in refused, role


def test_values_beside_their_proofs(case: Case) -> None:
    for name, value in (
        ("nonce", "0x2"),
        ("balance", "0x1"),
        ("storageHash", "0x" + "11" * 32),
        ("codeHash", "0x" + "11" * 32),
    ):
        forge = change_state(case, "consortium", lambda told, n=name, v=value: told.update({n: v}))  # type: ignore[misc]
        assert case.code(forge) in ("proof-differs", "proof-broken"), name
    for change in (
        lambda told: told["storageProof"][0].update({"value": "0x7"}),
        lambda told: told["storageProof"][-1].update({"value": "0x07"}),
        lambda told: told["storageProof"].reverse(),
        lambda told: told["storageProof"].append(told["storageProof"][-1]),
        lambda told: told["storageProof"][0]["proof"].append("0x"),
        lambda told: told["accountProof"].pop(),
        lambda told: told["accountProof"].append(told["accountProof"][0]),
        lambda told: told.update({"more": "0x1"}),
        lambda told: told.pop("nonce"),
        lambda told: told.update({"nonce": 1}),
        lambda told: told.update({"storageProof": {}}),
    ):
        code = case.code(change_state(case, "consortium", change))
        assert code.startswith("proof-"), code


def test_more_than_is_asked_for(case: Case) -> None:
    """Of the archive of both, what the second receipt alone does not need."""
    both, one = archive.read(case.both.data), archive.read(case.one.data)
    assert case.both.header == case.one.header
    name = state_of(both, case.network, "case_registry")
    assert both[name] != one[name]

    def more(members: dict[str, bytes], names: list[str]) -> None:
        members.update({n: both[n] for n in names})

    blocks = [n for n in both if n.startswith(archived.BLOCKS) and both[n] != one.get(n)]
    for names in ([name], blocks):
        data = forged(case.one.data, lambda members, n=names: more(members, n))  # type: ignore[misc]
        assert code_of(case.network, data, case.one.header.hash) == "proof-superfluous", names


# ---- what is told


def test_other_verdicts_and_histories(case: Case) -> None:
    def tell(name: str, change: Callable[[dict[str, Any]], object]) -> str:
        def forge(members: dict[str, bytes]) -> None:
            value = document(members, name)
            change(value)
            members[name] = canonical.encode(value, allow_null=True)

        return case.code(forge)

    valid = {"verdict": "valid", "usable": True, "flags": [], "outcome": "NONE"}
    assert tell("verdicts.json", lambda v: v["verdicts"][0].update(valid)) == "verdicts-differ"
    assert tell("verdicts.json", lambda v: v["verdicts"].pop()) == "verdicts-differ"
    assert tell("histories.json", lambda v: v["votes"].pop()) == "histories-differ"
    assert tell("histories.json", lambda v: v["records"][0]["acts"].pop()) == "histories-differ"


def test_other_texts(case: Case) -> None:
    """Nobody may put his own words into an archive that holds."""
    for name in papers.TEXTS:
        forge = lambda members, n=name: members.update({n: members[n] + b"Pay here."})  # noqa: E731
        assert case.code(forge) == "texts-unknown"


def test_other_schemas(case: Case) -> None:
    members = archive.read(case.both.data)
    name = next(n for n in members if n.startswith(papers.SCHEMAS))
    assert case.code(lambda one: one.update({name: one[name] + b" "})) == "members-differ"
    other = "schemas/" + "ab" * 32 + ".json"
    assert case.code(lambda one: one.update({other: one[name]})) == "members-differ"


def test_an_archive_of_another_network(case: Case) -> None:
    """Whoever has a chain of his own can prove anything about it."""
    network = alone(case.network)
    other = network.__class__.parse(
        network.encode().replace(network.consortium.encode(), b"0x" + b"12" * 20)
    )
    found = check(case.both.data, other, Given(case.both.header.hash))
    assert found.problem is not None
    assert found.problem.code == "other-network"
    members = archive.read(case.both.data)
    told = orjson.loads(members[archive.FIRST])
    told["network"] = other.reference
    data = archive.write({**members, archive.FIRST: canonical.encode(told)})
    found = check(data, other, Given(case.both.header.hash))
    assert found.problem is not None
    assert found.problem.wrong
