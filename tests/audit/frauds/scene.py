"""One honest run, of everything that members do and all that an auditor is handed, and the place
where a fraud is planted in it: on the chain, which is set back afterwards, or in copies of what
members keep and show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from ledger.audit.judge_sums import SumsAsked
from ledger.audit.listed import Together
from ledger.audit.opening_files import OpeningFiles
from ledger.audit.replay import Report
from ledger.audit.state import Log, Member
from ledger.audit.tiles import Fetch
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.ids import LogId, ProductId, RecordId, sha256
from ledger.core.manifest import Manifest, of_records
from ledger.core.opening import Opening
from ledger.core.signed import Item
from ledger.core.status import Action
from ledger.files.draw_files import DrawAudit, Papers
from ledger.files.list_audit import ListAudit
from ledger.verify import Verifier
from tests.audit.banker import BEIJING, HOUR, TIANJIN, Answered, Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import WEEKDAYS, Desk, record_of
from tests.audit.test_lists import Listing
from tests.support.cases import acknowledge, make_act
from tests.support.cases import act as send_act
from tests.support.chain import PROVINCES, TestNetwork
from tests.support.ledger import MemberLog
from tests.support.products import Maker
from tests.support.proxy import lie, start_proxy

HEBEI, SHANXI = "130000", "140000"
LATER = 73 * HOUR
MODEL = ProductId(sha256(b"a model"))
REPAIRED, OBJECTED, SHIELDED, FREE = 0, 1, 2, 5
"""Records of Tianjin's: of three an act is on the chain, from `FREE` on there is nothing."""
RECORDS = 12
ALL = ("period", "region", "product", "version")

Change = Callable[[Sequence[Any], Any], Any]
"""What a node tells in place of a result: params, result."""


class Told(NamedTuple):
    """How often each code was told, and of what could not be looked at which."""

    found: Counter[str]
    gaps: frozenset[str] = frozenset()


@dataclass
class Scene:
    """The honest run at its end. What a planter changes is looked at by a replay that is given
    everything: openings, papers, lists, a draw, sums, copies.

    product: how many versions of `MODEL` there are. copies: that Hebei keeps.
    lists: files of a day and receipts. draw: the folder of a draw. rumours: what the only node
    tells otherwise, by method. after: seconds that pass before the replay."""

    ledger: Ledger
    desk: Desk
    bank: Banker
    answered: Answered | None = None
    listing: Listing | None = None
    copies: dict[LogId, MemberLog] = field(default_factory=dict)
    lists: dict[str, bytes] = field(default_factory=dict)
    papers: list[Path] = field(default_factory=list)
    answers: list[Path] = field(default_factory=list)
    draws: list[Path] = field(default_factory=list)
    rumours: list[tuple[str, Change]] = field(default_factory=list)
    openings: list[Path] | None = None  # None: all that members open
    after: int = 0

    # ---- who and where

    @property
    def network(self) -> TestNetwork:
        return self.ledger.network

    @property
    def beijing(self) -> MemberLog:
        return self.ledger.beijing

    @property
    def tianjin(self) -> MemberLog:
        return self.ledger.tianjin

    @property
    def now(self) -> int:
        return self.desk.now

    def record(self, index: int = FREE) -> RecordId:
        """A record of Tianjin's."""
        return record_of(self.tianjin, index)

    def maker(self) -> Maker:
        return Maker(self.network, BEIJING)

    def copy(self) -> MemberLog:
        """Of Tianjin's log, as Hebei keeps it."""
        return self.copies[self.tianjin.log_id]

    # ---- what honest members do, and cheats as well

    def anchor(self, log: MemberLog, *entries: bytes) -> None:
        """More entries of a log, on the chain."""
        log.put_raw(*entries)
        log.anchor()

    def act(self, action: Action, index: int = FREE, **changes: Any) -> None:
        """An act of Tianjin's on its record, which everybody acknowledges."""
        log = self.tianjin
        commitment = log.records[index].commitment.digest
        send_act(self.network, TIANJIN, make_act(self.network, action, log.log_id, commitment,
                                                 **changes))  # fmt: skip

    def answer(self, paper: Any = None, **changes: Any) -> Answered:
        """What Tianjin answers the bank, by a new authorisation: all that it has."""
        changes.setdefault("items", items(self.tianjin))
        return self.bank.answer(paper or self.bank.authorise(), **changes)

    def publish(self, records: Sequence[bytes], version: int = 2, **changes: Any) -> Manifest:
        """A version of Beijing's product of these records, and its manifest among the papers."""
        made = publish(self, records, version, **changes)
        self.papers.append(self.bank.put(f"manifest-{version}.json", made.encode()))
        return made

    def hand(self, *openings: Opening) -> None:
        """Openings that a party hands over beside those that the members give."""
        self.papers += self.desk.keep(*openings)

    def wait(self, seconds: int) -> None:
        self.desk.wait(seconds)

    def acknowledge(self, *members: str) -> None:
        """Provinces, all by default, carry out what there is."""
        count = self.network.case_registry.latest().count
        if count > self.desk.acknowledged:
            self.desk.acknowledged = count
            acknowledge(self.network, *(members or PROVINCES))

    # ---- what an auditor does

    def settle(self) -> None:
        """What waits is in the logs, what was done is acknowledged, and `after` has passed."""
        for member in list(self.desk.waiting):
            self.desk.batch(member)
        self.acknowledge()
        if self.after:
            self.wait(self.after)
        self.network.anvil.mine()

    def told(self) -> Told:
        """What `audit replay` tells once everything is settled."""
        self.settle()
        document = self.report().document
        assert document["counts"]["findings"] == Counter(codes(document, "findings"))
        return Told(Counter(codes(document, "findings")), frozenset(codes(document, "incomplete")))

    def report(self) -> Report:
        """By the node, which may tell rumours."""
        with ExitStack() as stack:
            ledger = replace(self.ledger, network=self._told(stack))
            return self._replay(ledger, stack)

    def _told(self, stack: ExitStack) -> TestNetwork:
        if not self.rumours:
            return self.network
        proxy = stack.enter_context(start_proxy(self.network.anvil.url))
        for method, change in self.rumours:
            proxy.on(method, lie(change))
        return replace(self.network, file=self.network.with_rpc([proxy.url], 1))

    def _replay(self, ledger: Ledger, stack: ExitStack) -> Report:
        paths = [self.desk.answers()] if self.openings is None else self.openings
        file, now = ledger.network.file, ledger.network.anvil.head_time
        reader = QuorumReader(file, now=now)
        verifier = Verifier(file, reader=reader, now=now)
        stack.callback(verifier.close)
        beside = Together([ListAudit(verifier, self.lists), self._draws(verifier, reader)])
        return ledger.replay(
            openings=OpeningFiles([*paths, *self.papers]),
            calendar=WEEKDAYS,
            logs=list(self.desk.logs().values()),
            sums=SumsAsked("2026-09", "2026-10", ALL),
            check_mirrors=True,
            mirror_for=self._mirror_for,
            beside=beside,
        )

    def _draws(self, verifier: Verifier, reader: QuorumReader) -> DrawAudit:
        logs = {log.log_id: log.fetch for log in self.desk.logs().values()}
        return DrawAudit(
            verifier=verifier,
            reader=reader,
            folders=self.draws,
            papers=Papers(self.answers),
            fetch_for=lambda member, log: logs.get(log),
        )

    def _mirror_for(self, member: Member, log: Log) -> Fetch | None:
        copy = self.copies.get(log.log_id)
        return None if copy is None or member.code != HEBEI else copy.fetch


def codes(document: Mapping[str, Any], part: str) -> list[str]:
    return [str(one["code"]) for one in document[part]]


def items(log: MemberLog, indexes: Sequence[int] | None = None) -> list[Item]:
    """What an answer lists: receipts of these penalties, of all by default."""
    some = [at for at, one in log.records.items() if b"penalty" in one.entry]
    return [Item.of(log.leaves()[at], log.receipt(at)) for at in indexes or some]


def publish(scene: Scene, records: Sequence[bytes], version: int, **changes: Any) -> Manifest:
    made = of_records(
        product=MODEL, version=version, record_ids=records, salt=sha256(b"%d" % version)
    )
    values: dict[str, Any] = {"inputs": len(made.record_ids), "inputs_root": made.inputs_root}
    scene.maker().publish(MODEL, version, **values | changes)
    return made
