"""Cases in words: kinds, states, steps, stages and what becomes of an act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.cli.act_words import BASES
from ledger.cli.language import pick, say
from ledger.core.case_chain import CaseState
from ledger.core.status import Basis
from ledger.core.texts import Text

KINDS: Mapping[str, Text] = {
    "repair": {"zh": "信用修复", "en": "repair"},
    "objection": {"zh": "异议", "en": "objection"},
    "own": {"zh": "自行决定", "en": "own decision"},
}
CASE_STATES: Mapping[str, Text] = {
    CaseState.FILED: {"zh": "已提出", "en": "filed"},
    CaseState.ACCEPTED: {"zh": "已受理", "en": "accepted"},
    CaseState.AWAITING_SUPPLEMENT: {"zh": "待补正", "en": "awaiting a supplement"},
    CaseState.DECLINED: {"zh": "不予受理", "en": "declined"},
    CaseState.GRANTED: {"zh": "准予修复", "en": "granted"},
    CaseState.REFUSED: {"zh": "不予修复", "en": "refused"},
    CaseState.UPHELD: {"zh": "异议成立", "en": "upheld"},
    CaseState.DISMISSED: {"zh": "异议不成立", "en": "dismissed"},
    CaseState.UNCONFIRMED: {"zh": "无法核实", "en": "not to be confirmed"},
    CaseState.WITHDRAWN: {"zh": "已撤回", "en": "taken back"},
    CaseState.DECIDED: {"zh": "自行决定", "en": "decided by the owner"},
    "": {"zh": "不成案件", "en": "no case"},
}
PROPOSED, SENT_BACK = "proposed", "sent-back"
STATES: Mapping[str, Text] = {
    **{name: text for name, text in CASE_STATES.items() if name},
    PROPOSED: {"zh": "待放行", "en": "waits for its release"},
    SENT_BACK: {"zh": "被退回", "en": "sent back"},
}
"""Of `case list`: what waits for its release, and what came back, too."""
STEPS: Mapping[str, Text] = {
    "file-repair": {"zh": "申请修复", "en": "repair filed"},
    "file-objection": {"zh": "提出异议", "en": "objection filed"},
    "supplement": {"zh": "补充材料", "en": "more handed in"},
    "withdraw-filing": {"zh": "撤回申请", "en": "filing withdrawn"},
    "national-result": {"zh": "国家平台结果", "en": "national result"},
    "accept": {"zh": "受理", "en": "accepted"},
    "decline": {"zh": "不予受理", "en": "declined"},
    "ask-supplement": {"zh": "要求补正", "en": "more asked for"},
    "grant": {"zh": "准予修复", "en": "repair granted"},
    "refuse": {"zh": "不予修复", "en": "repair refused"},
    "uphold": {"zh": "异议成立", "en": "objection upheld"},
    "dismiss": {"zh": "异议不成立", "en": "objection dismissed"},
    "unconfirmed": {"zh": "无法核实", "en": "could not be confirmed"},
    "shield": {"zh": "暂时屏蔽", "en": "shielded"},
    "lift": {"zh": "解除屏蔽", "en": "shield lifted"},
    "rescind": {"zh": "取消修复、撤销或终止", "en": "taken back"},
    "correct": {"zh": "更正", "en": "corrected"},
    "withdraw": {"zh": "撤销记录", "en": "record withdrawn"},
    "end": {"zh": "终止", "en": "ended"},
    "erase": {"zh": "删除", "en": "erased"},
}
STAGES: Mapping[str, Text] = {
    "repair-accept": {"zh": "受理申请", "en": "to accept the repair"},
    "repair-decide": {"zh": "作出修复决定", "en": "to decide the repair"},
    "repair-publish": {"zh": "停止公示", "en": "to stop the publicity"},
    "repair-answer": {"zh": "答复申请", "en": "to answer the repair"},
    "repair-sync": {"zh": "同步修复结果", "en": "to pass the repair on"},
    "objection-mark": {"zh": "标注异议", "en": "to mark as disputed"},
    "objection-answer": {"zh": "答复异议", "en": "to answer the objection"},
    "national-result": {"zh": "登记国家平台结果", "en": "to record the national result"},
    "correction": {"zh": "更正或撤销", "en": "to correct or withdraw"},
}
CLASSES: Mapping[str, Text] = {
    "minor": {"zh": "轻微", "en": "minor"},
    "general": {"zh": "一般", "en": "general"},
    "severe": {"zh": "严重", "en": "severe"},
}
ACTIONS: Mapping[str, Text] = {
    "dispute": {"zh": "标注异议", "en": "mark as disputed"},
    "settle": {"zh": "取消异议标注", "en": "take the mark away"},
    "shield": {"zh": "暂时屏蔽", "en": "shield"},
    "lift": {"zh": "解除屏蔽", "en": "lift the shield"},
    "repair": {"zh": "准予修复", "en": "repair"},
    "rescind": {"zh": "取消修复、撤销或终止", "en": "take back"},
    "correct": {"zh": "更正", "en": "correct"},
    "withdraw": {"zh": "撤销", "en": "withdraw"},
    "erase": {"zh": "删除", "en": "erase"},
    "end": {"zh": "终止", "en": "end"},
}
ACT_STATES: Mapping[str, Text] = {
    "waiting": {"zh": "等待签名", "en": "waits for a signature"},
    "signed": {"zh": "已签名", "en": "signed"},
    "sent": {"zh": "已发往链上", "en": "sent to the chain"},
    "recorded": {"zh": "已上链", "en": "on the chain"},
    "needless": {"zh": "无须上链", "en": "not needed any more"},
    "refused": {"zh": "被链拒绝", "en": "refused by the chain"},
}
REFUSALS: Mapping[str, Text] = {
    "not-granted": {
        "zh": "异议须由主体注册地的省市提出",
        "en": "an objection is filed in the province where the subject is registered",
    },
    "not-the-owner": {"zh": "该省市没有此记录", "en": "it does not have this record"},
    "case-moved": {
        "zh": "已有其他步骤在先，请查看后重新提交",
        "en": "another step came first: look, and file it anew",
    },
    "case-closed": {"zh": "案件已办结", "en": "the case is closed"},
    "cannot-follow": {
        "zh": "该步骤不能接在现状之后",
        "en": "it does not follow how the case stands",
    },
    "not-a-party": {"zh": "不是案件的一方", "en": "not a party to the case"},
}
"""Why a member does not take a step."""


def word(table: Mapping[str, Text], name: str | None) -> str | None:
    """A name of the node in the reader's language; what a newer node says, as it says it."""
    return name if name is None or name not in table else pick(table[name])


def bases() -> str:
    """All legal bases, each number with its name."""
    return say(zh="，", en=", ").join(
        f"{int(basis)} {pick(text)}" for basis, text in BASES.items() if basis
    )


def basis_text(number: int) -> str:
    """A legal basis by number and name."""
    return f"{number} {pick(BASES[Basis(number)])}" if number in set(Basis) - {0} else str(number)


def proposal_text(proposed: Mapping[str, Any]) -> str:
    """What is proposed, on one line."""
    labels = (
        ("class", say(zh="失信程度", en="class"), lambda value: word(CLASSES, value)),
        ("basis", say(zh="依据", en="basis"), basis_text),
        ("nationalNo", say(zh="国家平台编号", en="national number"), str),
        ("toRecord", say(zh="更正后的记录", en="corrected by"), str),
        ("day", say(zh="生效日", en="from"), str),
        ("note", say(zh="说明", en="note"), str),
    )
    number = say(zh=f"第 {proposed['proposal']} 号", en=f"proposal {proposed['proposal']}")
    told = [f"{label} {show(proposed[name])}" for name, label, show in labels if proposed.get(name)]
    stage = proposed.get("stage") or {}
    if stage.get("name"):
        late = say(zh="（超期）", en=" (overdue)") if stage["overdue"] else ""
        told.append(say(zh="期限", en="deadline") + f" {stage['deadline']}{late}")
    return " · ".join((number, str(word(STEPS, proposed["act"])), *told))
