"""What honest members do and hand over: a scene in which nothing is wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson

from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.canonical import instant
from ledger.core.status import Action, Basis
from ledger.core.verdict.facts import SHANGHAI_OFFSET, date_of
from ledger.files.draw_files import DRAW, RECEIPTS
from ledger.verify import Verifier
from tests.audit.banker import BANK, BEIJING, DAY, HOUR, TIANJIN, Banker
from tests.audit.conftest import Ledger
from tests.audit.desk import Desk, objected, repaired
from tests.audit.frauds.scene import (
    MODEL,
    OBJECTED,
    RECORDS,
    SHIELDED,
    Scene,
    items,
    publish,
)
from tests.audit.test_draws import Auditor
from tests.audit.test_lists import Listing
from tests.support.day_lists import listed
from tests.support.ledger import MemberLog, make_record
from tests.support.revocations import take_back

DECIDED = date(2025, 10, 12)


def honest(ledger: Ledger, folder: Path) -> Scene:
    """Everything that members do, done as it should be, at the end of it."""
    desk = Desk(ledger, folder)
    desk.wait(_until_noon(desk.now))
    scene = Scene(ledger, desk, Banker(desk))
    _log(scene)
    _finance(scene)
    _cases(scene)
    scene.settle()
    scene.wait(3 * DAY)
    desk.batch(BANK)
    _sums(scene)
    _list(scene)
    _draw(scene)
    scene.copies = {log.log_id: _copy(log) for log in (ledger.beijing, ledger.tianjin)}
    scene.wait(2 * DAY)
    scene.network.anvil.mine()
    return scene


def anew(scene: Scene, folder: Path) -> Scene:
    """The same, to be changed: nothing of the first is."""
    shutil.copytree(scene.desk.folder, folder, dirs_exist_ok=True)
    own = {log.member: twin(log) for log in (scene.beijing, scene.tianjin)}
    ledger = Ledger(scene.network, own[BEIJING], own[TIANJIN])
    desk = replace(
        scene.desk,
        ledger=ledger,
        folder=folder,
        made=list(scene.desk.made),
        waiting={},
        unanswered=set(),
        more={member: twin(log) for member, log in scene.desk.more.items()},
    )

    def moved(paths: list[Path]) -> list[Path]:
        return [folder / path.relative_to(scene.desk.folder) for path in paths]

    return replace(
        scene,
        ledger=ledger,
        desk=desk,
        bank=Banker(desk),
        copies={name: twin(log) for name, log in scene.copies.items()},
        lists=dict(scene.lists),
        listing=scene.listing and replace(scene.listing, ledger=ledger),
        papers=moved(scene.papers),
        answers=moved(scene.answers),
        draws=moved(scene.draws),
        rumours=[],
    )


def twin(log: MemberLog) -> MemberLog:
    return replace(
        log,
        entries=list(log.entries),
        anchors=list(log.anchors),
        records=dict(log.records),
        served=dict(log.served),
    )


def _copy(log: MemberLog) -> MemberLog:
    """As Hebei keeps it, with its own line under the checkpoint."""
    made = twin(log)
    made.served = {"checkpoint": log.cosigned(len(log.entries), "130000").encode()}
    return made


def _until_noon(now: int) -> int:
    """Seconds until noon of the next day in China: no step is of another day than its act, whatever
    the time of the machine is."""
    return DAY - (now + SHANGHAI_OFFSET) % DAY + DAY // 2


# ---- what is done


def _log(scene: Scene) -> None:
    """More penalties of Tianjin's; entries of a list of both, in the last anchor."""
    for _ in range(RECORDS - len(scene.tianjin.entries)):
        scene.tianjin.put(make_record(scene.tianjin, decided=DECIDED))
    for log, count in ((scene.beijing, 2), (scene.tianjin, 1)):
        for number in range(count):
            listed(log, number + 1)
        log.anchor()


def _finance(scene: Scene) -> None:
    """A loan from the authorisation to the use in a product; one authorisation taken back; what
    came of the loans."""
    scene.maker().register(MODEL)
    records = [scene.record(3), scene.record(4)]
    scene.papers.append(scene.bank.put("manifest-1.json", publish(scene, records, 1).encode()))
    answered = scene.bank.answer(scene.bank.authorise(), items=items(scene.tianjin))
    scene.answered = answered
    scene.bank.use(answered)
    scene.bank.use(answered, product=MODEL)
    unused = scene.bank.authorise(BEIJING)
    scene.wait(HOUR)
    take_back(scene.network, BEIJING, unused.commitment)
    receipts = [scene.tianjin.receipt(at) for at in scene.tianjin.records]
    scene.answers = scene.bank.hand(answered, receipts=receipts[:RECORDS])
    scene.papers += scene.answers
    scene.bank.outcome(12)
    scene.bank.outcome(3, region=BEIJING)


def _cases(scene: Scene) -> None:
    """A repair, an objection that is dismissed, a decision of the owner's."""
    desk = scene.desk
    repaired(desk)
    filed = objected(desk, OBJECTED)
    desk.act(Action.DISPUTE, filed, OBJECTED, basis=Basis.SUBJECT_REQUEST)
    dismissed = desk.step(TIANJIN, "dismiss", filed)
    desk.act(Action.SETTLE, dismissed, OBJECTED, basis=Basis.ISSUER_CHECK)
    shield = desk.step(TIANJIN, "shield", scene.record(SHIELDED), basis=5)
    desk.act(Action.SHIELD, shield, SHIELDED)


# ---- what is handed over


def _sums(scene: Scene) -> None:
    """Published a day ago."""
    value = scene.report().document["sums"]
    value["at"] = instant(scene.now - DAY - HOUR)
    scene.papers.append(scene.bank.put("sums.json", orjson.dumps(value)))


def _list(scene: Scene) -> None:
    """Of today, by Beijing, with the receipts of its entries."""
    receipts = {
        log.member: [log.receipt(at) for at, one in log.records.items() if b"abnormal" in one.entry]
        for log in (scene.beijing, scene.tianjin)
    }
    day = date.fromisoformat(date_of(scene.now))
    at = [at for at, one in scene.beijing.records.items() if b"abnormal" in one.entry]
    listing = Listing(scene.ledger, day, receipts, at)
    scene.lists["list.json"] = listing.file(listing.part(0, 1), 0, 1)
    for member, texts in receipts.items():
        scene.lists |= {f"{member}-{at}.json": text for at, text in enumerate(texts)}
    scene.listing = listing


def _draw(scene: Scene) -> None:
    """By the next day's first block: all of Tianjin's, and disclosed."""
    now = scene.network.anvil.head_time
    reader = QuorumReader(scene.network.file, now=now)
    verifier = Verifier(scene.network.file, reader=reader, now=now)
    try:
        auditor = Auditor(scene.ledger, scene.bank, reader, verifier)
        made = auditor.disclose(auditor.draw(count=RECORDS + 1)[0], show=None)
    finally:
        verifier.close()
    folder = scene.desk.folder / "draw"
    receipts = folder / RECEIPTS
    receipts.mkdir(parents=True)
    for name, data in auditor.receipts.items():
        (receipts / f"{name.hex()}.json").write_bytes(data)
    (folder / DRAW).write_bytes(made.encode())
    scene.draws = [folder]
