"""Roles move to new contracts, then the network moves to another Consortium, while a province works
on: what was proven stays proven, what was decided stays decided, and an auditor agrees."""

import itertools
import json
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.devnet import plain, services
from ledger.chain.contracts.bindings import (
    CASE_REGISTRY,
    CATALOGUE,
    LOG_ANCHOR,
    PRODUCTS,
    REVOCATIONS,
    Consortium,
    LogAnchor,
)
from ledger.chain.governing.govern import latest_call
from ledger.chain.keys.keyfile import WORK_LIGHT, KeyFile, create
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.rpc import Rpc
from ledger.core.canonical import hex0x
from ledger.core.ids import Address
from ledger.core.receipt import parse
from ledger.core.status import Basis
from scripts.demo_parts.today import PLACES, complete
from tests.e2e.member import until
from tests.e2e.provinces import BEIJING, HEBEI, SHANXI, TIANJIN, Kept, Provinces, penal, today
from tests.e2e.test_four_provinces import VALID, entry_of_a_list
from tests.support import nightly

BUREAU = "demo-bureau"
HERE = (TIANJIN, HEBEI, BUREAU)
ROLES = (LOG_ANCHOR, CATALOGUE, CASE_REGISTRY, REVOCATIONS, PRODUCTS)
CLOSED = ("withdrawn", "shielded")
"""Records whose content nobody is shown any more."""
FIRM = complete(f"91{PLACES[HEBEI]}", "MADAKN07")


class Story:
    """What stands before anything moves, and what is looked at after each move."""

    def __init__(self, provinces: Provinces, folder: Path) -> None:
        self.p = provinces
        self.folder = folder
        self._wallets = self._versions = 0
        for code in (BEIJING, SHANXI):
            provinces.stop(code)
        provinces.up(*HERE)
        rows = {
            name: penal(TIANJIN, HEBEI, number)
            for number, name in enumerate(("plain", "withdrawn", "shielded", "contested"), 20)
        }
        self.rows = {**rows, "listed": entry_of_a_list()}
        self.kept = provinces.submit(TIANJIN, self.rows)
        provinces.own(self.kept["withdrawn"], "withdraw", Basis.ISSUER_CHECK)
        provinces.own(self.kept["shielded"], "shield", Basis.COURT)
        self.case = provinces.file_case(HEBEI, self.kept["contested"], "objection")
        provinces.becomes(self.kept["contested"], "disputed")
        self.product = self._product()
        self.paper = self._revoked_consent()
        self.words = {name: provinces.word(kept) for name, kept in self.kept.items()}
        assert {name: word[0] for name, word in self.words.items()} == {
            **{"plain": "valid", "withdrawn": "withdrawn", "shielded": "shielded"},
            **{"contested": "disputed", "listed": "valid"},
        }

    def _product(self) -> str:
        method, inputs = self.folder / "method.md", self.folder / "inputs.txt"
        method.write_text("synthetic\n")
        inputs.write_text(f"{self.kept['plain'].record}\n")
        here = self.p.at(BUREAU)
        made = self.p.json("product", "register", "--kind", "model", "--method", method, *here)
        self.publish(str(made["product"]))
        return str(made["product"])

    def publish(self, product: str) -> None:
        """One more version."""
        self._versions += 1
        content, inputs = self.folder / "content.csv", self.folder / "inputs.txt"
        content.write_text(f"code,score\nsynthetic,{self._versions}\n")
        words = ("--content", content, "--records", inputs)
        told = self.p.json("product", "publish", product, *words, *self.p.at(BUREAU))
        assert told["made"]["version"] == self._versions

    def _revoked_consent(self) -> str:
        """A firm lets a bank ask, and takes it back."""
        said = (
            *("--subject", FIRM, "--grantee", "demo-bank", "--types", "penalty"),
            *("--regions", HEBEI, "--purpose", "pre-loan"),
            *("--from", today(), "--until", today() + timedelta(days=90)),
        )
        told = self.p.json("auth", "grant", *said, *self.p.paper("consent"), *self.p.at(HEBEI))
        self.p.run("auth", "revoke", told["authorisation"], "--wait", *self.p.at(HEBEI))
        return str(told["authorisation"])

    # ---- what is looked at

    def stands(self) -> None:
        """Every receipt says what it said."""
        assert {name: self.p.word(kept) for name, kept in self.kept.items()} == self.words

    def goes_on(self, name: str, number: int) -> Kept:
        """A record is taken in and anchored, decisions are made, a list and a product go on."""
        made = self.p.submit(TIANJIN, {name: penal(TIANJIN, HEBEI, number)})[name]
        assert self.p.word(made) == VALID
        self.p.own(made, "withdraw", Basis.ISSUER_CHECK)
        assert self.p.word(made)[0] == "withdrawn"
        self.listed()
        self.publish(self.product)
        return made

    def listed(self) -> None:
        out = self.folder / "list.json"
        out.unlink(missing_ok=True)
        told = ("lists", "show", "abnormal-list", "-o", out, *self.p.at(TIANJIN))
        self.p.run(*told, expect=(0, 4))
        found = self.p.json("verify", out, "--network", self.p.file, expect=(0, 4))
        entries = [one["leaf"] for one in found["entries"] if one["member"] == TIANJIN]
        assert entries == [self.kept["listed"].leaf]

    def known(self) -> None:
        """Nothing is logged twice."""
        path = self.folder / "again.ndjson"
        rows = [json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows.values()]
        path.write_text("".join(rows), "utf-8")
        answers = self.p.json("submit", path, *self.p.at(TIANJIN))["verdicts"]
        found = {one["leaf"]: one["verdict"] for one in answers}
        assert found == {kept.leaf: "duplicate" for kept in self.kept.values()}

    def revoked(self) -> bool:
        told = self.p.json("auth", "show", self.paper, *self.p.at(HEBEI))
        return bool(told["state"] == "revoked")

    def audited(self, network: Path) -> tuple[int, dict[str, int], dict[str, Any]]:
        """(exit code, how often each finding, the report) of a replay."""
        out = self.folder / "audit.json"
        code = self.p._run("audit", "replay", "--network", network, "--out", out)[0]
        report = json.loads(out.read_bytes())
        assert report["incomplete"] == []
        counts: dict[str, int] = {}
        for one in report["findings"]:
            counts[one["code"]] = counts.get(one["code"], 0) + 1
        return code, counts, report

    # ---- moving

    def wallet(self) -> Path:
        """An account with money that nobody used."""
        self._wallets += 1
        path = self.folder / f"wallet-{self._wallets}.json"
        create("payer", path, b"word", work=WORK_LIGHT)
        (self.folder / "word").write_text("word\n")
        (self.folder / "word").chmod(0o600)
        with closing(Rpc(self.p.network.ports.rpc)) as rpc:
            rpc.call("anvil_setBalance", [KeyFile.load(path).address, hex(10**20)])
        return path

    def members(self, *codes: str) -> list[object]:
        """Options by which these vote."""
        found: list[object] = ["--password-file", self.folder / "word"]
        for code in codes:
            home = self.p.folder / "members" / code
            found += ["--member", home, "--password-file", home / "keys" / "password"]
        return found

    def move_contracts(self) -> dict[str, Address]:
        """First too few vote, then enough do; the new contracts by role."""
        wallet = self.wallet()
        asked = ("consortium", "move-contract", *ROLES, "--network", self.p.file)
        words = (*asked, "--deployer", wallet)
        plan = self.p.json(*words, *self.members(), "--dry-run")
        assert {one["state"] for one in plan["roles"]} == {"to-create"}
        told = self.p.json(*words, *self.members(BEIJING, TIANJIN), expect=(1,))
        assert told["complete"] is False and told["toSign"]
        told = self.p.json(*words, *self.members(HEBEI))
        assert told["complete"] is True
        return {one["role"]: Address(one["after"]) for one in told["roles"]}

    def move_network(self) -> Path:
        """To another Consortium; the former file."""
        former = self.folder / "former-network.json"
        shutil.copy(self.p.file, former)
        services.down(self.p.folder, chain=False)
        plan, made = self.folder / "move.toml", self.folder / "moved.json"
        self.p.run("consortium", "plan", "--from", self.p.file, "-o", plan)
        left = [one for one in ("CONSENT", "PRODUCT") if one not in plan.read_text("utf-8")]
        assert left, "a founding has no room for all keys of seven members"
        found = ("consortium", "found", plan, "--deployer", self.wallet(), "-o", made)
        there = ("--rpc", self.p.network.ports.rpc)
        self.p.run(*found, *there, *self.members(BEIJING, TIANJIN, HEBEI))
        shutil.copy(made, self.p.file)
        for purpose, code in itertools.product(left, (HEBEI, BUREAU)):
            config = self.p.config(code)
            file = config.parent / "keys" / f"{purpose.lower()}.json"
            self.p.run("keys", "rotate", purpose, "--out", file, "--config", config)
        for code in HERE:
            self.p.network.gateway(code).start({})
        for code in HERE:
            until(lambda: self.ready(code), f"readiness of {code}")  # noqa: B023 - at once
        return former

    def ready(self, code: str) -> bool:
        url = self.p.network.ports.endpoint(code)
        return plain.get(f"{url}/readyz", timeout=60).is_success

    def latest(self, network: Path) -> int:
        """How far Tianjin's log is anchored in the contract that takes anchors now."""
        file = NetworkFile.load(network)
        with closing(Rpc(self.p.network.ports.rpc)) as rpc:
            call = latest_call(rpc)
            anchor = Consortium(file.consortium, call).current(LOG_ANCHOR)
            assert anchor is not None
            log = parse(self.kept["plain"].receipt.read_bytes()).log
            return LogAnchor(anchor, call).latest(log).size

    def renewed(self) -> dict[str, Kept]:
        """The same records with receipts that are asked for anew."""
        found = {}
        for name, kept in self.kept.items():
            path = self.folder / f"{name}.renewed.json"
            url, token = self.p.at(kept.owner)[1], self.p.at(kept.owner)[3]
            words = ("receipt", kept.leaf, "--from", url, "-o", path, "--wait", "600")
            shown = ("--bare",) if name in CLOSED else ("--token", token)
            self.p.run(*words, *shown)
            found[name] = Kept(kept.owner, kept.record, kept.leaf, path)
        return found


@nightly.mark  # by day `tests/docs/test_moving.py` follows the chapter
def test_moving(provinces: Provinces, tmp_path: Path) -> None:
    story = Story(provinces, tmp_path)
    new = story.move_contracts()
    story.stands()
    made = story.goes_on("after", 30)
    anchored_in(provinces, made, new[LOG_ANCHOR])
    story.stands()
    story.known()
    assert story.revoked()
    code, found, report = story.audited(provinces.file)
    assert (code, found) == (1, {"contract-replaced": len(ROLES)})
    acts = report["counts"]["acts"]

    former = story.move_network()
    old = NetworkFile.load(former)
    now = NetworkFile.load(provinces.file)
    assert now.formerly == (old.reference,) and now.consortium != old.consortium
    until(lambda: story.latest(provinces.file) >= story.latest(former), "everything anchored again")
    for name, kept in story.kept.items():
        moved = provinces.verdict(kept)
        assert (moved["verdict"], moved["exit"]) == ("anchor-moved", 4), name
        assert "network-moved" in {check["code"] for check in moved["checks"]}
    renewed = story.renewed()
    for name, kept in renewed.items():
        until(lambda: provinces.word(kept) == story.words[name], f"{name} as it was")  # noqa: B023
        assert (kept.leaf, kept.record) == (story.kept[name].leaf, story.kept[name].record)
    until(story.revoked, "the revocation on the new chain")
    status = ("product", "status", story.product, *provinces.at(BUREAU))
    until(lambda: provinces._run(*status)[0] == 0, "the product on the new chain")
    story.known()
    story.kept = renewed
    story.goes_on("moved", 40)
    case = provinces.json("case", "show", story.case, *provinces.at(HEBEI))
    assert case["state"] == "filed"

    code, found, report = story.audited(provinces.file)
    assert (code, found) == (0, {})
    again = [act["refiledFrom"] for one in report["status"]["records"] for act in one["acts"]]
    assert (sum(since > 0 for since in again), again.count(0)) == (acts, 1), "and one more"
    code, found, report = story.audited(former)
    assert (code, found) == (1, {"contract-replaced": len(ROLES)})


def anchored_in(provinces: Provinces, kept: Kept, contract: Address) -> None:
    """The transaction that the receipt names went to the new contract."""
    tx = parse(kept.receipt.read_bytes()).anchor.tx
    with closing(Rpc(provinces.network.ports.rpc)) as rpc:
        receipt: Any = rpc.call("eth_getTransactionReceipt", [hex0x(tx)])
    assert [entry["address"] for entry in receipt["logs"]] == [contract]
