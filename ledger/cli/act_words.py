"""Acts on records in words: whoever signs one must see all that it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ledger.chain.typed_acts import TypedActs
from ledger.cli.language import pick, say
from ledger.cli.value_words import every_value, moment, safe_text
from ledger.core.canonical import MAX_INSTANT, hex0x
from ledger.core.status import Act, Action, Basis, act_values
from ledger.core.texts import Text

_CHINA = timedelta(hours=8)

ACTIONS: Mapping[Action, Text] = {
    Action.DISPUTE: {"zh": "标注异议", "en": "mark as disputed"},
    Action.SETTLE: {"zh": "取消异议标注", "en": "take the dispute mark away"},
    Action.SHIELD: {"zh": "暂时屏蔽", "en": "shield"},
    Action.LIFT: {"zh": "解除屏蔽", "en": "lift the shield"},
    Action.REPAIR: {"zh": "准予信用修复", "en": "grant the repair"},
    Action.RESCIND: {"zh": "取消修复、撤销或终止", "en": "take back a repair, withdrawal or end"},
    Action.CORRECT: {
        "zh": "更正（以另一记录代替）",
        "en": "correct (another record stands for it)",
    },
    Action.WITHDRAW: {"zh": "撤销", "en": "withdraw"},
    Action.ERASE: {"zh": "删除", "en": "erase"},
    Action.END: {"zh": "终止", "en": "end"},
    Action.ANNUL: {"zh": "宣告无效", "en": "annul"},
    Action.ANNUL_STOLEN: {"zh": "失窃密钥之处置复原", "en": "undo what a stolen key did"},
}
BASES: Mapping[Basis, Text] = {
    Basis.ORDER_58: {"zh": "国家发展改革委 58 号令", "en": "Order 58"},
    Basis.ORDER_36: {"zh": "36 号令", "en": "Order 36"},
    Basis.MARKET_SUPERVISION: {"zh": "市场监管规定", "en": "rules of market supervision"},
    Basis.NATIONAL_RESULT: {"zh": "国家平台结果", "en": "result of the national platform"},
    Basis.COURT: {"zh": "法院裁判", "en": "a court"},
    Basis.SUPERVISION_ORDER: {"zh": "监管命令", "en": "supervision order"},
    Basis.OBJECTION_UPHELD: {"zh": "异议成立", "en": "objection upheld"},
    Basis.ISSUER_CHECK: {"zh": "归集单位核查", "en": "the issuer's own check"},
    Basis.SUBJECT_REQUEST: {"zh": "当事人申请", "en": "request of the subject"},
    Basis.DECISION_CHANGED: {"zh": "原决定变更或撤销", "en": "decision changed or annulled"},
    Basis.LIST_EXIT: {"zh": "移出名单", "en": "exit from a list"},
    Basis.OTHER_LAW: {"zh": "其他法律法规", "en": "other law"},
}


def act_sentence(act: Act) -> str:
    """What is done to which record and why, on one line."""
    action = pick(ACTIONS[Action(act.action)])
    basis = pick(BASES[Basis(act.basis)]) if act.basis in set(Basis) - {0} else str(act.basis)
    day, record = _day(act.effective_at), act.record.hex()
    return say(
        zh=f"{action}：记录 {record}，自 {day} 起，依据 {act.basis}（{basis}）",
        en=f"{action}: record {record}, from {day} on, basis {act.basis} ({basis})",
    )


def typed_lines(typed: TypedActs) -> list[str]:
    """All that is signed: where it counts, whose it is, each act as a sentence and then every value
    of it, until when it may be used, the digest."""
    chain, registry = typed.domain
    lines = [
        f"{say(zh='网络', en='network')}: eip155:{chain}:{registry}",
        f"{say(zh='成员', en='member')}: {safe_text('member', typed.member)}",
    ]
    for act in typed.acts:
        lines += [act_sentence(act), *_special(act)]
        lines += [f"  {line}" for line in every_value(act_values(act))]
    until = say(zh="签名有效至", en="may be used until")
    return [*lines, f"{until}: {moment(typed.deadline)}", f"digest: {hex0x(typed.digest)}"]


def _special(act: Act) -> list[str]:
    """What stands beside the plain act."""
    lines = []
    if act.action == Action.CORRECT:
        lines.append(f"  {say(zh='更正后的记录', en='by the record')}: {act.other.hex()}")
    if act.refiled_from:
        first = say(zh="原登记于（链已丢失，重新登记）", en="filed again; first recorded")
        lines.append(f"  {first}: {moment(act.refiled_from)}")
    return lines


def _day(seconds: int) -> str:
    if seconds > MAX_INSTANT - _CHINA.total_seconds():
        return str(seconds)
    return (datetime.fromtimestamp(seconds, UTC) + _CHINA).date().isoformat()
