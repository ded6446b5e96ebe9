"""A Hebei firm punished in Tianjin: one application, one decision, clean in four provinces; then an
objection that leads to a correction. Synthetic, as all of the demo."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ledger.chain.contracts.bindings import CASE_REGISTRY, CaseRegistry, Consortium
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from scripts.demo_parts.today import PLACES, complete, now, penalty

OWNER, HOME = "120000", "130000"
"""Tianjin punishes; the firm is of Hebei, which files for it."""
WAIT = 300.0
"""Seconds for what takes a few."""
_POLL = 0.2
_AGE = 200
"""Days since the penalty: beyond the minimum of the class `general`, before its maximum."""

Run = Callable[..., tuple[int, Any]]


class StoryFailed(Exception):
    """Something that the story waits for did not happen."""


@dataclass(kw_only=True)
class Desk:
    """What the people of the story work with. urls: of the gateways, by member; folder: where
    their papers lie; tokens: of who decides and who releases in Tianjin."""

    run: Run
    network: Path
    urls: dict[str, str]
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def paper(self, name: str) -> Path:
        """A document to hand in."""
        path = self.folder / name
        path.write_bytes(b"%PDF-1.7\n% synthetic: " + name.encode() + b"\n%%EOF\n")
        return path

    def at(self, member: str, role: str | None = None) -> tuple[str, ...]:
        """The options by which a command is told its node, and who asks."""
        who = () if role is None else ("--token", self.tokens[role])
        return ("--to", self.urls[member], *who)

    def verdict(self, receipt: Path) -> dict[str, Any]:
        """What a bank learns of a receipt."""
        command = ("verify", receipt, "--network", self.network, "--json")
        found: dict[str, Any] = self.run(*command, expect=(0, 1, 3, 4))[1]
        return found

    def case_of(self, case: str) -> dict[str, Any]:
        """A case as its owner sees it, once it has arrived there."""
        found: dict[str, Any] = until(lambda: self._show(case), f"case {case[:8]} at {OWNER}")
        return found

    def _show(self, case: str) -> dict[str, Any] | None:
        code, told = self.run("case", "show", case, *self.at(OWNER), "--json", expect=(0, 1))
        return told if code == 0 else None


@dataclass(kw_only=True)
class Told:
    """What came of it. acknowledged: seconds from the mined act, by member."""

    cases: list[dict[str, Any]] = field(default_factory=list)
    acknowledged: dict[str, float] = field(default_factory=dict)


def until(look: Callable[[], Any], what: str) -> Any:
    """What `look` gives once it gives something. Raises StoryFailed."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(_POLL)
    raise StoryFailed(f"{what}: not within {WAIT:.0f} s")


def play(desk: Desk) -> Told:
    """Repair, then objection. Raises StoryFailed."""
    _give_tokens(desk)
    told = Told()
    _repair(desk, told)
    _correct(desk, told)
    return told


def _give_tokens(desk: Desk) -> None:
    config = desk.network.parent / "members" / OWNER / "gateway.toml"
    for role in ("decide", "release"):
        scopes = ("--scope", "read", "--scope", role, "--config", config)
        printed = desk.run("gateway", "token", "add", f"{role}-officer", *scopes)[1]
        desk.tokens[role] = str(printed).splitlines()[-1]


def _repair(desk: Desk, told: Told) -> None:
    """One application at home, one decision in Tianjin; the verdict in every province."""
    record, receipt = _punish(desk, "1")
    before = desk.verdict(receipt)
    case = file_case(
        desk, record, "repair", "已履行全部义务，申请信用修复", "--national-no", "XYXF-2026-1"
    )
    desk.run("case", "accept", case, *desk.at(OWNER))
    decided = ("--basis", "2", "--class", "general", "--doc", desk.paper("准予信用修复决定书.pdf"))
    desk.run("case", "decide", case, "grant", *decided, *desk.at(OWNER, "decide"))
    told.acknowledged = _carried_out(desk, "case", "release", case, *desk.at(OWNER, "release"))
    told.cases.append(_outcome(desk, case, before, desk.verdict(receipt)))


def _correct(desk: Desk, told: Told) -> None:
    """An objection marks the record; upheld, another one stands in its place."""
    record, receipt = _punish(desk, "2")
    case = file_case(desk, record, "objection", "罚款金额有误，应为 0.1 万元")
    marked = until(lambda: _is(desk, receipt, "disputed"), "the mark of the objection")
    right, _ = _punish(desk, "2", CF_NR_FK="0.1", CF_WSH=_number("2") + "更正")
    decided = ("--basis", "7", "--correct-to", right, "--doc", desk.paper("异议处理决定书.pdf"))
    desk.run("case", "decide", case, "uphold", *decided, *desk.at(OWNER, "decide"))
    desk.run("case", "release", case, *desk.at(OWNER, "release"))
    told.cases.append(_outcome(desk, case, marked, desk.verdict(receipt)))


def _is(desk: Desk, receipt: Path, wanted: str) -> dict[str, Any] | None:
    found = desk.verdict(receipt)
    return found if found["verdict"] == wanted else None


def _number(which: str) -> str:
    return f"津市监罚〔2026〕异地{which}号"


def _punish(desk: Desk, which: str, **changes: str) -> tuple[str, Path]:
    """Tianjin records a penalty of a firm of Hebei: (record id, file of its receipt)."""
    day = now() - timedelta(days=_AGE)
    row = _penalty(which, day, changes)
    path = desk.folder / f"story-{which}-{len(changes)}.ndjson"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")
    submitted = desk.run("submit", path, *desk.at(OWNER), "--json", "--wait")[1]
    (answer,) = submitted["verdicts"]
    receipt = path.with_suffix(".receipt.json")
    wait = ("--wait", str(WAIT))
    desk.run("receipt", answer["leaf"], "--from", desk.urls[OWNER], "-o", receipt, *wait)
    return answer["recordId"], receipt


def _penalty(which: str, day: date, changes: dict[str, str]) -> dict[str, Any]:
    row = penalty(OWNER, int(which), day)
    row["fields"] |= {
        "CF_XDR_MC": f"合成样例石家庄异地{which}号有限公司",
        "CF_XDR_SHXYM": complete(f"91{PLACES[HOME]}", f"MAREPAR{which}"),
        "CF_WSH": _number(which),
        **changes,
    }
    return row


def file_case(desk: Desk, record: str, kind: str, reason: str, *more: str) -> str:
    """File at the firm's home, and see it arrive at the owner."""
    said = ("--owner", OWNER, "--kind", kind, "--reason", reason, *more)
    paper = ("--doc", desk.paper(f"{kind}-application.pdf"))
    case = desk.run("case", "file", record, *said, *paper, *desk.at(HOME), "--json")[1]["case"]
    desk.case_of(case)
    return str(case)


def _outcome(
    desk: Desk, case: str, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    shown = desk.case_of(case)
    return {
        "case": case,
        "kind": shown["kind"],
        "state": shown["state"],
        "steps": [step["act"] for step in shown["steps"]],
        "before": before["verdict"],
        "after": after["verdict"],
    }


def _carried_out(desk: Desk, *release: str) -> dict[str, float]:
    """Release a decision; seconds from its act on the chain until each province says there that it
    has carried it out, 0 within the same look."""
    found = dict[str, float]()
    network = NetworkFile.load(desk.network)
    with closing(QuorumReader(network, max_ahead=None)) as reader, ThreadPoolExecutor(1) as beside:
        before = _registry(network, reader).latest().count
        released = beside.submit(desk.run, *release)
        until(lambda: _registry(network, reader).latest().count > before, "the act of the decision")
        mined = time.monotonic()

        def look() -> bool:
            registry = _registry(network, reader)
            for code in PLACES:
                if code not in found and registry.acknowledged(code).count > before:
                    found[code] = round(time.monotonic() - mined, 1)
            return len(found) == len(PLACES)

        until(look, "the acknowledgements of four provinces")
        released.result()
    return found


def _registry(network: NetworkFile, reader: QuorumReader) -> CaseRegistry:
    """The registry at the newest head. Raises StoryFailed where the network has none."""
    view = reader.head()
    address = Consortium(network.consortium, view.call, view.calls).current(CASE_REGISTRY)
    if address is None:
        raise StoryFailed("the network has no CaseRegistry")
    return CaseRegistry(address, view.call, view.calls)


def rows_of(told: Told, names: dict[str, str]) -> Sequence[tuple[str, str]]:
    """The table: who carried the repair out, and after how many seconds."""
    late = sorted(told.acknowledged.items(), key=lambda item: item[1])
    return [(names[code], f"{seconds:.1f} s") for code, seconds in late]
