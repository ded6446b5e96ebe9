"""What stands on the paper that a filer takes home, in Chinese with an English line."""

from __future__ import annotations

from typing import Final

from ledger.core.case_chain import CaseState, Kind

Words = tuple[str, str]

TITLES: Final[dict[str, Words]] = {
    Kind.REPAIR: ("信用修复申请回执", "Receipt of an application for credit repair"),
    Kind.OBJECTION: ("信用信息异议申请回执", "Receipt of an objection to credit information"),
}
LABELS: Final[dict[str, Words]] = {
    "case": ("案件编号", "Case"),
    "document": ("所涉文书号", "Document number of the record"),
    "record": ("所涉记录", "Record"),
    "received": ("收到日期", "Received on"),
    "state": ("办理状态", "State"),
    "deadline": ("本环节期限", "To be done by"),
    "unit": ("办理单位", "Handled by"),
    "next": ("下一步", "What comes next"),
    "ask": ("查询与咨询", "Whom to turn to"),
    "proof": ("登记凭据", "Commitment"),
}
STATES: Final[dict[str, Words]] = {
    CaseState.FILED: ("已收到，待受理", "received, not yet accepted"),
    CaseState.ACCEPTED: ("已受理，办理中", "accepted, under way"),
    CaseState.AWAITING_SUPPLEMENT: ("待补正材料", "more documents are needed"),
    CaseState.DECLINED: ("不予受理", "not accepted"),
    CaseState.GRANTED: ("准予修复", "granted"),
    CaseState.REFUSED: ("不予修复", "refused"),
    CaseState.UPHELD: ("异议成立", "upheld"),
    CaseState.DISMISSED: ("异议不成立", "dismissed"),
    CaseState.UNCONFIRMED: ("无法核实", "could not be confirmed"),
    CaseState.WITHDRAWN: ("已撤回", "withdrawn"),
}
_ENDED: Words = (
    "本案已办结。对结果有异议的，可持本回执向办理单位或下列窗口提出。",
    "This case is closed. Whoever disagrees may turn to the unit above or the counter below.",
)
_SUPPLEMENT: Words = (
    "请按要求补交材料；补交后办理继续。",
    "Please hand in what was asked for; then it goes on.",
)
NEXT: Final[dict[tuple[str, str], Words]] = {
    (Kind.REPAIR, CaseState.FILED): (
        "办理单位在上述期限内决定是否受理；受理后作出是否准予修复的决定。",
        "The unit says by that day whether it accepts the application, and then decides on it.",
    ),
    (Kind.REPAIR, CaseState.ACCEPTED): (
        "办理单位在上述期限内作出是否准予修复的决定；准予的，四省市同时停止公示与使用。",
        "The unit decides by that day; once granted, four provinces stop showing it at once.",
    ),
    (Kind.OBJECTION, CaseState.FILED): (
        "该信息已标注异议；办理单位在上述期限内核实并答复。",
        "The record is marked as disputed; the unit checks and answers by that day.",
    ),
    (Kind.OBJECTION, CaseState.ACCEPTED): (
        "该信息已标注异议；办理单位在上述期限内核实并答复。",
        "The record is marked as disputed; the unit checks and answers by that day.",
    ),
}
UNKNOWN: Final[Words] = ("以主管部门公布的期限为准", "as the authority announces")
NO_DOCUMENT: Final[Words] = ("（内容已停止提供）", "(its content is closed)")
ELSEWHERE: Final[Words] = (
    "（外省市记录，内容由办理单位保存）",
    "(a record of another province, which keeps its content)",
)
COUNTER: Final[Words] = (
    "任一信用服务窗口，出示本回执（扫描右上二维码）即可查询进度",
    "any credit service counter; show this receipt (the code at the upper right)",
)
FOOT: Final[Words] = (
    "本回执只证明已收到申请，不证明申请成立。二维码仅含案件编号与登记凭据，不含个人信息。",
    "It proves that an application was received, not that it is right. The code holds the numbers"
    " of the case, nothing about any person.",
)


def next_of(kind: str, state: str) -> Words:
    """What comes next in a state."""
    if state == CaseState.AWAITING_SUPPLEMENT:
        return _SUPPLEMENT
    return NEXT.get((kind, state), _ENDED)
