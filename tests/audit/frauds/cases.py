"""What members say and do in cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from ledger.core.status import Action, Basis
from tests.audit.banker import BEIJING, HOUR, TIANJIN
from tests.audit.desk import objected, repaired, this_month
from tests.audit.frauds.fraud import Fraud
from tests.audit.frauds.scene import FREE, LATER, Scene
from tests.support.cases import act_by_vote, make_act, midnight
from tests.support.ledger import make_record


def disputed(scene: Scene, **changes: Any) -> Any:
    """An objection that marks the record, as it should."""
    filed = objected(scene.desk, FREE, **changes)
    scene.desk.act(Action.DISPUTE, filed, FREE)
    return filed


def shielded(scene: Scene) -> Any:
    return scene.desk.step(TIANJIN, "shield", scene.record(), basis=5)


def on_nothing(scene: Scene) -> None:
    scene.desk.step(TIANJIN, "file-repair", bytes(range(32)))
    scene.after = LATER


def act_on_nothing(scene: Scene) -> None:
    """By a vote: so there is no step to be wanted."""
    log = scene.tianjin
    done = make_act(scene.network, Action.WITHDRAW, log.log_id, bytes(range(32)))
    act_by_vote(scene.network, done)
    scene.after = LATER


def broken(scene: Scene) -> None:
    """A repair is granted of what is an objection."""
    scene.desk.step(TIANJIN, "grant", disputed(scene), basis=1, class_="general")


def act_without_step(scene: Scene) -> None:
    step = shielded(scene)
    scene.desk.made.remove(step)
    scene.desk.waiting[TIANJIN].remove(step)
    scene.desk.act(Action.SHIELD, step, FREE)
    scene.after = LATER


def antedated(scene: Scene) -> None:
    """In effect the day before the step says."""
    scene.desk.act(Action.SHIELD, shielded(scene), FREE, effective_at=midnight(scene.now, -1))


def step_without_act(scene: Scene) -> None:
    shielded(scene)
    scene.after = LATER


def unmarked(scene: Scene) -> None:
    objected(scene.desk, FREE)
    scene.after = LATER


def unmarked_too_early(scene: Scene) -> None:
    filed = disputed(scene)
    upheld = scene.desk.step(TIANJIN, "uphold", filed, basis=7)
    scene.desk.act(Action.SETTLE, upheld, FREE)
    scene.desk.act(Action.WITHDRAW, upheld, FREE)


def vote_despite_answer(scene: Scene) -> None:
    filed = objected(scene.desk, FREE, by=BEIJING)
    scene.desk.step(TIANJIN, "accept", filed)
    for member in list(scene.desk.waiting):
        scene.desk.batch(member)
    scene.wait(HOUR)
    log = scene.tianjin
    commitment = log.records[FREE].commitment.digest
    done = make_act(scene.network, Action.DISPUTE, log.log_id, commitment)
    act_by_vote(scene.network, replace(done, basis=Basis.OBJECTION_UPHELD))
    scene.after = LATER


def too_early(scene: Scene) -> None:
    """Of a record of this month."""
    log = scene.tianjin
    index = scene.desk.put(TIANJIN, make_record(log, decided=this_month(scene.desk)))
    repaired(scene.desk, index, class_="severe")


def _f(name: str, code: str, plant: Callable[[Scene], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="cases", code=code, plant=plant, en=en, zh=zh, **more)


FRAUDS: Final = (
    _f(
        "case-about-nothing",
        "case-on-nothing",
        on_nothing,
        "A case is filed about a record that no log holds.",
        "就任何日志中都没有的记录提出案件。",
    ),
    _f(
        "act-on-nothing",
        "act-on-nothing",
        act_on_nothing,
        "An act is recorded on a record that no log holds.",
        "对任何日志中都没有的记录作出状态行为。",
    ),
    _f(
        "steps-out-of-order",
        "case-broken",
        broken,
        "A step is taken that the case does not allow: a repair is granted of an objection.",
        "作出案件所不允许的步骤：对异议“准予修复”。",
    ),
    _f(
        "step-of-a-stranger",
        "step-not-the-author",
        lambda scene: scene.desk.step(BEIJING, "accept", disputed(scene)),
        "A province takes a step that only the owner of the record may take.",
        "一省作出只有记录所属省才能作出的步骤。",
    ),
    _f(
        "one-person",
        "same-person",
        lambda scene: repaired(scene.desk, FREE, role="unit-1:file-repair"),
        "One officer files a repair and proposes that it be granted (a note: it is to be asked "
        "who released it).",
        "同一人提出修复并拟准予修复（仅待核实：须查问由谁放行）。",
    ),
    _f(
        "act-of-no-case",
        "act-without-step",
        act_without_step,
        "A record is shielded without any step of a case.",
        "没有任何案件步骤而屏蔽记录。",
    ),
    _f(
        "act-antedated",
        "act-differs-from-step",
        antedated,
        "An act is recorded with another day than the step says on which it rests.",
        "状态行为的日期与其所依据的步骤不同。",
    ),
    _f(
        "decision-not-carried-out",
        "step-without-act",
        step_without_act,
        "A decision is stated and never carried out on the chain.",
        "作出了决定，却始终未在链上执行。",
    ),
    _f(
        "objection-hushed-up",
        "objection-unmarked",
        unmarked,
        "An objection is filed and the record is not marked.",
        "提出了异议，而记录未被标注。",
    ),
    _f(
        "mark-taken-away",
        "settle-before-outcome",
        unmarked_too_early,
        "The mark of a dispute is taken away before what was decided is done.",
        "在决定执行之前即取消异议标注。",
    ),
    _f(
        "vote-for-nothing",
        "vote-despite-answer",
        vote_despite_answer,
        "The provinces mark a record for want of an answer that its owner had given.",
        "所属省已作答复，各省仍以未答复为由表决标注。",
    ),
    _f(
        "repair-of-no-class",
        "repair-without-class",
        lambda scene: repaired(scene.desk, FREE, class_=None),
        "A repair is granted without the class that its term depends on.",
        "准予修复而未写明决定期限的类别。",
    ),
    _f(
        "repair-too-early",
        "repair-before-minimum",
        too_early,
        "A repair is granted before the minimum of publicity has passed.",
        "未满最短公示期即准予修复。",
    ),
)
