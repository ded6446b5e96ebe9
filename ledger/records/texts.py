"""The zh and en text of every row code: what is wrong, and what to do about it.

Texts name the field, never its value: they go to logs and reports.
"""

from __future__ import annotations

from typing import Final

from ledger.core.texts import Text
from ledger.records.schema_parts import Field

__all__ = ["ERROR_CODES", "NOTE_CODES", "label", "message"]

_ERRORS: Final = {
    "required": (
        "{name}不能为空{condition}，请填写。",
        "{name} is missing{condition}: fill it in.",
    ),
    "too-long": (
        "{name}超过{max}{unit}，请缩短。",
        "{name} has more than {max} {unit}: shorten it.",
    ),
    "not-in-vocabulary": (
        "{name}不在允许的取值之内，应为：{values}。",
        "{name} is not one of the values allowed: {values}.",
    ),
    "uscc-format": (
        "{name}不是18位统一社会信用代码（数字和大写字母，不含I、O、S、V、Z），请按证照填写。",
        "{name} is not a USCC (18 digits and capitals without I, O, S, V, Z): copy it from the "
        "certificate.",
    ),
    "uscc-check": (
        "{name}的第18位校验码不符，请按证照核对；个体工商户无代码时才可填00000000000000000X；"
        "如代码合法，请运维将其列入例外文件。",
        "{name} fails its check character (18th): compare it with the certificate; only an "
        "individual business without a code may use 00000000000000000X; if the code is lawful, ask "
        "the operator to add it to the file of exceptions.",
    ),
    "uscc-organisation-check": (
        "{name}第9至17位（组织机构代码）的校验码不符，请按证照核对；如代码合法，请运维将其列入例外文件。",
        "{name} fails the check character of its organisation code (17th): compare it with the "
        "certificate; if the code is lawful, ask the operator to add it to the file of exceptions.",
    ),
    "date-invalid": (
        "{name}不是有效日期，请按YYYY-MM-DD填写，例如2024-03-05。",
        "{name} is not a date: write YYYY-MM-DD, such as 2024-03-05.",
    ),
    "year-invalid": (
        "{name}不是有效年度，请按YYYY填写，例如2024。",
        "{name} is not a year: write YYYY, such as 2024.",
    ),
    "date-in-future": (
        "{name}晚于今天，请核对。",
        "{name} lies in the future: correct it.",
    ),
    "date-order": (
        "{name}早于{other}，请核对这两个日期。",
        "{name} is before {other}: correct one of the two dates.",
    ),
    "money-format": (
        "{name}不是金额，请以万元为单位用文本填写数字，不带正负号、千分位、单位或科学计数，例如0.2。",
        "{name} is not an amount: write digits in 10,000 yuan as text, without sign, thousands "
        "separator, unit or exponent, such as 0.2.",
    ),
    "money-too-precise": (
        "{name}的小数超过6位，请核对，单位为万元。",
        "{name} has more than 6 decimals: correct it, the unit is 10,000 yuan.",
    ),
    "number-lost-digits": (
        "{name}被存为数字，位数已丢失，请将单元格设为文本后重新填写。",
        "{name} was stored as a number and has lost digits: format the cell as text and enter it "
        "again.",
    ),
    "formula-cell": (
        "{name}是公式，请粘贴为数值后再报送。",
        "{name} is a formula: paste it as a value.",
    ),
    "text-formula": (
        "{name}以等号开头，在表格软件中会被当作公式，看到的内容与文件中的不同；请删去等号和引号，"
        "只保留内容（文本格式）。",
        "{name} begins with an equals sign, so that a spreadsheet shows something else than the "
        "file holds: leave the content alone, without equals sign and quotes, as text.",
    ),
    "value-scaled": (
        "{name}的单元格格式使所显示的内容与存储的值不同（如按万元显示、百分比、四舍五入、附加文字、隐藏或"
        "不显示年月日），请设为文本格式，按应报的内容重新填写。",
        "The format of the cell makes {name} look like another value than the one stored (divided, "
        "as a percentage, rounded, with words added, hidden, or a date in part): format the cell "
        "as text and enter what is meant.",
    ),
    "cell-broken": (
        "{name}的单元格在文件中有误（所指文本或格式不存在，或同一单元格出现两次），无法读取；请用Excel或"
        "WPS打开核对、重新填写并另存后报送。",
        "The file is wrong about the cell of {name} (it names a text or format that is not there, "
        "or stands twice), so it cannot be read: open the file in Excel or WPS, enter the cell "
        "anew and save it again.",
    ),
    "date-cell": (
        "{name}是日期单元格而该列应为文本，请将单元格设为文本后重新填写。",
        "{name} is a date cell in a text column: format the cell as text and enter it again.",
    ),
    "natural-person": (
        "{name}表明该记录涉及自然人，本系统不接收自然人信息，请删除该行。",
        "{name} shows that the record is about a natural person; such records are not taken: "
        "remove it.",
    ),
    "registration-number-required": (
        "统一社会信用代码为00000000000000000X时，{name}必填，请填写。",
        "{name} is required where the USCC is 00000000000000000X: fill it in.",
    ),
    "type-not-in-catalogue": (
        "{name}不在现行公共信用信息目录内，不得归集，请核对信息类型及其版本。",
        "{name} is not in the catalogue in force and may not be recorded: correct the type or its "
        "version.",
    ),
    "schema-invalid": (
        "{name}的形式不符合数据标准（应为文本，多值字段可为文本列表），请按标准修改。",
        "{name} does not have the form of the standard (a text, or a list of texts where several "
        "values are allowed): correct it.",
    ),
    "document-number-in-use": (
        "{name}已用于同一机关、同一相对人的另一条记录，请核对文号；如为更正，请在更正列"
        "填写该记录的编号再报送。",
        "{name} is in use by another record of the same authority and subject: check the number; "
        "to correct that one, put its recordId into the correction column.",
    ),
    "list-unknown": (
        "{name}不是现行目录内的严重失信主体名单，请填写其标识：{values}；新增名单须先列入目录。",
        "{name} is no severe list of the catalogue in force: write its id, one of {values}; a new "
        "list must be put into the catalogue first.",
    ),
    "measure-unknown": (
        "{name}含有不在现行失信惩戒措施清单内的措施，应为：{values}。",
        "{name} has a measure that is not in the vocabulary in force: {values}.",
    ),
    "authority-not-yours": (
        "{name}不是本令牌所代表的机关，请由该机关或信用中心报送；如确属本机关，请运维核对令牌。",
        "{name} is no authority of this token: have that authority or the credit centre file the "
        "record, or ask the operator to check the token.",
    ),
    "correction-not-available": (
        "{name}：须为本机关一条已存证、未被更正过的同类记录的编号（recordId），请核对；不是更正的请留空。",
        "{name}: this is no record of the same type and of an authority of yours that is anchored "
        "and was not corrected yet: check the recordId, or leave it empty.",
    ),
    "encoding": (
        "{name}含有无法识别的字符，请用UTF-8或GB18030重新保存后报送。",
        "{name} has characters that cannot be read: save it again as UTF-8 or GB18030.",
    ),
    "too-large": (
        "{name}超过大小限制，请拆分后报送。",
        "{name} is larger than allowed: send it in parts.",
    ),
}

_NOTES: Final = {
    "column-unknown": (
        "{name}不是标准中的列，已忽略。",
        "{name} is not a column of the standard and was ignored.",
    ),
    "header-guessed": (
        "{name}不是标准中的列，已忽略；是否应为{other}？如是，请改正表头后重新报送。",
        "{name} is not a column of the standard and was ignored. Did you mean {other}? If so, "
        "correct the header and send it again.",
    ),
    "footer-skipped": (
        "第{name}行是合计、填报人、填写说明或重复的表头，不是记录，已跳过。",
        "Row {name} is a total, a signature, a hint or the header once more, no record: skipped.",
    ),
    "row-hidden": (
        "{name}所在的行在工作簿中是隐藏的（或被筛选掉），已照常读取和判断；不应报送的行，今后请先从表中"
        "删去。",
        "{name} stands in a row that the workbook hides (or a filter does); it was read and judged "
        "as any other: take rows out that are not to be sent.",
    ),
    "publicity-too-long": (
        "{name}超过法定最长公示期，使用期限按法定最长期限计算。",
        "{name} is beyond the longest period of publicity; the record's use ends with that period.",
    ),
    "publicity-too-short": (
        "{name}短于法定最短公示期，请核对。",
        "{name} is before the shortest period of publicity ends: please check it.",
    ),
    "timeliness-unknown": (
        "{name}起7个工作日跨入尚无放假安排的年份，无法判断是否按时报送；可由运维人员补充日历。",
        "Seven working days from {name} reach a year whose holidays are not known: whether it is "
        "on time is unknown; the operator can add the year.",
    ),
    "late": (
        "{name}距今已超过7个工作日，逾期报送，已如实记录。",
        "{name} is more than 7 working days ago: recorded as late.",
    ),
    "person-id-dropped": (
        "{name}属于个人证件信息，已丢弃，不保存、不上链。",
        "{name} is data of a person's identity document: dropped, neither stored nor committed.",
    ),
    "person-id-in-text": (
        "{name}中含有居民身份证号码；该栏已按原文存证，出示时除非点名要求，否则不予披露。如非必要，"
        "请删去号码后更正。",
        "{name} holds a resident identity number: the text was kept as it is, and this field is "
        "left out of presentations unless it is asked for by name. Remove the number if it is not "
        "needed.",
    ),
    "document-number-shared": (
        "{name}与同一机关另一相对人的记录相同（一份文书多个当事人），已按另一条记录处理。",
        "{name} is also that of a record about another subject (several parties to one decision): "
        "kept as a record of its own.",
    ),
    "authority-elsewhere": (
        "{name}所在地区与本节点不同，请核对是否报送到了正确的节点。",
        "{name} belongs to another region than this node: check that this is the node to send to.",
    ),
    "authority-not-in-force": (
        "{name}在认定日期不在机关表所列的存续期内，不因此拒收；请核对日期，如已由其他机关承继，"
        "请填写承继机关。",
        "{name} was not there on the day of the decision by the table of authorities; no reason "
        "to refuse it: check the day, or name who took over.",
    ),
    "status-not-in-force": (
        "{name}表明该记录已不在有效状态，已照原样接收，核验时不得使用。",
        "{name} shows that the record is not in force: taken as it is, and no verifier will let it "
        "be used.",
    ),
    "missing-before-go-live": (
        "{name}缺失；该记录的认定日期早于本节点启用之日，已照原样接收。",
        "{name} is missing; the record is older than the day on which this node went live and is "
        "taken as it is.",
    ),
    "subject-kind-unusual": (
        "{name}与统一社会信用代码不符：92开头的代码属于个体工商户，请核对。",
        "{name} is unusual for this USCC: codes that begin with 92 are those of individual "
        "businesses; please check it.",
    ),
    "origin-missing": (
        "{name}为空，而认定机关为中央单位：请填写该记录来自国家平台、垂直管理部门还是地方。",
        "{name} is missing although a national authority decided: say whether the record came from "
        "the national platform, a vertical department or a local one.",
    ),
    "uscc-excepted": (
        "{name}的校验码不符，但在例外文件之内，不因此拒收。",
        "{name} fails its check characters but is in the file of exceptions, so that is no "
        "reason to refuse it.",
    ),
    "amount-unusual": (
        "{name}数额异常，请核对单位是否为万元。",
        "{name} is unusual: check that the unit is 10,000 yuan.",
    ),
}

_WHY: Final = {
    "date-compact": (
        "{name}写成了八位数字，请用分隔符写成YYYY-MM-DD，例如2024-03-05。",
        "{name} is written as eight digits: separate them, YYYY-MM-DD, such as 2024-03-05.",
    ),
    "no-end-publicity": (
        "{name}须为具体日期，不能填写长期、永久；没有确定截止日的请留空，按法定公示期限计算。",
        "{name} is a day; it cannot be without end. Leave it empty where no end was set: the "
        "period that the law gives counts.",
    ),
    "no-end-day": (
        "{name}须为日期；长期、永久有效的请填写2099-12-31。",
        "{name} is a day: write 2099-12-31 for what has no end.",
    ),
    "values-joined": (
        "{name}的单元格中有多个取值，请用分号（；）分隔，例如：{values}。",
        "{name} has several values in one cell: separate them by semicolons, such as {values}.",
    ),
    "one-value": (
        "{name}只能填写一个取值，请保留其中之一：{values}。",
        "{name} takes one value: keep one of {values}.",
    ),
    "named-twice": (
        "{name}以不同名称出现多次且内容不同，请只保留一个。",
        "{name} is there under several names that say different things: keep one of them.",
    ),
}
"""Texts that say more of a code than its own: `date-invalid`, `not-in-vocabulary`,
`schema-invalid`."""

ERROR_CODES: Final = frozenset(_ERRORS)
NOTE_CODES: Final = frozenset(_NOTES)

_TEMPLATES: Final = {**_ERRORS, **_NOTES, **_WHY}
_RECORD: Final = {"zh": "该记录", "en": "the record"}
_NOTHING: Final = {"zh": "", "en": ""}


def message(code: str, about: Field | str | None = None, **values: Text) -> Text:
    """The text of a row code (interfaces "Row answer"; KeyError for another).

    about: the field; or the name of something that is not one, as people see it (an unknown
    header, a type); None: the whole record. values: the parts that some codes have besides, as
    texts: `required` may have a condition; `too-long` max and unit, `not-in-vocabulary` values,
    `date-order` and `header-guessed` other.
    """
    zh, en = _TEMPLATES[code]
    parts = {"name": label(about), "condition": _NOTHING, **values}
    english = en.format(**{key: text["en"] for key, text in parts.items()})
    return {
        "zh": zh.format(**{key: text["zh"] for key, text in parts.items()}),
        "en": english[:1].upper() + english[1:],
    }


def label(about: Field | str | None) -> Text:
    """How a text calls a field: `罚款金额(万元)[CF_NR_FK]`."""
    if about is None:
        return _RECORD
    if about == "class":
        return {"zh": "失信等级[class]", "en": "the class [class]"}
    if about in ("code", "subject"):
        return {"zh": f"统一社会信用代码[{about}]", "en": f"the social credit code [{about}]"}
    if isinstance(about, str):
        return {"zh": f"“{about}”", "en": f"“{about}”"}
    return {"zh": f"{about.zh}[{about.code}]", "en": f"{about.en} [{about.code}]"}
