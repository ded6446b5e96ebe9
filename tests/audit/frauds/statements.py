"""What members state: whose it is, when, and how many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from ledger.core.keys import Purpose
from tests.audit.banker import BEIJING, DAY, HOUR, TIANJIN
from tests.audit.desk import forged
from tests.audit.frauds.fraud import Fraud
from tests.audit.frauds.honest import DECIDED
from tests.audit.frauds.scene import LATER, Scene
from tests.support.ledger import make_record


def said(scene: Scene) -> Any:
    """Something that Tianjin states, which is about nobody."""
    return scene.desk.say(TIANJIN, sort="dummy", members={})


def unopened(scene: Scene) -> None:
    scene.desk.unanswered.add(said(scene).commitment)


def in_another_s_name(scene: Scene) -> None:
    """In Tianjin's log stands what Beijing is said to state."""
    made = scene.desk.say(BEIJING, scene.tianjin.log_id, sort="dummy", members={})
    scene.hand(scene.desk.promised(made))


def late(scene: Scene) -> None:
    said(scene)
    scene.wait(LATER)


def not_filled(scene: Scene) -> None:
    for _ in range(15):
        said(scene)
    scene.desk.batch(TIANJIN, fill=False)
    scene.desk.put(TIANJIN, make_record(scene.tianjin, decided=DECIDED))


def two_batches(scene: Scene) -> None:
    """On one day, an hour apart."""
    desk = scene.desk
    day = (desk.now + 8 * HOUR) // DAY * DAY - 8 * HOUR + 2 * DAY
    scene.wait(day - desk.now)
    desk.batch(TIANJIN)
    desk.put(TIANJIN, make_record(scene.tianjin, decided=DECIDED))
    scene.wait(HOUR)
    desk.batch(TIANJIN)


def broken(scene: Scene) -> None:
    """Promised, handed over, and never logged."""
    made = said(scene)
    scene.desk.waiting.clear()
    scene.hand(scene.desk.promised(made))
    scene.desk.unanswered.add(made.commitment)
    scene.after = LATER


def too_long(scene: Scene) -> None:
    """No reader of ours takes it; that the member signed it is found all the same."""
    made = said(scene)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.core.promise.MAX_PROMISE", 10 * DAY)
        scene.hand(scene.desk.promised(made, due=made.at + 4 * DAY))


def by_anybody(scene: Scene) -> None:
    made = said(scene)
    scene.desk.waiting.clear()
    scene.desk.unanswered.add(made.commitment)
    scene.hand(scene.desk.promised(made, signer=scene.network.payer))


def of_two(scene: Scene) -> None:
    """An opening with another salt."""
    scene.hand(forged(scene.desk.promised(said(scene))))


def false_witness(scene: Scene) -> None:
    """The receipt of a statement shows a line that Beijing did not write."""
    log, made = scene.tianjin, said(scene)
    scene.desk.batch(TIANJIN)
    line = log.cosigned(len(log.entries), BEIJING, signer=log.key(Purpose.NOTE))
    scene.desk.unanswered.add(made.commitment)
    scene.hand(scene.desk.anchored(made, line))


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="statements", code=code, plant=plant, en=en, zh=zh, **more)


def _o(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str) -> Fraud:
    return Fraud(name=name, family="openings", code=code, plant=plant, en=en, zh=zh)


FRAUDS: Final = (
    _f(
        "kept-shut",
        "statement-unopened",
        unopened,
        "A member opens all of its statements but one.",
        "成员打开其全部声明，唯独一条不打开。",
    ),
    _f(
        "in-another-s-name",
        "statement-not-the-owner",
        in_another_s_name,
        "A statement in the log of a member is said to be another member's.",
        "成员日志中的声明，自称属于另一成员。",
    ),
    _f(
        "anchored-late",
        "statement-late",
        late,
        "A statement is anchored after more than three days.",
        "声明逾三日才存证。",
    ),
    _f(
        "batch-with-a-hole",
        "batch-not-filled",
        not_filled,
        "Statements are moved to the log in a number that shows how many there were.",
        "声明移入日志的数目未补足，暴露了其真实数量。",
    ),
    _f(
        "batch-on-the-same-day",
        "batch-out-of-time",
        two_batches,
        "Statements are moved to the log twice in a day, which shows when they were made.",
        "一日之内两次移入声明，暴露了其作出的时间。",
    ),
    _f(
        "promised-and-forgotten",
        "promise-broken",
        broken,
        "A member promises to log a statement and never does.",
        "成员承诺登记声明而始终未登记。",
    ),
    _f(
        "promised-for-too-long",
        "promise-too-long",
        too_long,
        "A member gives itself four days for what is to be done in three.",
        "应在三日内完成的，成员给了自己四日。",
    ),
    _o(
        "opening-by-anybody",
        "opening-unproven",
        by_anybody,
        "Somebody hands over a statement that no log holds and no member promised.",
        "有人交来的声明既不在任何日志中，也无成员的承诺。",
    ),
    _o(
        "opening-with-another-salt",
        "opening-false",
        of_two,
        "Somebody hands over an opening that is not that of the entry.",
        "有人交来的开启件与条目不符。",
    ),
    _o(
        "witness-of-a-receipt",
        "witness-line-false",
        false_witness,
        "A receipt shows the line of a witness that did not sign it.",
        "回执上的见证行并非该见证者所签。",
    ),
)
