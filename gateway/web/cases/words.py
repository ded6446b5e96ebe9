"""The words of cases on pages: those of the command line, and what each act will do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.cli.act_words import BASES
from ledger.cli.case_words import (
    ACT_STATES,
    ACTIONS,
    CLASSES,
    KINDS,
    REFUSALS,
    STAGES,
    STATES,
    STEPS,
)
from ledger.cli.record_status import WORDS as STATUS_WORDS
from ledger.core.status import Basis
from ledger.core.texts import Text

PROVINCES: Final[Mapping[str, Text]] = {
    "110000": {"zh": "北京市", "en": "Beijing"},
    "120000": {"zh": "天津市", "en": "Tianjin"},
    "130000": {"zh": "河北省", "en": "Hebei"},
    "140000": {"zh": "山西省", "en": "Shanxi"},
}
BUTTONS: Final[Mapping[str, Text]] = {
    "accept": {"zh": "受理", "en": "Accept"},
    "ask-supplement": {"zh": "要求补正", "en": "Ask for more documents"},
    "decline": {"zh": "不予受理", "en": "Decline"},
    "supplement": {"zh": "补充材料", "en": "Hand in more documents"},
    "national-result": {"zh": "登记国家平台结果", "en": "Note the national result"},
    "withdraw": {"zh": "撤回申请", "en": "Withdraw the filing"},
    "grant": {"zh": "提议：准予修复", "en": "Propose to grant the repair"},
    "refuse": {"zh": "提议：不予修复", "en": "Propose to refuse the repair"},
    "uphold": {"zh": "提议：异议成立", "en": "Propose to uphold the objection"},
    "dismiss": {"zh": "提议：异议不成立", "en": "Propose to dismiss the objection"},
    "unconfirmed": {"zh": "提议：无法核实", "en": "Propose: could not be confirmed"},
    "decline-objection": {"zh": "提议：不予受理异议", "en": "Propose to decline the objection"},
    "release": {"zh": "放行", "en": "Release"},
    "send-back": {"zh": "退回", "en": "Send back"},
    "own-correct": {"zh": "提议：更正", "en": "Propose to correct"},
    "own-withdraw": {"zh": "提议：撤销记录", "en": "Propose to withdraw the record"},
    "own-end": {"zh": "提议：终止", "en": "Propose to end"},
    "own-shield": {"zh": "提议：暂时屏蔽", "en": "Propose to shield"},
    "own-lift": {"zh": "提议：解除屏蔽", "en": "Propose to lift the shield"},
    "own-rescind": {
        "zh": "提议：取消修复、撤销或终止",
        "en": "Propose to take back a repair, withdrawal or end",
    },
    "own-erase": {"zh": "提议：删除内容", "en": "Propose to erase the content"},
    "own-grant": {"zh": "录入国家平台准予修复", "en": "Record a national repair"},
}
"""Acts as buttons name them."""
_FOUR: Final = (
    "放行后数秒内上链，四省市随即停止公示、共享和使用。",
    "Once released it is on the chain within seconds, and all provinces stop showing and using it.",
)
ROWS: Final[Mapping[str, Text]] = {
    "new": {"zh": "查找中", "en": "being looked up"},
    "proposed": {"zh": "待放行", "en": "waits for its release"},
    "refused": {"zh": "未能办理", "en": "not carried out"},
    "done": {"zh": "已办理", "en": "carried out"},
}
"""What becomes of a row of a file that decides."""
EFFECTS: Final[Mapping[str, Text]] = {
    "accept": {
        "zh": "申请将被受理，决定的办理期限从受理起计算；提出方会看到“已受理”。",
        "en": "The filing is accepted, and the time to decide begins. Whoever filed it is told.",
    },
    "ask-supplement": {
        "zh": "提出方会看到您的要求并补交材料；修复案件的办理期限在此期间停止，异议案件的不停止。",
        "en": "Whoever filed it reads what you ask for and hands it in. The clock of a repair stops"
        " meanwhile, that of an objection goes on.",
    },
    "decline": {
        "zh": "案件就此办结，记录保持不变；提出方会看到您写明的理由。",
        "en": "The case ends here and the record stays as it is. Whoever filed it reads your"
        " reason.",
    },
    "supplement": {
        "zh": "材料交给办理单位，案件回到补正前的状态。",
        "en": "The documents go to whoever decides, and the case goes on where it stood.",
    },
    "national-result": {
        "zh": "国家平台的结果转交办理单位，登记该结果的期限（三个工作日）从该日起计算。",
        "en": "The national result goes to whoever decides; the three working days to record it"
        " begin on its day.",
    },
    "withdraw": {
        "zh": "申请被撤回，案件就此办结；再办须重新提出。异议撤回后，记录上的异议标注取消。",
        "en": "The filing is taken back and the case ends; whoever wants it again files anew. The"
        " mark of an objection is taken off the record.",
    },
    "grant": {
        "zh": "只是提出，须由另一人放行才生效。" + _FOUR[0],
        "en": "This only proposes: another person has to release it. " + _FOUR[1],
    },
    "refuse": {
        "zh": "只是提出，须由另一人放行才生效。放行后案件办结，记录保持不变。",
        "en": "This only proposes: another person has to release it. Then the case ends and the"
        " record stays as it is.",
    },
    "uphold": {
        "zh": "只是提出，须由另一人放行才生效。放行后原记录由更正后的记录代替，或被撤销；"
        "异议标注取消，四省市随即照办。",
        "en": "This only proposes: another person has to release it. Then another record stands for"
        " this one, or it is withdrawn; the mark goes, and all provinces follow.",
    },
    "dismiss": {
        "zh": "只是提出，须由另一人放行才生效。放行后案件办结，异议标注取消，记录照旧。",
        "en": "This only proposes: another person has to release it. Then the case ends, the mark"
        " goes, and the record stands.",
    },
    "unconfirmed": {
        "zh": "只是提出，须由另一人放行才生效。放行后案件以“无法核实”办结，异议标注取消。",
        "en": "This only proposes: another person has to release it. Then the case ends as not to"
        " be confirmed, and the mark goes.",
    },
    "decline-objection": {
        "zh": "只是提出，须由另一人放行才生效。放行后案件办结，异议标注取消。",
        "en": "This only proposes: another person has to release it. Then the case ends and the"
        " mark goes.",
    },
    "own-correct": {
        "zh": "只是提出，须由另一人放行才生效。放行后以更正后的记录代替本记录，四省市随即照办。",
        "en": "This only proposes: another person has to release it. Then the record you name"
        " stands for this one in all provinces.",
    },
    "own-withdraw": {
        "zh": "只是提出，须由另一人放行才生效。放行后记录视为从未作出，四省市停止公示和使用。",
        "en": "This only proposes: another person has to release it. Then the record counts as"
        " never made, and all provinces stop showing and using it.",
    },
    "own-end": {
        "zh": "只是提出，须由另一人放行才生效。放行后记录终止（如移出名单、许可注销）。",
        "en": "This only proposes: another person has to release it. Then the record has ended, as"
        " by the exit from a list or a licence that was cancelled.",
    },
    "own-shield": {
        "zh": "只是提出，须由另一人放行才生效。放行后依法院裁判暂停公示和使用，直到解除。",
        "en": "This only proposes: another person has to release it. Then the record is not shown"
        " or used, by order of a court, until the shield is lifted.",
    },
    "own-lift": {
        "zh": "只是提出，须由另一人放行才生效。放行后恢复公示和使用。",
        "en": "This only proposes: another person has to release it. Then the record is shown and"
        " used again.",
    },
    "own-rescind": {
        "zh": "只是提出，须由另一人放行才生效。放行后修复、撤销或终止被取消，记录恢复。",
        "en": "This only proposes: another person has to release it. Then the repair, withdrawal"
        " or end is taken back, and the record stands again.",
    },
    "own-erase": {
        "zh": "只是提出，须由另一人放行才生效。放行后内容及其密钥被销毁，不可恢复；"
        "链上仍可证明曾有此记录。",
        "en": "This only proposes: another person has to release it. Then content and keys are"
        " destroyed for good; the chain still proves that there was such a record.",
    },
    "own-grant": {
        "zh": "只是提出，须由另一人放行才生效。" + _FOUR[0],
        "en": "This only proposes: another person has to release it. " + _FOUR[1],
    },
    "send-back": {
        "zh": "拟议事项作废，其材料删除；提出的人会看到您写明的理由，可以重新提出。",
        "en": "What is proposed ends and its documents go. Whoever proposed it reads your reason"
        " and may propose anew.",
    },
}
"""What becomes of it, said before it is done."""


class Words:
    """Names of the interface in words, by table; what a newer one says, as it says it."""

    tables: Final[Mapping[str, Mapping[Any, Text]]] = {
        "kind": KINDS,
        "state": STATES,
        "step": STEPS,
        "stage": STAGES,
        "class": CLASSES,
        "action": ACTIONS,
        "act_state": ACT_STATES,
        "refusal": REFUSALS,
        "button": BUTTONS,
        "effect": EFFECTS,
        "member": PROVINCES,
        "row": ROWS,
        "status": {name: {"zh": zh, "en": en} for name, (zh, en) in STATUS_WORDS.items()},
        "basis": {int(basis): text for basis, text in BASES.items()},
    }

    def __call__(self, table: str, name: Any) -> Text:
        """The text of a name."""
        return self.tables[table].get(name, {"zh": str(name), "en": str(name)})

    @staticmethod
    def bases() -> list[int]:
        """All numbers of legal bases."""
        return [int(basis) for basis in Basis if basis]

    @staticmethod
    def good(state: str) -> str:
        """The ground of a badge for the state of a case."""
        if state in ("granted", "upheld", "decided"):
            return "good"
        if state in ("declined", "refused", "dismissed", "unconfirmed"):
            return "bad"
        return "plain" if state == "withdrawn" else "open"


words: Final = Words()
