"""What the files say and what is answered to a row, in the words of clerks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.texts import Text
from ledger.records.fold import fold

GRANT, REFUSE = "grant", "refuse"

_RESULTS: Mapping[str, tuple[str, ...]] = {
    GRANT: (
        *("准予修复", "准予信用修复", "准予", "同意修复", "同意", "通过", "审核通过", "修复成功"),
        *("已修复", "修复通过", "终止公示", "GRANT", "GRANTED"),
    ),
    REFUSE: (
        *("不予修复", "不予信用修复", "不予", "不准予修复", "不同意修复", "不同意", "不通过"),
        *("审核不通过", "未通过", "驳回", "修复失败", "REFUSE", "REFUSED"),
    ),
}
_CLASSES: Mapping[str, tuple[str, ...]] = {
    "minor": ("轻微", "轻微失信", "轻微失信行为", "MINOR"),
    "general": ("一般", "一般失信", "一般失信行为", "GENERAL"),
    "severe": ("严重", "严重失信", "严重失信行为", "SEVERE"),
}

SHOWN: Final[Mapping[str, str]] = {
    "number": "文书号",
    "authority": "认定单位代码",
    "result": "结果",
    "day": "日期",
    "class": "失信程度",
    "subject": "主体代码",
}
"""The names of the columns, for whoever reads which one is wrong."""


def result_of(text: str) -> str | None:
    """`grant` or `refuse`; None for a text that is neither."""
    return _among(_RESULTS, text)


def class_of(text: str) -> str | None:
    """The class of a record; None for a text that names none."""
    return _among(_CLASSES, text)


def _among(words: Mapping[str, tuple[str, ...]], text: str) -> str | None:
    plain = fold(text).upper()
    return next((name for name, known in words.items() if plain in map(fold, known)), None)


TEXTS: Final[Mapping[str, Text]] = {
    "required": {
        "zh": "此列必填，请补填后另行报送",
        "en": "This column must be filled in; do so, and send the row again",
    },
    "unreadable": {
        "zh": "此列读不出来，或格式不正确，请核对后另行报送",
        "en": "This column cannot be read or is not of its form; correct it, and send it again",
    },
    "result-unknown": {
        "zh": "结果须写“准予修复”或“不予修复”",
        "en": "The result must be written as 准予修复 (repair granted) or as 不予修复 (repair"
        " refused)",
    },
    "class-required": {
        "zh": "准予修复须有失信程度，该记录未载明：请加“失信程度”列写明",
        "en": "A grant states the class, and the record names none: add a column 失信程度 with it",
    },
    "class-unknown": {
        "zh": "失信程度须为轻微、一般或严重",
        "en": "The class is 轻微, 一般 or 严重 (minor, general, severe)",
    },
    "day-in-future": {
        "zh": "日期不能晚于今天，请核对",
        "en": "The day has not come yet; check it",
    },
    "day-before-decision": {
        "zh": "日期早于该记录的认定日期，请核对文书号和日期",
        "en": "The day is before that of the record; check number and day",
    },
    "authority-not-yours": {
        "zh": "提出或放行的令牌不代表该认定单位，请由该单位或中心办理",
        "en": "The token that proposed or released it does not stand for this authority; have the"
        " authority or the centre do it",
    },
    "authority-missing": {
        "zh": "记录未载明认定单位代码，请由该单位的令牌提出",
        "en": "The record does not tell the code of its authority: have a token of that authority"
        " propose it",
    },
    "record-unknown": {
        "zh": "没有此文书号和认定单位的记录，请核对；记录尚未报送的，请先报送",
        "en": "No record has this number and authority; check them, or file the record first",
    },
    "record-ambiguous": {
        "zh": "有几条记录相符，请加“主体代码”列指明是哪一条，或逐条办理",
        "en": "Several records fit; add a column 主体代码 (code of the subject), or decide it"
        " alone",
    },
    "record-unfit": {
        "zh": "该记录不是失信类信息，不适用信用修复",
        "en": "This record is not adverse: there is nothing to repair",
    },
    "row-repeated": {
        "zh": "本文件前面已有一行指向同一记录，只办理第一行",
        "en": "A row above means the same record; only the first is carried out",
    },
    "not-anchored": {
        "zh": "记录尚未存证，请待存证后另行报送此行",
        "en": "The record is not anchored yet; send this row again once it is",
    },
    "content-erased": {
        "zh": "记录内容已删除，无法核对；请逐条办理",
        "en": "The content of the record was erased, so it cannot be compared; decide it alone",
    },
    "content-archived": {
        "zh": "该记录所在月份的内容已移入档案，无法核对；请运行人员调回后另行报送此行",
        "en": "The content of the record was taken into the archive with its month, so it cannot be"
        " compared; have it brought back and send this row again",
    },
    "no-open-case": {
        "zh": "不予修复不改变记录的状态；该记录没有正在办理的修复申请，无须办理。"
        "如须留存，请先登记申请（case file --national-no）后逐条办理",
        "en": "A refusal leaves the record as it is, and no repair of it is open, so there is"
        " nothing to do. To keep it, file the repair (case file --national-no) and decide it alone",
    },
    "awaiting-supplement": {
        "zh": "修复申请正在补正，国家平台结果已记入该案件；补正后请用 case decide 办结",
        "en": "The repair waits for a supplement; the national result is noted in its case. End it"
        " with `case decide` after that",
    },
    "already-so": {
        "zh": "记录的状态不容此项决定（可能已修复、更正、撤销或终止），无须再办",
        "en": "The record's status does not allow this; it may be repaired, corrected, withdrawn or"
        " ended already",
    },
    "by-vote-only": {
        "zh": "该状态由表决设定，只能经表决变更",
        "en": "A vote set this; only a vote changes it",
    },
    "case-moved": {
        "zh": "案件同时有新的步骤，请用 case show 查看后逐条办理",
        "en": "Another step of the case was made meanwhile; look at it, and decide it alone",
    },
    "cannot-follow": {
        "zh": "该记录有未办结的修复申请或案件状态不容此项决定，请用 case show 查看后逐条办理",
        "en": "A repair of the record is open, or the state of its case does not allow this: look"
        " at it with `case show`, and decide it alone",
    },
    "correction-unfit": {
        "zh": "更正后的记录正被更正、撤销或删除，请指明现行的一条，逐条办理",
        "en": "The record that corrects is itself being corrected, withdrawn or erased; name the"
        " one that stands, and decide it alone",
    },
    "exit-unnamed": {
        "zh": "移出记录没有写明列入决定书文号或列入日期，找不到列入记录；请用 record end 逐条办理",
        "en": "The exit names neither number nor day of the entry; end the entry with `record end`",
    },
    "entry-unknown": {
        "zh": "没有该移出记录所指的列入记录；请核对列入文号、主体代码，或先报送列入记录",
        "en": "The log holds no entry such as this exit names; check its number and subject, or"
        " file the entry first",
    },
    "internal": {
        "zh": "此行办理失败，请逐条办理并联系运维",
        "en": "This row could not be carried out; decide it alone, and turn to the operator",
    },
}
"""What is told of a row, with what to do about it."""


def told(code: str | None) -> Text | None:
    """The text of a code; that of `internal` for one that has none."""
    return None if code is None else TEXTS.get(code, TEXTS["internal"])
