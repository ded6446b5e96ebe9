"""Times: what is said to have been earlier or later, and what was not done in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.core.verdict.facts import end_of
from tests.audit.banker import BEIJING, DAY, TIANJIN
from tests.audit.frauds.cases import disputed
from tests.audit.frauds.entries import fresh
from tests.audit.frauds.fraud import Fraud
from tests.audit.frauds.scene import SHANXI, Scene
from tests.audit.test_service import go_to, month_after, put


def untruly_in_time(scene: Scene) -> None:
    """Decided in a month, anchored at the end of the next one."""
    month = month_after(scene.now)
    put(scene.tianjin, month.replace(day=3), "yes", 2)
    go_to(scene.ledger, month_after(end_of(month)).replace(day=25))
    scene.tianjin.anchor()


def untruly_late(scene: Scene) -> None:
    """Anchored on the second of the month in which it was decided."""
    month = month_after(scene.now)
    go_to(scene.ledger, month.replace(day=2))
    put(scene.tianjin, month.replace(day=1), "no", 3)
    scene.tianjin.anchor()


def of_next_century(scene: Scene) -> None:
    scene.anchor(scene.tianjin, fresh(scene.tianjin, period="2126-01"))


def behind(scene: Scene) -> None:
    """Hebei does not acknowledge for more than a day."""
    disputed(scene)
    scene.acknowledge(BEIJING, TIANJIN, SHANXI)
    scene.after = DAY + 3600


def dawdled(scene: Scene) -> None:
    """Twenty days for the answer to an objection."""
    disputed(scene)
    scene.after = 22 * DAY


def national_result(scene: Scene) -> None:
    scene.desk.step(TIANJIN, "national-result", disputed(scene), national_no="XY2026-7")
    scene.after = 10 * DAY


def never_corrected(scene: Scene) -> None:
    """An entry says what is right, and what is wrong goes on counting."""
    log = scene.tianjin
    scene.anchor(log, fresh(log, corrects=scene.record(), period="2025-10"))
    scene.after = 31 * DAY


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="clocks", code=code, plant=plant, en=en, zh=zh, **more)


FRAUDS: Final = (
    _f(
        "said-to-be-in-time",
        "timely-yes-late",
        untruly_in_time,
        "Records say that they were shared in time, and were anchored weeks later.",
        "记录自称及时共享，而存证晚了数周。",
    ),
    _f(
        "said-to-be-late",
        "timely-no-early",
        untruly_late,
        "Records say that they were shared late, and were anchored before anybody was late.",
        "记录自称超期共享，而存证时尚未到期。",
    ),
    _f(
        "of-next-century",
        "period-in-future",
        of_next_century,
        "A record says that it was decided in a month that is yet to come.",
        "记录自称的认定月份尚未到来。",
    ),
    _f(
        "not-carried-out",
        "ack-late",
        behind,
        "A province does not carry out an act for more than a day.",
        "一省逾一日未执行状态行为。",
    ),
    _f(
        "case-that-lies",
        "stage-overdue",
        dawdled,
        "An objection is left without an answer for longer than the rules allow.",
        "异议逾规定期限未获答复。",
    ),
    _f(
        "national-result-that-lies",
        "national-result-late",
        national_result,
        "A result of the national platform is left unrecorded for longer than three days.",
        "国家平台的处理结果逾三个工作日未登记。",
    ),
    _f(
        "correction-that-never-came",
        "correction-without-act",
        never_corrected,
        "A correction is logged, and the wrong record goes on counting for a month.",
        "登记了更正，而错误的记录一个月后仍然有效。",
    ),
)
