"""A loan: consent in Hebei, a bank asks, three provinces state what they have and one is away; a
week later a record is repaired, and everybody who relied on it is told. Then the reverse: what a
province hides is proven by whoever holds the receipt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.db import close_engine, open_engine
from gateway.base.settings import load
from gateway.log.located import locate
from gateway.records.models import records
from scripts.demo_parts.today import PLACES, complete
from tests.e2e.member import until
from tests.e2e.provinces import BEIJING, HEBEI, SHANXI, TIANJIN, Kept, Provinces, penal, today
from tests.support.receiver import Receiver, start_receiver

BANK, BUREAU = "demo-bank", "demo-bureau"
HERE = (BEIJING, TIANJIN, HEBEI, BANK, BUREAU)
FIRM = complete(f"91{PLACES[HEBEI]}", "MADAKN07")
FAMILY = "penalty"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with start_receiver() as found:
        yield found


class Loan:
    """The bank's file, and who is about it."""

    def __init__(self, provinces: Provinces, receiver: Receiver, folder: Path) -> None:
        self.p = provinces
        self.receiver = receiver
        self.folder = folder
        self.bundle = folder / "bundle.json"
        provinces.stop(SHANXI)
        provinces.up(*HERE)
        shared = penal(TIANJIN, HEBEI, 902, age=10, CF_XDR_SHXYM=FIRM) | {"class": "minor"}
        punished = penal(TIANJIN, HEBEI, 901, CF_XDR_SHXYM=FIRM)
        self.kept = provinces.submit(TIANJIN, {"punished": punished, "shared": shared})
        at_home = penal(HEBEI, HEBEI, 903, CF_XDR_SHXYM=FIRM)
        self.kept |= provinces.submit(HEBEI, {"home": at_home})
        self.paper = self._consent()

    def _consent(self) -> str:
        """The firm signs in Hebei, and the bank has it."""
        said = (
            *("--subject", FIRM, "--grantee", BANK, "--types", FAMILY),
            *("--regions", ",".join(PLACES), "--purpose", "pre-loan"),
            *("--from", today(), "--until", today() + timedelta(days=90)),
        )
        told = self.p.json("auth", "grant", *said, *self.p.paper("consent"), *self.p.at(HEBEI))
        paper = str(told["authorisation"])
        listed = ("auth", "list", *self.p.at(BANK))
        until(lambda: paper in self.p.run(*listed, "--json"), "the authorisation at the bank")
        return paper

    def ask(self, out: Path, *more: object, expect: int) -> dict[str, Any]:
        """What the bank's node tells of the firm."""
        said = ("--purpose", "pre-loan", "--types", FAMILY, "--authorisation", self.paper)
        command = ("use", FIRM, *said, "-o", out, *more, *self.p.at(BANK))
        found: dict[str, Any] = self.p.json(*command, expect=(expect,))
        return found

    def await_paper(self) -> None:
        """Wait until the bank holds an opening that counts."""
        command = ("use", FIRM, "--purpose", "pre-loan", "--authorisation", self.paper)
        there = self.p.at(BANK)
        until(lambda: _code(self.p, *command, *there) != 1, "the authorisation counts again")

    def verify(self, bundle: Path, expect: int) -> dict[str, Any]:
        found: dict[str, Any] = self.p.json(
            "verify", bundle, "--network", self.p.file, expect=(expect,)
        )
        return found

    def watch(self) -> None:
        """The bank has changes of the record sent to a program of its own."""
        added = self.p.json(
            *("webhooks", "add", self.receiver.url, "--record", self.kept["punished"].record),
            *self.p.at(BANK),
        )
        self.receiver.keys = [added["secret"]]

    def product(self) -> str:
        """A bureau makes a score of what it holds."""
        method, content, inputs = (self.folder / name for name in ("method.md", "s.csv", "in.txt"))
        method.write_text("synthetic: one point a penalty\n")
        content.write_text("code,score\nsynthetic,1\n")
        inputs.write_text("".join(f"{one.record}\n" for one in self.kept.values()))
        here = self.p.at(BUREAU)
        made = self.p.json("product", "register", "--kind", "model", "--method", method, *here)
        name = str(made["product"])
        self.p.run("product", "publish", name, "--content", content, "--records", inputs, *here)
        return name

    def repair(self, kept: Kept) -> None:
        """Applied for at home, granted by two persons of the owner."""
        case = self.p.file_case(HEBEI, kept, "repair", "--national-no", "XYXF-2026-9")
        self.p.run("case", "accept", case, *self.p.at(TIANJIN))
        self.p.decide(kept, case, "grant", "--basis", 2, "--class", "general")
        self.p.becomes(kept, "repaired")

    def hide(self, kept: Kept) -> None:
        """The owner's database forgets whom a record is about."""
        engine = open_engine(load(self.p.config(kept.owner)).database_url)
        try:
            with engine.begin() as connection:
                found = locate(connection, bytes.fromhex(kept.leaf))
                assert found is not None
                change = sa.update(records).where(records.c.id == found.id)
                connection.execute(change.values(subject=None))
        finally:
            close_engine(engine)


def answered(told: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = told["answered"]
    return found


def test_a_loan(provinces: Provinces, receiver: Receiver, tmp_path: Path) -> None:
    loan = Loan(provinces, receiver, tmp_path)
    punished = loan.kept["punished"]
    # Today: three state all that they may, one is away.
    told = loan.ask(loan.bundle, "--decision", "approved", expect=3)
    assert answered(told) == {BEIJING: 0, TIANJIN: 2, HEBEI: 1}
    assert [one["member"] for one in told["missing"]] == [SHANXI]
    before = loan.verify(loan.bundle, 3)
    assert (before["verdict"], before["now"]["overall"]) == ("adverse", "adverse")
    loan.watch()
    product = loan.product()
    status = ("product", "status", product, *provinces.at(BUREAU))
    provinces.run(*status)

    # A week later: one record is repaired.
    provinces.next_day(*HERE, days=7)
    loan.repair(punished)
    until(lambda: _told_of(receiver, punished), "the webhook")
    until(lambda: _code(provinces, *status) == 3, "the product is stale")
    after = loan.verify(loan.bundle, 3)  # what was known on the day
    assert (after["verdict"], after["at"]) == (before["verdict"], before["at"])
    assert {row["leaf"]: row["now"] for row in after["records"]}[punished.leaf] == "repaired"
    loan.await_paper()  # its promise is over: the custodian hands it over again, anchored
    later = loan.ask(tmp_path / "later.json", expect=3)
    assert answered(later) == {BEIJING: 0, TIANJIN: 1, HEBEI: 1}

    # The reverse: Tianjin hides a record of which the firm has the receipt.
    shared, bundle = loan.kept["shared"], tmp_path / "hiding.json"
    held = ("--member", TIANJIN, "--network", provinces.file)
    honest = ("answer", "contradict", tmp_path / "later.json", shared.receipt, *held)
    assert provinces.json(*honest, expect=(1,))["reason"] == "listed"
    loan.hide(shared)
    assert answered(loan.ask(bundle, expect=3))[TIANJIN] == 0
    assert provinces.json("answer", "contradict", bundle, shared.receipt, *held)["proven"]


def _told_of(receiver: Receiver, kept: Kept) -> bool:
    bodies = [got for got in receiver.taken if got.signed_by is not None]
    return any(got.value["data"].get("record") == kept.record for got in bodies)


def _code(provinces: Provinces, *command: object) -> int:
    return provinces._run(*command)[0]
