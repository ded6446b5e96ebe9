"""`credit-ledger product` and `outcome` against real nodes on a real chain."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from ledger.core.ids import sha256
from ledger.core.status import Action
from tests.cli.conftest import Cli, Done
from tests.gateway.intake.material import new_token
from tests.gateway.products.workshop import (
    BANK,
    BEIJING,
    BUREAU,
    TIANJIN,
    act,
    follow,
    some_records,
)
from tests.support.peers import Member, Network, row, start_members

HEAD = "月份,地区,产品,版本,产品成员,户数,授信金额(万元),贷款金额(万元)\n"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder: Path = tmp_path_factory.mktemp("members")
    codes = (BEIJING, TIANJIN, BUREAU, BANK)
    with start_members(folder, codes, makers=(BUREAU,)) as found:
        yield found


@contextmanager
def at_work(member: Member) -> Iterator[None]:
    """What its thread would do: everything that is asked for goes to the chain."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.05):
            member.node.products.sending.step()
            if member.node.products.sending.waiting():
                member.anvil.mine()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Desk:
    """Runs commands at the node of a member."""

    def __init__(self, cli: Cli, member: Member, folder: Path) -> None:
        self._cli = cli
        self._folder = folder
        self._member = member
        self._at = ("--to", member.url, "--token", new_token(member.node, "product"))

    def __call__(self, *words: Any) -> Done:
        with at_work(self._member):
            return self._cli(*words, *self._at)

    def file(self, name: str, text: str) -> Path:
        path = self._folder / name
        path.write_text(text, "utf-8")
        return path

    def made(self, records: list[str]) -> str:
        """A product with one version."""
        id_ = os.urandom(32).hex()
        method = self.file("method.md", "how it is made")
        content = self.file("content.csv", f"scores {id_}")
        done = self("product", "register", "--kind", "model", "--method", method, "--id", id_)
        assert done.exit == 0, done.err
        listed = self.file("records.txt", "\n".join(records))
        done = self("product", "publish", id_, "--content", content, "--records", listed)
        assert done.exit == 0, done.err
        return id_


@pytest.fixture
def desk(cli: Cli, network: Network, tmp_path: Path) -> Desk:
    return Desk(cli, network[BUREAU], tmp_path)


def test_from_registering_to_retiring(desk: Desk) -> None:
    method = desk.file("method.md", "how it is made")
    told = desk(
        *("product", "register", "--kind", "portrait", "--method", method),
        *("--title", "企业画像", "--json"),
    )
    assert told.exit == 0
    value = told.json()
    product = value["product"]
    assert (value["kind"], value["method"]) == ("portrait", sha256(b"how it is made").hex())
    records = some_records(3)
    listed = desk.file(
        "records.txt", f"# inputs\n{records[0]}  # the first\n\n{records[1]}\n{records[2]}\n"
    )
    content = desk.file("content.csv", "a,b\n")
    publish = ("product", "publish", product, "--content", content, "--records", listed)
    done = desk(*publish)
    assert done.exit == 0
    assert "fresh" in done.out
    assert "version 1 is published, of 3 records" in done.err
    again = desk(*publish, "--json").json()
    assert (again["made"]["version"], again["made"]["new"]) == (1, False)
    shown = desk("product", "show", product)
    assert "企业画像" in shown.out
    assert sha256(b"a,b\n").hex() in shown.out
    listing = desk("product", "list", "--json").json()["items"]
    assert [one["versions"] for one in listing if one["product"] == product] == [[1]]
    assert desk("product", "retire", product).exit == 0
    late = desk(*publish[:4], desk.file("other.csv", "c"), *publish[5:])
    assert late.exit == 1
    assert "retired" in late.err


def test_what_becomes_stale(network: Network, desk: Desk, cli: Cli, tmp_path: Path) -> None:
    bureau = network[BUREAU]
    [record] = network[BEIJING].file(row(301))
    product = desk.made([record.hex(), *some_records(2)])
    status = ("product", "status", product)
    assert desk(*status).exit == 0
    fresh = desk("product", "lineage", record.hex())
    assert (fresh.exit, product in fresh.out) == (0, True)
    manifest = tmp_path / "manifest.json"
    handed = desk("product", "hand", product, "--version", 1, "--user", BANK, "-o", manifest)
    assert handed.exit == 0
    act(network, BEIJING, record, Action.WITHDRAW)
    follow(bureau, network[BANK])
    stale = desk(*status)
    assert stale.exit == 3
    assert "withdrawn" in stale.out
    assert record.hex() in stale.out
    value = desk(*status, "--json").json()
    assert (value["stale"], value["causes"][0]["causes"]) == (True, ["withdrawn"])
    impact = desk("product", "lineage", record.hex(), "--json")
    assert impact.exit == 3
    assert [one["users"] for one in impact.json()["products"]] == [[BANK]]
    inputs = desk("product", "inputs", product, "--json")
    assert (inputs.exit, len(inputs.json()["items"])) == (3, 3)
    # At the user's own node, and by the chain alone.
    bank = Desk(cli, network[BANK], tmp_path)
    assert bank("product", "status", product, "--member", BUREAU).exit == 1
    assert bank("product", "take", manifest, "--member", BUREAU).exit == 0
    assert bank("product", "status", product, "--member", BUREAU).exit == 3
    content = desk.file("late.csv", "late")
    listed = desk.file("late.txt", record.hex())
    late = desk("product", "publish", product, "--content", content, "--records", listed)
    assert late.exit == 3, "on the chain, and stale already"


def test_by_the_chain_alone(network: Network, desk: Desk, cli: Cli, tmp_path: Path) -> None:
    [record, other] = network[TIANJIN].file(row(311), row(312))
    product = desk.made([record.hex(), other.hex()])
    file = tmp_path / "network.json"
    file.write_bytes(network.chain.file.encode())
    manifest, one = tmp_path / "manifest.json", tmp_path / "one.json"
    desk("product", "hand", product, "--version", 1, "--user", BANK, "-o", manifest)
    proven = desk("product", "prove", product, other.hex(), "--version", 1, "-o", one)
    assert proven.exit == 0

    def check(path: Path, member: str = BUREAU) -> Done:
        return cli("product", "check", path, "--member", member, "--network", file, "--json")

    for path in (manifest, one):
        assert (check(path).exit, check(path).json()["verdict"]) == (0, "fresh")
    assert [check(path).json()["shown"] for path in (manifest, one)] == [2, 1]
    wrong = check(manifest, BEIJING)
    assert (wrong.exit, wrong.json()["problems"][0]["code"]) == (1, "not-published")
    forged = tmp_path / "forged.json"
    data = manifest.read_bytes()
    forged.write_bytes(data.replace(record.hex().encode(), b"00" * 32))
    assert check(forged).exit == 1
    forged.write_bytes(one.read_bytes().replace(other.hex().encode(), record.hex().encode()))
    assert (check(forged).exit, check(forged).json()["problems"][0]["code"]) == (
        *(1, "manifest-differs"),
    )
    forged.write_bytes(data + b"\n")
    assert check(forged).json()["problems"][0]["code"] == "malformed"
    act(network, TIANJIN, record, Action.DISPUTE)
    told = check(manifest)
    assert (told.exit, told.json()["causes"][0]["causes"]) == (3, ["disputed"])
    assert check(one).exit == 0, "the other record"
    shown = cli("product", "check", manifest, "--member", BUREAU, "--network", file)
    assert "stale" in shown.out
    act(network, TIANJIN, record, Action.SETTLE)
    assert check(manifest).exit == 0


def test_files_of_records_that_are_wrong(desk: Desk) -> None:
    product = desk.made(some_records(1))
    content = desk.file("content.csv", "x")

    def publish(text: str) -> Done:
        listed = desk.file("records.txt", text)
        return desk("product", "publish", product, "--content", content, "--records", listed)

    [record] = some_records(1, "other")
    for text, where in (
        ("nothing", ":1:"),
        (f"{record}\n{record}\n", ":2:"),
        (f"{record}\n\n{record[:-1]}\n", ":3:"),
        ("# none\n", "no record"),
    ):
        done = publish(text)
        assert done.exit == 1
        assert where in done.err


def test_names_that_are_none(desk: Desk) -> None:
    assert desk("product", "show", "abc").exit == 2
    unknown = desk("product", "show", "00" * 32)
    assert unknown.exit == 1
    assert desk("product", "lineage", "00" * 32).exit == 0
    assert desk("product", "register", "--kind", "song", "--method", __file__).exit == 2
    done = desk("product", "register", "--kind", "model", "--method", desk.file("empty.md", ""))
    assert (done.exit, "empty" in done.err) == (1, True), "what goes to the chain stays there"


def test_outcomes_by_file(network: Network, desk: Desk, cli: Cli, tmp_path: Path) -> None:
    product = desk.made(some_records(2))
    bank = Desk(cli, network[BANK], tmp_path)
    good = f"2026-05,{BEIJING},{product},1,{BUREAU},12,100.5,80\n2026-05,{TIANJIN},,,,7,1,1\n"
    done = bank("outcome", "report", bank.file("good.csv", HEAD + good))
    assert (done.exit, "2 rows: 2 new" in done.out) == (0, True)
    bad = bank.file("bad.csv", HEAD + good + f"2026-05,{BEIJING},,,,many,1,1\n")
    done = bank("outcome", "report", bad)
    assert done.exit == 1
    assert "2 known, 1 wrong" in done.out
    assert "row 4 households" in done.err
    assert "number-invalid" in done.err
    told = bank("outcome", "report", bad, "--json").json()
    assert [item["state"] for item in told["items"]] == ["known", "known", "wrong"]
    listed = bank("outcome", "list", "--month", "2026-05")
    assert (listed.exit, product in listed.out) == (0, True)
    added = bank("outcome", "sums", "--from", "2026-05", "--until", "2026-05", "--by", "region")
    assert added.exit == 0
    assert "100.5" in added.out
    nothing = bank("outcome", "report", bank.file("none.csv", "a,b\n1,2\n"))
    assert (nothing.exit, "lacks these columns" in nothing.err) == (1, True)
    refused = desk("outcome", "report", bad)
    assert (refused.exit, "institution" in refused.err) == (1, True)
