"""What stands in logs, by members that anchor it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ledger.core.ids import LogId, keccak256
from tests.audit.desk import record_of
from tests.audit.frauds.fraud import Fraud
from tests.audit.frauds.scene import Scene
from tests.audit.test_replay import entry
from tests.support.ledger import MemberLog

Make = Callable[[Scene, MemberLog], bytes]


def anchored(make: Make) -> Callable[[Scene], None]:
    """Tianjin logs and anchors an entry."""

    def plant(scene: Scene) -> None:
        scene.anchor(scene.tianjin, make(scene, scene.tianjin))

    return plant


def twice(scene: Scene, log: MemberLog) -> bytes:
    """Beijing has it."""
    return entry(log, commitment=scene.beijing.records[7].commitment.digest)


def fresh(log: MemberLog, **changes: Any) -> bytes:
    return entry(log, commitment=keccak256(b"fresh"), **changes)


def _f(name: str, code: str, make: Make, en: str, zh: str) -> Fraud:
    return Fraud(name=name, family="entries", code=code, plant=anchored(make), en=en, zh=zh)


FRAUDS: Final = (
    _f(
        "not-canonical",
        "entry-malformed",
        lambda scene, log: fresh(log) + b" ",
        "An entry is logged that is not in the form that all read alike.",
        "登记了不合规范格式的条目。",
    ),
    _f(
        "too-long",
        "entry-malformed",
        lambda scene, log: b"x" * 1025,
        "Something longer than an entry may be is logged: text, perhaps.",
        "登记了超过长度上限的内容，可能夹带文字。",
    ),
    _f(
        "of-another-log",
        "entry-foreign-log",
        lambda scene, log: entry(log, log=LogId(bytes(32))),
        "An entry is logged that names another log.",
        "登记了写明属于另一日志的条目。",
    ),
    _f(
        "twice",
        "entry-duplicate",
        twice,
        "A member logs what another member has logged before.",
        "成员登记了他成员已登记过的记录。",
    ),
    _f(
        "of-no-type",
        "type-not-in-catalogue",
        lambda scene, log: fresh(log, schema="hearsay@1"),
        "A record is logged of a type that nobody agreed on.",
        "登记了目录之外类型的记录。",
    ),
    _f(
        "of-a-version-to-come",
        "type-not-in-catalogue",
        lambda scene, log: fresh(log, schema="penalty@9"),
        "A record is logged of a version of its type that is not in force.",
        "登记了尚未生效的类型版本的记录。",
    ),
    _f(
        "of-a-year",
        "period-granularity",
        lambda scene, log: fresh(log, period="2025"),
        "A record is logged with the year where the month belongs.",
        "应写月份之处只写了年份。",
    ),
    _f(
        "corrects-another-s",
        "corrects-dangling",
        lambda scene, log: fresh(log, corrects=record_of(scene.beijing, 1)),
        "A member logs a correction of a record that is not its own.",
        "成员登记的更正所指的并非其自己的记录。",
    ),
)
