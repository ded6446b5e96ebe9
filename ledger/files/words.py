"""What is said of files in words: verdicts, states and reasons, in Chinese and English.

`credit-ledger verify` and the pages of a gateway say the same, so the texts stand here once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.status import Action
from ledger.core.texts import Text

Pair = tuple[str, str]
"""Chinese, English."""

MEMBERS: Final[Mapping[str, Pair]] = {
    "110000": ("北京", "Beijing"),
    "120000": ("天津", "Tianjin"),
    "130000": ("河北", "Hebei"),
    "140000": ("山西", "Shanxi"),
}
FILES: Final[Mapping[str, Pair]] = {
    "valid": ("真实，且完整。", "It is genuine, and whole."),
    "incomplete": (
        "真实，但有省份未答复：名单不完整。",
        "It is genuine, but provinces are missing: the list is not whole.",
    ),
    "undetermined": (
        "暂时无法全部核对；这不表示文件有假。",
        "Not all of it could be checked; this says nothing against the file.",
    ),
    "false": (
        "不成立：文件或其中的内容有假。",
        "It does not hold: the file or something in it is false.",
    ),
}
LEFT: Final[Mapping[str, Pair]] = {
    "not-yet": ("当日尚未作出或尚未存证", "not decided or not anchored by then"),
    "expired": ("已到期", "expired"),
    "exited": ("已移出", "taken off by an exit"),
    "ended": ("当日已被链上行为终结", "ended by an act by then"),
    "closed": ("内容已关闭", "content closed since"),
    "superseded": ("已由另一记录取代", "another record stands for it"),
    "not-public": ("不公开", "not public"),
    "erased": ("内容已删除", "content erased"),
    "unreadable": ("本地数据损坏", "damaged where it is kept"),
    "not-granted": ("按规定不予提供", "not to be given"),
    "not-anchored": ("尚未存证", "not anchored yet"),
    "stranded": ("位于已关闭日志之后", "beyond the end of a closed log"),
}
STANDINGS: Final[Mapping[str, Text]] = {
    "valid": {"zh": "有效", "en": "in force"},
    "disputed": {"zh": "异议处理中", "en": "disputed"},
    "repaired": {"zh": "已修复", "en": "repaired"},
    "corrected": {"zh": "已更正", "en": "corrected"},
    "withdrawn": {"zh": "已撤销", "en": "withdrawn"},
    "ended": {"zh": "已终止", "en": "ended"},
    "shielded": {"zh": "屏蔽", "en": "shielded"},
    "erased": {"zh": "已删除", "en": "erased"},
    "expired": {"zh": "已到期", "en": "expired"},
    "not-in-force": {"zh": "不在有效期内", "en": "not in force"},
    "not-yet-anchored": {"zh": "当日尚未存证", "en": "not anchored yet"},
    "anchored": {"zh": "未出示内容", "en": "content not shown"},
    "undetermined": {"zh": "无法判断", "en": "cannot be told"},
}
TIMELY: Final[Mapping[str, Text]] = {
    "yes": {"zh": "及时", "en": "yes"},
    "no": {"zh": "超期", "en": "no"},
    "unknown": {"zh": "未知", "en": "unknown"},
}
"""Whether a record was shared in time."""
BUNDLES: Final[Mapping[str, Pair]] = {
    "clear": (
        "各省对所问均已说明，其中没有不利、有争议或无法核对的记录。",
        "Clear: every province has stated what it has of what was asked, and nothing in it is"
        " adverse, disputed or open.",
    ),
    "adverse": ("有不利记录。", "Adverse: there are records against the subject."),
    "open": (
        "未决：有省份未答复，或有记录有争议、无法核对。",
        "Open: a province is missing, or a record is disputed or could not be settled.",
    ),
    "undetermined": (
        "暂时无法全部核对；这不表示文件有假。",
        "Not all of it could be checked; this says nothing against the file.",
    ),
    "false": (
        "不成立：证据包或其中的内容有假。",
        "It does not hold: the bundle, or something in it.",
    ),
}
ANSWERS: Final[Mapping[str, Pair]] = {
    **BUNDLES,
    "stated": (
        "该成员没有说明不利、有争议或无法核对的记录；其他成员是否有记录，此答复不能说明。",
        "It states nothing adverse, disputed or open. What others have, this answer does not say.",
    ),
    "open": (
        "未决：有记录有争议、无法核对，或有遗漏的证据。",
        "Open: a record is disputed or could not be settled, or one is proven to be left out.",
    ),
    "false": ("不成立：答复或其中的内容有假。", "It does not hold: the answer, or a part."),
}
MISSING: Final[Mapping[str, Pair]] = {
    "out-of-region": ("不在授权的地区之内", "outside of the regions of the authorisation"),
    "answer-false": ("答复不实", "what it answered is not so"),
    "answer-unchecked": ("答复暂时无法核对", "what it answered could not be checked"),
    "answer-overtaken": ("答复期间记录正在变化", "a record changed while it was asked"),
    "answer-old": ("答复的时间与提问不符", "what it answered is of another time"),
    "other-question": ("答非所问", "it answered another question"),
    "not-granted": ("不予提供", "not granted"),
    "name-unknown": ("网址无法解析", "its address could not be resolved"),
    "no-endpoint": ("没有登记网址", "no address is registered"),
    "address-private": ("登记的网址不可用", "the registered address may not be called"),
    "endpoint-refused": ("登记的网址不可用", "the registered address may not be called"),
    "peer-not-active": ("已停用", "not active"),
    "unreachable": ("无法连接", "not reached"),
    "too-slow": ("超时", "too slow"),
    "peer-busy": ("繁忙", "busy"),
}
STATED: Final[Mapping[str, Pair]] = {
    "stated": ("已说明", "stated"),
    "missing": ("未答复", "missing"),
    "contradicted": ("有遗漏的证据", "contradicted"),
}
REPORTS: Final[Mapping[str, Pair]] = {
    "genuine": (
        "真实，且其中的记录没有变化。",
        "Genuine, and its records stand as they stood.",
    ),
    "changed-since": (
        "真实，但此后有变化：有记录已修复、更正、撤销、标注异议，或有新的记录。",
        "Genuine, but changed since: a record was repaired, corrected, withdrawn or disputed, or"
        " another one has come.",
    ),
    "out-of-date": (
        "真实，但已过有效期，请重新出具。",
        "Genuine, but past the day until which it is to be relied on; ask for a new one.",
    ),
    "unknown": (
        "出具机构不知道这个编号和核验码。",
        "Its issuer does not know this number with this code.",
    ),
    "undetermined": (
        "暂时无法全部核对；这不表示报告有假。",
        "Not all of it could be checked; this says nothing against the report.",
    ),
    "false": (
        "不成立：报告或其中的内容有假。",
        "It does not hold: the report, or something in it.",
    ),
}
FIELDS: Final[Mapping[str, Pair]] = {
    "records": ("查见", "known"),
    "none-known": ("未查见", "none known"),
    "not-supplied": ("无单位报送", "nobody has supplied anything"),
}
EVENTS: Final[Mapping[Action, Pair]] = {
    Action.DISPUTE: ("标注异议", "marked as disputed"),
    Action.SETTLE: ("取消异议标注", "no longer disputed"),
    Action.SHIELD: ("暂时屏蔽", "shielded"),
    Action.LIFT: ("解除屏蔽", "shield lifted"),
    Action.REPAIR: ("准予信用修复", "credit repaired"),
    Action.RESCIND: ("取消修复、撤销或终止", "repair, withdrawal or end taken back"),
    Action.CORRECT: ("以另一记录更正", "corrected by another record"),
    Action.WITHDRAW: ("撤销", "withdrawn"),
    Action.ERASE: ("依法删除", "erased by law"),
    Action.END: ("终止", "ended"),
    Action.ANNUL: ("宣告无效", "annulled"),
    Action.ANNUL_STOLEN: ("失窃密钥之处置复原", "what a stolen key did was undone"),
}
"""What acts did to a record."""
