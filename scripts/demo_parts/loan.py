"""A loan: a firm consents in Hebei, a bank asks four provinces, one of which is away; the record
that spoke against it is repaired, and what was built on it is told. Synthetic, as all of the
demo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.devnet.layout import Layout, load_ports
from gateway.devnet.services import Network
from scripts.demo_parts import today
from scripts.demo_parts.story import HOME, OWNER, Desk, file_case, until

BANK, BUREAU, AWAY = "demo-bank", "demo-bureau", "140000"
FAMILY = "penalty"
_DAYS = 90
"""For how long the firm consents."""
_AGE = 200
"""Days since the penalty: beyond the minimum of its class, before its maximum."""
_FIRM = "MALQAN01"
"""Of its code; the letters I, O, S, V, Z are none of a code."""


@dataclass(frozen=True, kw_only=True)
class Loan:
    """What came of it. stated: records that each province stated on the day. missing: who did not.
    first, later: what the bank was told, before the repair and after it. bundle: the verdict on the
    file that it saved, and `now`, when judged at the end. product: whether it turned stale."""

    stated: dict[str, int]
    missing: list[str]
    first: str
    later: str
    bundle: str
    now: str
    product: str

    def row(self) -> str:
        """Of the closing table."""
        return (
            f"{len(self.stated)} provinces stated, {len(self.missing)} away: {self.first};"
            f" after the repair: {self.later}; product {self.product};"
            f" saved bundle: {self.bundle}, now {self.now}"
        )


class _Case:
    """The file of the loan, at the bank."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.firm = today.complete(f"91{today.PLACES[HOME]}", _FIRM)
        self.record = self._punished()
        self.paper = self._consent()

    def json(self, *command: object, expect: tuple[int, ...] = (0,)) -> dict[str, Any]:
        found: dict[str, Any] = self.desk.run(*command, "--json", expect=expect)[1]
        return found

    def _punished(self) -> str:
        """A penalty of the firm in Tianjin, anchored; its record id."""
        row = today.penalty(OWNER, 0, today.now() - timedelta(days=_AGE))
        row["fields"] |= {
            "CF_XDR_MC": "合成样例石家庄贷款有限公司",
            "CF_XDR_SHXYM": self.firm,
            "CF_WSH": "津市监罚〔2026〕贷款1号",
        }
        path = self.desk.folder / "loan.ndjson"
        path.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
        (answer,) = self.json("submit", path, *self.desk.at(OWNER), "--wait")["verdicts"]
        wait = ("--from", self.desk.urls[OWNER], "-o", path.with_suffix(".receipt.json"))
        self.desk.run("receipt", answer["leaf"], *wait, "--wait", "300")
        return str(answer["recordId"])

    def _consent(self) -> str:
        """The firm signs at home; the commitment of the authorisation, once the bank holds it."""
        said = (
            *("--subject", self.firm, "--grantee", BANK, "--types", FAMILY),
            *("--regions", ",".join(today.PLACES), "--purpose", "pre-loan"),
            *("--from", today.now(), "--until", today.now() + timedelta(days=_DAYS)),
            *("--doc", self.desk.paper("企业征信授权书.pdf")),
        )
        told = self.json("auth", "grant", *said, *self.desk.at(HOME))
        paper = str(told["authorisation"])
        listed = ("auth", "list", *self.desk.at(BANK), "--json")
        until(lambda: paper in json.dumps(self.desk.run(*listed)[1]), "the authorisation at a bank")
        return paper

    def ask(self, name: str, *more: object) -> dict[str, Any]:
        """What the bank's node tells of the firm; the bundle goes into a file."""
        said = ("--purpose", "pre-loan", "--types", FAMILY, "--authorisation", self.paper)
        out = ("-o", self.desk.folder / name, *more)
        return self.json("use", self.firm, *said, *out, *self.desk.at(BANK), expect=(0, 3, 4))

    def product(self) -> str:
        """A bureau makes a score of the record; the id of the product."""
        folder, here = self.desk.folder, self.desk.at(BUREAU)
        method, content, inputs = (folder / name for name in ("method.md", "score.csv", "in.txt"))
        method.write_text("synthetic: one point a penalty\n")
        content.write_text("code,score\nsynthetic,1\n")
        inputs.write_text(f"{self.record}\n")
        made = self.json("product", "register", "--kind", "model", "--method", method, *here)
        name = str(made["product"])
        what = ("--content", content, "--records", inputs)
        self.desk.run("product", "publish", name, *what, *here)
        return name

    def is_stale(self, product: str) -> bool:
        told = self.json("product", "status", product, *self.desk.at(BUREAU), expect=(0, 3))
        return bool(told["stale"])

    def repaired(self) -> None:
        """Applied for at home, granted by two persons of the owner."""
        desk, paper = self.desk, self.desk.paper("准予信用修复决定书-贷款.pdf")
        number = ("--national-no", "XYXF-2026-2")
        case = file_case(desk, self.record, "repair", "已履行全部义务，申请信用修复", *number)
        desk.run("case", "accept", case, *desk.at(OWNER))
        decided = ("--basis", "2", "--class", "general", "--doc", paper)
        desk.run("case", "decide", case, "grant", *decided, *desk.at(OWNER, "decide"))
        desk.run("case", "release", case, *desk.at(OWNER, "release"))


def play(desk: Desk, folder: Path) -> Loan:
    """Ask, repair, ask again. folder: of the network. Raises StoryFailed."""
    layout = Layout(folder)
    network = Network(layout, load_ports(layout))
    network.gateway(AWAY).stop()
    case = _Case(desk)
    first = case.ask("bundle.json", "--decision", "approved")
    product = case.product()
    desk.run("network", "up", "--dir", folder)
    case.repaired()
    until(lambda: case.is_stale(product), "the product is stale")
    later = until(lambda: _all_there(case), "all four provinces answer")
    file = ("verify", desk.folder / "bundle.json", "--network", desk.network)
    verdict = case.json(*file, expect=(0, 3, 4))
    return Loan(
        stated=dict(first["answered"]),
        missing=[one["member"] for one in first["missing"]],
        first=first["overall"],
        later=later["overall"],
        bundle=verdict["verdict"],
        now=verdict["now"]["overall"],
        product="stale",
    )


def _all_there(case: _Case) -> dict[str, Any] | None:
    told = case.ask("later.json")
    return None if told["missing"] else told
