"""`consortium move-contract`, and `consortium plan --from` with `found`: roles that move to new
contracts, and a network that moves to another Consortium."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.contracts.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    Catalogue,
    Consortium,
)
from ledger.chain.contracts.contract_abi import load
from ledger.chain.contracts.structs import CLOSED, OPEN, SUSPENDED, CatalogueItem, item_values
from ledger.chain.founding.national import national_items
from ledger.chain.governing.actions import (
    Action,
    open_log,
    open_successor,
    put_national,
    retire,
    suspend,
)
from ledger.chain.governing.govern import CarryOut, Council, Voter, latest_call
from ledger.chain.keys.keyfile import WORK_LIGHT, KeyFile, create
from ledger.chain.keys.signers import open_signer
from ledger.chain.network import NetworkFile
from ledger.chain.sending.transactions import MemoryTxStore, Sender
from ledger.core.ids import Digest
from ledger.core.keys import Purpose
from ledger.core.verdict.facts import GRACE
from tests.cli.conftest import Cli
from tests.cli.test_consortium import FIVE, Founders, anvil, empty, founders, plan
from tests.support.proxy import lie, start_proxy

__all__ = ["anvil", "empty", "founders"]

ROLES = ("LogAnchor", "Catalogue", "CaseRegistry", "Revocations", "Products")
PROVINCES = FIVE[:4]
DAY = 86_400


@pytest.fixture
def there(founders: Founders) -> Founders:
    """A network, and an account that nobody has used."""
    plan(founders)
    founders.keys(*FIVE)
    founders.found(*FIVE)
    create("payer", founders.folder / "mover.json", b"word", work=WORK_LIGHT)
    return founders


def move(
    at: Founders, roles: Sequence[str], *more: Any, codes: Sequence[str], exit: int = 0
) -> Any:
    members = [word for code in codes for word in ("--member", at.folder / code)]
    return at.run(
        *("consortium", "move-contract", *roles, "--network", at.folder / "network.json"),
        *("--deployer", at.folder / "mover.json", "--password-file", at.password),
        *(*members, *more, "--json"),
        exit=exit,
    )


def current(at: Founders) -> dict[str, Any]:
    return {role: at.chain.current(role) for role in ROLES}


def sent(at: Founders) -> int:
    address = KeyFile.load(at.folder / "mover.json").address
    return int(at.anvil.call("eth_getTransactionCount", address, "latest"), 16)


def decide(at: Founders, action: Action, carry_out: CarryOut | None = None) -> None:
    """A passed vote of all provinces, paid by whoever deployed the network."""
    payer = open_signer(at.folder / "deployer.json", b"word")
    voters = [
        Voter(code, open_signer(at.folder / code / "keys" / "govern.json", b"word"))
        for code in PROVINCES
    ]
    chain_id, rpc = at.network.chain_id, at.anvil.rpc
    sender = Sender(rpc, payer, MemoryTxStore(), chain_id=chain_id)
    council = Council(
        sender, rpc, chain_id=chain_id, consortium=at.network.consortium, voters=voters
    )
    council.decide(action, carry_out)


def put(at: Founders, item: CatalogueItem) -> None:
    account = at.chain.current(CATALOGUE)
    assert account is not None
    function = load("Catalogue").functions["putNational"]
    values = [item_values(item)]
    decide(
        at,
        put_national(account, [item]),
        lambda proposer, salt: function.encode(values, proposer, salt),
    )


# ---- contracts


def test_a_plan_changes_nothing(there: Founders) -> None:
    before = current(there)
    told = move(there, ROLES, "--dry-run", codes=())
    found = told.json()
    assert [one["role"] for one in found["roles"]] == list(ROLES)
    assert {one["state"] for one in found["roles"]} == {"to-create"}
    assert {one["role"]: one["before"] for one in found["roles"]} == before
    assert found["roles"][1]["items"] == len(national_items())
    assert found["votes"] == {"here": [], "elsewhere": list(PROVINCES)}
    assert found["complete"] is False
    assert "3 votes are needed" in told.err
    assert (current(there), sent(there)) == (before, 0)


def test_every_role_moves_and_what_is_left_is_gone_on_with(there: Founders) -> None:
    """Two provinces have their keys here, the third signs elsewhere."""
    before, folder = current(there), there.folder / "to-sign"
    told = move(there, ROLES, codes=PROVINCES[:2], exit=1).json()
    assert told["complete"] is False
    assert {one["state"] for one in told["roles"]} == {"created"}
    assert current(there) == before, "nothing takes over before it has passed"
    made, names = sent(there), sorted(path.name for path in folder.iterdir())
    votes = len(ROLES) + 1  # the items of the catalogue are voted on before it takes over
    assert [name.split("-")[0] for name in names] == votes * ["130000"] + votes * ["140000"]
    again = move(there, ROLES, codes=PROVINCES[:2], exit=1).json()
    assert (again["roles"], sent(there)) == (told["roles"], made), "nothing is created twice"
    for path in sorted(folder.glob("130000-*")):
        key = there.folder / "130000" / "keys" / "govern.json"
        password = ("--password-file", there.password)
        there.run("govern", "sign", path, "--key", key, *password, "--yes")
        payer = ("--payer", there.folder / "deployer.json", *password)
        there.run("govern", "send", path, "--network", there.folder / "network.json", *payer)
    done = move(there, ROLES, codes=()).json()
    assert done["complete"] is True and not list(folder.iterdir())
    assert current(there) == {one["role"]: one["after"] for one in told["roles"]}
    for role in ROLES:
        history = [one.account for one in there.chain.contract_history(role)]
        assert history == [before[role], current(there)[role]]
    assert items_of(there) == set(national_items())
    done = sent(there)
    assert move(there, ROLES, codes=()).json()["complete"] is True
    assert sent(there) == done, "again changes nothing"


def test_voters_are_told_what_lies_at_the_address(there: Founders) -> None:
    """Of the one that was made, of one that is another role's, of nothing at all."""
    made = move(there, [LOG_ANCHOR], codes=PROVINCES[:2], exit=1).json()["roles"][0]["after"]
    signer = ("--key", there.folder / "110000/keys/govern.json", "--member", "110000")
    payer = ("--payer", there.folder / "deployer.json", "--password-file", there.password)
    options = (*signer, *payer, "--network", there.folder / "network.json")
    [waiting] = there.run("govern", "list", *options, "--json").json()["proposals"]
    found = [waiting["id"]]
    for role, address in ((CATALOGUE, made), (LOG_ANCHOR, "0x" + "11" * 20)):
        words = ("register-contract", f"role={role}", f"account={address}")
        told = there.run("govern", "propose", *words, *options, "--json").json()
        found.append(told["proposal"])
    shown = [there.run("govern", "show", one, *options, "--json").json() for one in found]
    assert [one["code"] for one in shown] == ["shipped", "other", "none"]
    told = there.run("govern", "vote", found[1], "no", *options)
    assert "not what ships with this software" in told.err


def items_of(at: Founders) -> set[CatalogueItem]:
    account = at.chain.current(CATALOGUE)
    assert account is not None
    catalogue = Catalogue(account, latest_call(at.anvil.rpc))
    names = [(name, "") for name in catalogue.item_ids()]
    return {version.item for version in catalogue.series(names)}


def test_a_new_catalogue_has_what_is_in_force_and_to_come(there: Founders) -> None:
    now = there.anvil.head_time()
    model = next(item for item in national_items() if item.item_id == "penalty")
    later = replace(model, version=2, since=now + DAY, content_hash=Digest(b"\2" * 32))
    licence = next(item for item in national_items() if item.item_id == "licence")
    ended = replace(licence, version=2, since=now - DAY, until=now - 1)
    put(there, later)
    put(there, ended)
    assert move(there, ["Catalogue"], codes=PROVINCES[:3]).json()["complete"] is True
    assert items_of(there) == {*national_items(), later} - {licence}


def test_one_node_does_not_choose_what_is_voted_in(
    there: Founders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody types the items in: they are what a quorum shows, not the node that is written to."""
    monkeypatch.setattr("ledger.cli.contract_move.CONFIRM_SECONDS", 0.0)
    path, url = there.folder / "network.json", there.anvil.url
    right = next(item for item in national_items() if item.item_id == "penalty").content_hash.hex()
    with start_proxy(url) as liar, start_proxy(url) as other:
        file = replace(NetworkFile.load(path), rpc=(liar.url, other.url, url), quorum=2)
        path.write_bytes(file.encode())
        forged = lie(
            lambda params, result: (
                result.replace(right, "ab" * 32) if isinstance(result, str) else result
            )
        )
        liar.on("eth_call", forged)
        told = move(there, ["Catalogue"], codes=PROVINCES[:3], exit=1)
        assert "shows other items than a quorum" in told.err
        assert sent(there) == 0
        liar.clear()
        assert move(there, ["Catalogue"], codes=PROVINCES[:3]).json()["complete"] is True


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda at: at.folder / "a-bank", "no GOVERN key of an active province"),
        (lambda at: at.folder, "no GOVERN key of an active province"),
    ],
)
def test_whoever_may_not_vote_is_told(there: Founders, change: Any, words: str) -> None:
    told = there.run(
        *("consortium", "move-contract", "Products", "--member", change(there)),
        *("--network", there.folder / "network.json", "--password-file", there.password),
        *("--deployer", there.folder / "mover.json"),
        exit=1,
    )
    assert words in told.err
    assert sent(there) == 0


def test_the_account_that_founded_moves_too(there: Founders) -> None:
    """Its own first contracts are none that take over."""
    before = current(there)
    there.folder.joinpath("mover.json").unlink()
    there.folder.joinpath("deployer.json").rename(there.folder / "mover.json")
    assert move(there, ["LogAnchor"], codes=PROVINCES[:3]).json()["complete"] is True
    assert current(there)[LOG_ANCHOR] != before[LOG_ANCHOR]
    assert current(there)[CASE_REGISTRY] == before[CASE_REGISTRY]


# ---- the network


class Moved:
    """The same network, founded again from its plan."""

    def __init__(self, at: Founders) -> None:
        self.at = at
        self.plan = at.folder / "move.toml"
        self.file = at.folder / "moved.json"

    def planned(self) -> Any:
        """What the plan says; the notes beside it."""
        words = ("--from", self.at.folder / "network.json", "-o", self.plan)
        told = self.at.run("consortium", "plan", *words)
        return tomllib.loads(self.plan.read_text("utf-8")), told.err

    def found(self, *codes: str, exit: int = 0) -> Any:
        members = [word for code in codes for word in ("--member", self.at.folder / code)]
        return self.at.run(
            *("consortium", "found", self.plan, "--deployer", self.at.folder / "mover.json"),
            *(*members, "--rpc", self.at.anvil.url, "-o", self.file),
            *("--password-file", self.at.password, "--json"),
            exit=exit,
        )

    @property
    def network(self) -> NetworkFile:
        return NetworkFile.load(self.file)

    @property
    def chain(self) -> Consortium:
        return Consortium(self.network.consortium, latest_call(self.at.anvil.rpc))


def keys_of(chain: Consortium, code: str) -> set[tuple[int, bytes, int, int]]:
    return {
        (key.purpose, bytes(key.key_id), key.not_before, key.not_after) for key in chain.keys(code)
    }


def test_a_network_moves_with_its_members_keys_and_logs(there: Founders) -> None:
    decide(there, open_log("110000"))
    moved = Moved(there)
    moved.planned()
    assert moved.found(*PROVINCES[:3]).json()["complete"] is True
    old, new = there.chain, moved.chain
    assert moved.network.formerly == (there.network.reference,)
    rebuilt = moved.network.rebuilt
    assert rebuilt is not None and rebuilt.until - rebuilt.since == 30 * DAY
    assert new.member_codes() == old.member_codes() == FIVE
    assert new.threshold() == old.threshold()
    for code in FIVE:
        assert new.member(code) == replace_seq(old.member(code), new.member(code))
        assert keys_of(new, code) == keys_of(old, code)
        assert new.log_ids(code) == old.log_ids(code)
    before = moved.file.read_bytes()
    moved.found()
    assert moved.file.read_bytes() == before, "again changes nothing, and needs no keys"


def replace_seq(member: Any, like: Any) -> Any:
    return replace(member, seq=like.seq)


def test_what_is_not_as_it_was(there: Founders) -> None:
    """Closed logs, ended keys, members that left, versions that no more count, and texts that
    others wrote."""
    chain = there.chain
    [log] = chain.log_ids("120000")
    decide(there, open_successor(log, 0))
    decide(there, retire("a-bank"))
    hostile = 'http://x.test/"]\n[[item]]\\'
    govern = ("--key", there.folder / "110000/keys/govern.json", "--member", "110000")
    payer = ("--payer", there.folder / "deployer.json", "--password-file", there.password)
    network = ("--network", there.folder / "network.json")
    there.run("govern", "endpoint", hostile, *govern, *payer, *network)
    present = next(k for k in chain.keys("140000") if k.purpose == Purpose.PRESENT)
    signer = ("--key", there.folder / "140000/keys/govern.json", "--member", "140000")
    there.run("keys", "revoke", present.key_id.hex(), "--yes", *signer, *payer, *network)
    now = there.anvil.head_time()
    model = next(item for item in national_items() if item.item_id == "penalty")
    newer = replace(model, version=2, since=now - DAY, content_hash=Digest(b"\2" * 32))
    licence = next(item for item in national_items() if item.item_id == "licence")
    ended = replace(licence, version=2, since=now - DAY, until=now - 1)
    put(there, newer)
    put(there, ended)
    decide(there, suspend("130000"))

    moved = Moved(there)
    said, notes = moved.planned()
    assert "a-bank is retired" in notes and "130000 is suspended" in notes
    assert {one["code"]: one["endpoint"] for one in said["member"]}["110000"] == hostile
    assert "# closed at 0" in moved.plan.read_text("utf-8")
    assert moved.found("110000", "120000", "140000").json()["complete"] is True
    new = moved.chain
    assert new.member("a-bank") is None
    assert [one.status for one in new.logs("120000")] == [OPEN, OPEN]
    assert [one.status for one in chain.logs("120000")] == [CLOSED, OPEN]
    assert present.key_id not in {key.key_id for key in new.keys("140000")}
    found = new.member("130000")
    assert found is not None and found.status != SUSPENDED

    # Each version counted for a moment, and for 72 hours more: so what was made by it is anchored.
    account = new.current(CATALOGUE)
    assert account is not None
    catalogue = Catalogue(account, latest_call(there.anvil.rpc))
    first, second = catalogue.item("penalty")
    assert (first.item, second.item) == (model, newer)
    assert first.put_at < second.put_at <= first.put_at + GRACE
    _, over = catalogue.item("licence")
    assert over.item == replace(ended, until=over.item.until)
    assert over.item.until > over.put_at


def test_a_network_moves_twice(there: Founders, cli: Cli) -> None:
    moved = Moved(there)
    moved.planned()
    moved.found(*PROVINCES[:3])
    first = there.network.reference
    moved.file.replace(there.folder / "network.json")
    moved.plan.unlink()
    create("payer", there.folder / "third.json", b"word", work=WORK_LIGHT)
    there.folder.joinpath("third.json").replace(there.folder / "mover.json")
    second = there.network.reference
    moved.planned()
    moved.found(*PROVINCES[:3])
    assert moved.network.formerly == (first, second)
    third = moved.network.reference
    assert len({first, second, third}) == 3


def test_too_few_keys_leave_something_to_sign(there: Founders) -> None:
    moved = Moved(there)
    moved.planned()
    told = moved.found("110000", exit=1).json()
    assert told["complete"] is False and told["toSign"]
    for path in map(Path, told["toSign"]):
        code = path.name.split("-")[0]
        key = there.folder / code / "keys" / "govern.json"
        password = ("--password-file", there.password)
        there.run("govern", "sign", path, "--key", key, *password, "--yes")
        payer = ("--payer", there.folder / "deployer.json", *password)
        there.run("govern", "send", path, "--network", moved.file, *payer)
    assert moved.found().json()["complete"] is True


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("seq = 0", "seq = -1", "seq"),
        ("seq = 0", "seq = 0\nsuite = 2", "a log of it needs id and seq"),
        ('purpose = "GOVERN"', 'purpose = "NOTE"', "has no GOVERN key in the plan"),
        ('purpose = "ANCHOR"', 'purpose = "X"', "a key of it has no known purpose"),
        ("alg = 1", "alg = 9", "keyId"),
        ("refile_days = 30", "refile_days = 400", "refile_days"),
        ('formerly = ["eip155', 'formerly = ["eip156', "formerly"),
        ("granularity = 1", "granularity = 256", "granularity"),
        ("granularity = 1\n", "", "item"),
        ('\ncontent = "', '\ncontent = "0', "64 hex digits"),
    ],
)
def test_plans_that_are_none(there: Founders, before: str, after: str, words: str) -> None:
    moved = Moved(there)
    moved.planned()
    text = moved.plan.read_text("utf-8")
    assert before in text
    moved.plan.write_text(text.replace(before, after), "utf-8")
    told = moved.found(*PROVINCES[:3], exit=1)
    assert words in told.err
    assert sent(there) == 0 and not moved.file.exists()


def test_from_does_not_go_with_members(there: Founders) -> None:
    network = there.folder / "network.json"
    words = ("--from", network, "--members", "110000:110000:PROVINCE")
    told = there.run("consortium", "plan", *words, "-o", there.folder / "x.toml", exit=2)
    assert "--from" in told.err
    there.run("consortium", "plan", "--from", network, "-o", there.folder / "plan.toml", exit=1)
