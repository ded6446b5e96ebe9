"""Leaves drawn by the hash of a later block, disclosed, and held against answers: a record that was
left out is found though nobody but its member knew of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.draws import Unread, draw
from ledger.audit.findings import Findings
from ledger.audit.listed import Together
from ledger.audit.replay import Report
from ledger.audit.tiles import Fetch
from ledger.chain.draws import block_of
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.answer import MAX_JWS, TYP, Answer
from ledger.core.draw import Draw, Drawn, places
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Digest, LogId, sha256
from ledger.core.jws import Jws
from ledger.core.jws import parse_statement as parse_jws
from ledger.core.signed import Item
from ledger.core.statement import dummy
from ledger.core.status import Action, Basis
from ledger.core.verdict.facts import SHANGHAI_OFFSET, date_of
from ledger.files.draw_audit import DrawJudge, differs
from ledger.files.draw_files import DRAW, RECEIPTS, DrawAudit, Papers
from ledger.verify import Verifier
from tests.audit.banker import AUDITOR, BANK, BEIJING, DAY, TIANJIN, Answered, Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import Desk
from tests.audit.test_queries import told
from tests.support.cases import act, make_act
from tests.support.ledger import OTHER, SUBJECT, MemberLog, make_record
from tests.support.votes import close_log

CODE = "CF_XDR_SHXYM"


@dataclass
class Auditor:
    """Draws from the logs of a ledger, and judges. told: why nothing was given, by index."""

    ledger: Ledger
    bank: Banker
    reader: QuorumReader
    verifier: Verifier
    findings: Findings = field(default_factory=Findings)
    told: dict[int, str] = field(default_factory=dict)
    receipts: dict[Digest, bytes] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return date.fromisoformat(date_of(self.ledger.network.anvil.head_time()))

    def next_day(self) -> date:
        """The first block of the next day is there, and final."""
        anvil = self.ledger.network.anvil
        now = anvil.head_time() + SHANGHAI_OFFSET
        anvil.mine(seconds=DAY - now % DAY + 60)
        anvil.mine(2, seconds=10)
        return self.today

    def fetch_for(self, member: str, log: LogId) -> Fetch | None:
        logs = (self.ledger.beijing, self.ledger.tianjin, *self.bank.desk.more.values())
        return next((one.fetch for one in logs if one.log_id == log), None)

    def draw(
        self, day: date | None = None, *, count: int = 8, members: Sequence[str] = (TIANJIN,)
    ) -> tuple[Draw, list[Unread]]:
        day = day or self.next_day()
        return draw(
            self.reader,
            self.reader.head(),
            auditor=AUDITOR,
            day=day,
            members=members,
            count=count,
            fetch_for=self.fetch_for,
        )

    def disclose(self, made: Draw, **presentation: Any) -> Draw:
        """The members disclose every record of a draw, but those of `told`."""
        logs = {log.log_id: log for log in (self.ledger.beijing, self.ledger.tianjin)}
        return replace(
            made,
            logs=tuple(
                replace(
                    log,
                    leaves=tuple(self._one(logs[log.log], one, presentation) for one in log.leaves),
                )
                for log in made.logs
            ),
        )

    def _one(self, log: MemberLog, drawn: Drawn, presentation: dict[str, Any]) -> Drawn:
        if why := self.told.get(drawn.index):
            return replace(drawn, refused=why)
        data = log.receipt(drawn.index, **{"show": [CODE]} | presentation)
        self.receipts[sha256(data)] = data
        return replace(drawn, given=sha256(data))

    def answer(self, *, authorised: bool = True, **changes: Any) -> Answered:
        """To the bank, by an authorisation: it is to be given all about the subject."""
        paper = self.bank.authorise() if authorised else None
        return self.bank.answer(paper, **changes)

    def judge(self, made: Draw, *answers: Answered) -> DrawJudge:
        judge = DrawJudge(verifier=self.verifier, findings=self.findings)
        judge.draw(made, self.receipts)
        judge.answers((one.answer, jws(one)) for one in answers)
        return judge

    def found(self) -> list[tuple[str, str, str]]:
        return [
            (one.code, one.member, str(one.evidence.get("why", "")))
            for one in self.findings.listed()
        ]

    def gaps(self) -> list[str]:
        return [one.code for one in self.findings.incomplete()]


def jws(answered: Answered) -> Jws:
    return parse_jws(answered.jws, TYP, max_chars=MAX_JWS)


@pytest.fixture
def auditor(ledger: Ledger, tmp_path: Path) -> Iterator[Auditor]:
    now = ledger.network.anvil.head_time
    reader = QuorumReader(ledger.network.file, now=now)
    verifier = Verifier(ledger.network.file, reader=reader, now=now)
    yield Auditor(ledger, Banker(Desk(ledger, tmp_path)), reader, verifier)
    verifier.close()


def items(log: MemberLog, indexes: Sequence[int]) -> list[Item]:
    """What an answer lists: receipts of these."""
    return [Item.of(log.leaves()[index], log.receipt(index)) for index in indexes]


# ---- what is drawn


def test_a_draw_is_the_same_for_everybody(auditor: Auditor) -> None:
    """By block, log and size alone; more leaves only go on."""
    made, unread = auditor.draw(members=(BEIJING, TIANJIN), count=8)
    assert unread == []
    again, _ = auditor.draw(made.day, members=(BEIJING, TIANJIN), count=8)
    assert again == made
    assert differs(made, again) is None
    logs = {log.member: log for log in made.logs}
    assert {code: (log.size, len(log.leaves)) for code, log in logs.items()} == {
        BEIJING: (300, 8),
        TIANJIN: (3, 3),
    }
    beijing = logs[BEIJING]
    drawn = [place for place, _ in zip(places(made.hash, beijing.log, 300), range(8), strict=False)]
    assert [one.index for one in beijing.leaves] == drawn
    more, _ = auditor.draw(made.day, members=(BEIJING,), count=20)
    assert more.logs[0].leaves[:8] == beijing.leaves
    assert [one.leaf for one in beijing.leaves] == [
        auditor.ledger.beijing.leaves()[one.index] for one in beijing.leaves
    ]


def test_the_block_is_the_first_of_its_day(auditor: Auditor) -> None:
    day = auditor.next_day()
    view = auditor.reader.head()
    block = block_of(auditor.reader, view, day)
    assert date_of(block.time) == day.isoformat()
    assert date_of(view.block_at(block.number - 1).time) < day.isoformat()
    with pytest.raises(CouldNotCheck, match="final"):
        block_of(auditor.reader, view, day + timedelta(days=1))


def test_what_is_anchored_afterwards_is_not_drawn(auditor: Auditor) -> None:
    """Nor does it change what is: nobody can fill a log so that a leaf is missed."""
    made, _ = auditor.draw()
    auditor.bank.desk.put(TIANJIN, make_record(auditor.ledger.tianjin, decided=date(2025, 10, 12)))
    auditor.ledger.network.anvil.mine(2)
    again, _ = auditor.draw(made.day)
    assert again == made


def test_only_records_are_drawn(auditor: Auditor) -> None:
    """A statement is opened, not disclosed."""
    log = auditor.ledger.tianjin
    said = [
        dummy(at=1, iss=TIANJIN, log=log.log_id, salt=sha256(b"%d" % number))
        for number in range(16)
    ]
    log.put_raw(*[one.entry() for one in said], b"nonsense")
    log.anchor()
    made, _ = auditor.draw()
    assert sorted(one.index for one in made.logs[0].leaves) == [0, 1, 2]
    assert made.logs[0].size == 20


def test_what_was_stranded_is_not_drawn(auditor: Auditor) -> None:
    log = auditor.ledger.beijing
    close_log(log.network, log.log_id, 5)
    made, _ = auditor.draw(members=(BEIJING,))
    assert (made.logs[0].size, len(made.logs[0].leaves)) == (5, 5)


@pytest.mark.parametrize(("served", "false"), [(None, False), (b"x" * 96, True)])
def test_a_log_that_cannot_be_read(auditor: Auditor, served: bytes | None, false: bool) -> None:
    """What was not anchored is not drawn from."""
    auditor.ledger.tianjin.served = {"tile/0/000.p/3": served, "tile/0/000": None}
    made, [unread] = auditor.draw()
    assert (made.logs, unread.member, unread.false) == ((), TIANJIN, false)


def test_a_member_that_serves_nothing(auditor: Auditor) -> None:
    day = auditor.next_day()
    made, unread = draw(
        auditor.reader,
        auditor.reader.head(),
        auditor=AUDITOR,
        day=day,
        members=(TIANJIN, BANK),
        count=1,
        fetch_for=lambda member, log: None,
    )
    assert (made.logs, [one.why for one in unread]) == ((), ["endpoint"])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda made: replace(made, hash=sha256(b"chosen")), "block"),
        (lambda made: replace(made, number=made.number + 1), "block"),
        (
            lambda made: replace(
                made, logs=(replace(made.logs[0], leaves=made.logs[0].leaves[1:]),)
            ),
            "leaves",
        ),
        (lambda made: replace(made, logs=(replace(made.logs[0], size=2),)), "leaves"),
    ],
)
def test_a_draw_that_was_chosen(auditor: Auditor, change: Any, what: str) -> None:
    made, _ = auditor.draw()
    assert differs(change(made), made) == what


# ---- what was left out


def test_answers_that_list_all_contradict_nothing(auditor: Auditor) -> None:
    answered = auditor.answer(items=items(auditor.ledger.tianjin, [0, 1, 2]))
    other = auditor.answer(code=OTHER)
    made = auditor.disclose(auditor.draw()[0])
    judge = auditor.judge(made, answered, other)
    assert (auditor.found(), auditor.gaps(), judge.compared) == ([], [], 1)


def test_a_record_that_an_answer_left_out(auditor: Auditor) -> None:
    answered = auditor.answer(items=items(auditor.ledger.tianjin, [0, 2]))
    made = auditor.disclose(auditor.draw()[0])
    auditor.judge(made, answered, answered)
    assert auditor.found() == [("record-left-out", TIANJIN, "")]
    [found] = auditor.findings.listed()
    assert found.evidence["leaf"] == auditor.ledger.tianjin.leaves()[1].hex()
    assert found.where == f"answer/{sha256(answered.jws.encode()).hex()}"


def test_an_asker_that_need_not_be_given_the_record(auditor: Auditor) -> None:
    """Without an authorisation only what is public for certain had to be listed; the code alone
    does not show that."""
    answered = auditor.answer(authorised=False)
    auditor.judge(auditor.disclose(auditor.draw()[0]), answered)
    assert auditor.found() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_record_that_was_not_in_force_then(auditor: Auditor, when: str) -> None:
    """Withdrawn before the answer it had to be left out; afterwards it had not."""
    log = auditor.ledger.tianjin
    withdrawn = make_act(
        log.network,
        Action.WITHDRAW,
        log.log_id,
        log.records[1].commitment.digest,
        basis=Basis.ISSUER_CHECK,
    )
    made, _ = auditor.draw()
    if when == "before":
        act(log.network, TIANJIN, withdrawn)
        log.put(make_record(log, decided=date(2025, 10, 12)))
        log.anchor()
    answered = auditor.answer(items=items(log, [0, 2]))
    log.network.anvil.mine(2)
    made = auditor.disclose(made)
    if when == "after":
        act(log.network, TIANJIN, withdrawn)
        log.network.anvil.mine(2)
    auditor.judge(made, answered)
    assert auditor.found() == ([] if when == "before" else [("record-left-out", TIANJIN, "")])


def test_an_answer_of_another_member_or_family(auditor: Auditor) -> None:
    beijing = auditor.answer(by=BEIJING)
    licences = auditor.answer(types=("licence",))
    made = auditor.disclose(auditor.draw()[0])
    judge = auditor.judge(made, beijing, licences)
    assert (auditor.found(), judge.compared) == ([], 1)


def test_queries_of_which_nobody_has_the_answer(auditor: Auditor) -> None:
    answered = auditor.answer(items=items(auditor.ledger.tianjin, [0, 1, 2]))
    judge = auditor.judge(auditor.disclose(auditor.draw()[0]), answered)
    digest = sha256(answered.jws.encode())
    judge.queries(
        [
            (TIANJIN, SUBJECT, digest),
            (TIANJIN, SUBJECT, sha256(b"another")),
            (TIANJIN, OTHER, sha256(b"third")),
            (BEIJING, SUBJECT, sha256(b"fourth")),
        ]
    )
    assert judge.unseen == 1


# ---- what was not disclosed


@pytest.mark.parametrize(
    ("why", "found"),
    [
        ("not-granted", ["drawn-not-disclosed"]),
        ("answer-unsigned", ["drawn-not-disclosed"]),
        ("unreachable", []),
        ("busy", []),
        ("not-asked", []),
    ],
)
def test_a_leaf_for_which_nothing_was_given(auditor: Auditor, why: str, found: list[str]) -> None:
    """A member that cannot be reached is no finding: nobody knows whether it would."""
    auditor.told[1] = why
    auditor.judge(auditor.disclose(auditor.draw()[0]))
    assert auditor.found() == [(code, TIANJIN, why) for code in found]
    assert auditor.gaps() == ([] if found else ["draw-unchecked"])


def test_what_acts_have_closed_need_not_be_disclosed(auditor: Auditor) -> None:
    log = auditor.ledger.tianjin
    for index, action in enumerate((Action.ERASE, Action.DISPUTE)):
        commitment = log.records[index].commitment.digest
        made = make_act(log.network, action, log.log_id, commitment, basis=Basis.COURT)
        act(log.network, TIANJIN, made)
    auditor.told |= {0: "not-granted", 1: "not-granted"}
    auditor.judge(auditor.disclose(auditor.draw()[0]))
    assert auditor.found() == [("drawn-not-disclosed", TIANJIN, "not-granted")]
    [found] = auditor.findings.listed()
    assert found.where == f"log/{log.log_id.hex()}/entry/1"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data, log: data.replace(b'"index":', b'"index":9'), "receipt-false"),
        (lambda data, log: log.receipt(2), "other-record"),
        (lambda data, log: log.receipt(1, bare=True), "no-code"),
        (lambda data, log: log.receipt(1, show=["CF_WSH"]), "no-code"),
        (lambda data, log: None, "receipt-not-here"),
    ],
)
def test_a_receipt_that_discloses_nothing(auditor: Auditor, change: Any, why: str) -> None:
    log = auditor.ledger.tianjin
    made = auditor.disclose(auditor.draw()[0])
    [drawn] = [one for one in made.logs[0].leaves if one.index == 1]
    assert drawn.given is not None
    data = change(auditor.receipts.pop(drawn.given), log)
    if data is not None:
        auditor.receipts[drawn.given] = data
    auditor.judge(made)
    assert auditor.found() == [("drawn-not-disclosed", TIANJIN, why)]


def test_a_draw_with_no_word_about_a_leaf(auditor: Auditor) -> None:
    auditor.judge(auditor.draw()[0])
    assert {why for _, _, why in auditor.found()} == {"nothing-given"}


def test_an_answer_is_read_as_it_was_signed(auditor: Auditor) -> None:
    answered = auditor.answer()
    assert isinstance(answered.answer, Answer)
    assert jws(answered).text == answered.jws


# ---- kept in a folder, and judged with a replay


def kept(auditor: Auditor, made: Draw, folder: Path) -> Path:
    """As `audit draw` keeps it."""
    receipts = folder / RECEIPTS
    receipts.mkdir(parents=True, exist_ok=True)
    for name, data in auditor.receipts.items():
        (receipts / f"{name.hex()}.json").write_bytes(data)
    (folder / DRAW).write_bytes(made.encode())
    return folder


def replayed(auditor: Auditor, folder: Path, *papers: Path) -> Report:
    """The report of a replay that looks at the draw, too."""
    audit = DrawAudit(
        verifier=auditor.verifier,
        reader=auditor.reader,
        folders=[folder],
        papers=Papers(papers),
        fetch_for=auditor.fetch_for,
    )
    return auditor.ledger.replay(beside=Together([audit]))


@pytest.mark.parametrize("left_out", [False, True])
def test_a_replay_draws_anew_and_compares(auditor: Auditor, tmp_path: Path, left_out: bool) -> None:
    log = auditor.ledger.tianjin
    answered = auditor.answer(items=items(log, [0, 2] if left_out else [0, 1, 2]))
    own = [log.receipt(index) for index in ([0, 2] if left_out else [0, 1, 2])]
    papers = auditor.bank.hand(answered, receipts=own)
    folder = kept(auditor, auditor.disclose(auditor.draw()[0]), tmp_path / "draw")
    report = replayed(auditor, folder, *papers)
    assert told(report) == ([("record-left-out", TIANJIN, "")] if left_out else [])
    assert report.exit == (1 if left_out else 0)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data.replace(b'"count":8', b'"count":7'), ""),
        (lambda data: data.replace(b'"index":1,', b'"index":2,'), "leaves"),
        (lambda data: data.replace(b'"number":', b'"number":1'), "block"),
        (lambda data: data + b" ", ""),
        (lambda data: b"{}", ""),
    ],
)
def test_a_draw_that_is_none(auditor: Auditor, tmp_path: Path, change: Any, why: str) -> None:
    """Whoever chose leaves is found, and nothing is held against a member."""
    made = auditor.disclose(auditor.draw()[0])
    folder = kept(auditor, made, tmp_path / "draw")
    (folder / DRAW).write_bytes(change(made.encode()))
    found = told(replayed(auditor, folder))
    changed = b'"count":7' not in (folder / DRAW).read_bytes()  # three records are fewer than 7
    assert [one[:2] for one in found] == ([("draw-false", "")] if changed else [])
    assert not changed or why in found[0][2]


def test_a_draw_of_a_later_version_or_of_a_log_that_is_gone(
    auditor: Auditor, tmp_path: Path
) -> None:
    made = auditor.disclose(auditor.draw()[0])
    folder = kept(auditor, made, tmp_path / "draw")
    (folder / DRAW).write_bytes(made.encode().replace(b"draw@1", b"draw@2"))
    gaps = replayed(auditor, folder).document["incomplete"]
    assert [gap["code"] for gap in gaps] == ["paper-version-unknown"]
    (folder / DRAW).write_bytes(made.encode())
    auditor.ledger.tianjin.served = {"tile/0/000.p/3": None, "tile/0/000": None}
    gaps = replayed(auditor, folder).document["incomplete"]
    assert "draw-unchecked" in [gap["code"] for gap in gaps]


def test_papers_that_are_none_contradict_nothing(auditor: Auditor, tmp_path: Path) -> None:
    made = auditor.disclose(auditor.draw()[0])
    folder = kept(auditor, made, tmp_path / "draw")
    paper = auditor.bank.put("answer.json", b"eyJ.no.answer")
    opening = auditor.bank.desk.promised(auditor.answer().query)
    papers = Papers([paper, *auditor.bank.desk.keep(opening)])
    assert list(papers.answers()) == []
    assert [(member, code) for member, code, _ in papers.queries()] == [(TIANJIN, SUBJECT)]
    assert told(replayed(auditor, folder, paper)) == []
