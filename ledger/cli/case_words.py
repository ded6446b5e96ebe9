"""How a case stands, in words."""

from collections.abc import Mapping

from ledger.core.case_chain import CaseState
from ledger.core.texts import Text

__all__ = ["CASE_STATES"]

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
