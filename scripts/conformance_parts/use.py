"""Whether it may be used: subject, type, period of use, role, catalogue, and what a record says."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.conformance_parts import library
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import FILLER, OTHER_SUBJECT, SUBJECT, Bench, Record
from scripts.conformance_parts.keys import seed
from scripts.conformance_parts.reading import case
from scripts.conformance_parts.receipts import LICENCE, Sound

PERMIT: Mapping[str, Any] = {
    "Q_NAME": "合成样例二号有限公司",
    "Q_CODE": SUBJECT,
    "Q_DOC": "样许〔2026〕2号",
    "Q_DAY": "2026-10-12",
    "Q_TO": "2027-10-11",
    "Q_STATE": "有效",
    "Q_AUTH": "样市样局",
}
NOTICE: Mapping[str, Any] = {
    "N_NAME": "合成样例三号有限公司",
    "N_CODE": SUBJECT,
    "N_DOC": "样检〔2026〕3号",
    "N_YEAR": "2026",
    "N_DAY": "2026-10-12",
    "N_RESULT": "不合格",
    "N_AUTH": "样市样局",
}


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    _subjects(b, true)
    _asked(b)
    _windows(b)
    _nulls(b)
    _voids(b)
    _roles(b, true)
    _catalogue(b, true)
    _values(b)
    _bounds(b)


def add(
    b: Bench,
    name: str,
    record: Record,
    verdict: str,
    zh: str,
    en: str,
    *,
    show: Sequence[str] | None = None,
    **more: Any,
) -> None:
    """A case of a record. show: None: all of it."""
    fields = list(record.shown) if show is None else show
    world = "world" if record.entry["schema"] in w.IN_FORCE else "wide"
    more = {"facts": world, **more}
    b.add(name, lambda: b.receipt(record, show=fields), verdict, zh, en, **more)


def _subjects(b: Bench, true: Sound) -> None:
    plain, filler = true.plain, true.filler
    about = {"check": "subject"}
    add(b, "subject/another", plain, "other-subject", "不是所问的主体。", "It is about somebody else.",
        ask={"subject": OTHER_SUBJECT}, code="subject-differs", **about)  # fmt: skip
    add(b, "subject/not-shown", plain, "anchored", "没有出示代码，答不了所问的主体。",
        "The code is hidden: it answers for nobody.", show=["P_NAME"], ask={"subject": SUBJECT},
        code="subject-undisclosed", **about)  # fmt: skip
    for name, show, zh, en in (
        ("filler-alone", ["P_CODE"], "占位代码不代表任何人。", "The filler identifies nobody."),
        ("filler-without-kind", ["P_CODE", "P_REG"], "未出示类别：可能是自然人。",
         "Without the kind of subject it may be a natural person."),
        ("filler-without-registration", ["P_KIND", "P_CODE"], "未出示注册号。",
         "Without the registration number nobody is named."),
    ):  # fmt: skip
        add(b, f"subject/{name}", filler, "anchored", zh, en, show=show,
            code="subject-undisclosed", **about)  # fmt: skip
    add(b, "subject/filler-for-a-code", filler, "other-subject", "占位代码不能答复任何代码。",
        "The filler never answers for a code.", ask={"subject": SUBJECT}, code="subject-differs",
        **about)  # fmt: skip
    kindless = b.record(
        {"K_NAME": "合成样例四号", "K_CODE": FILLER, "K_REG": "测-2", "K_DAY": "2026-10-12"},
        schema="sample-kindless@1",
    )
    add(b, "subject/filler-in-a-type-without-kind", kindless, "anchored",
        "该类型没有主体类别字段。", "The type has no field of the kind of subject.",
        code="subject-undisclosed", **about)  # fmt: skip
    unknown = b.record(schema_="sample-penalty@1:" + seed("a schema that is not to be had").hex())
    add(b, "subject/schema-not-to-be-had", unknown, "undetermined", "取不到记录类型文件：字段没有含义。",
        "Without the schema the disclosures have no meaning.", code="schema-unknown",
        **about)  # fmt: skip


def _asked(b: Bench) -> None:
    for name, ask, code, zh, en in (
        ("another-type", {"type": "sample-permit"}, "type-differs", "不是所问的类型。", "Another type."),
        ("another-version", {"type": "sample-penalty@2"}, "type-differs", "不是所问的版本。",
         "Another version of the type."),
        ("beginning-of-a-type", {"type": "sample-pen"}, "type-differs", "只是名称的开头。",
         "Not a type, but how its name begins."),
        ("another-issuer", {"issuer": w.OTHER}, "issuer-not-asked", "不是所问的签发者。",
         "Another issuer than was asked for."),
    ):  # fmt: skip
        b.add(f"asked/{name}", "receipt/whole", "other-subject", zh, en, ask=ask, code=code,
              check="asked")  # fmt: skip


def _windows(b: Bench) -> None:
    """The last day of use, by the day of Shanghai."""
    last = b.record({"P_END": "2026-11-20", "P_DAY": "2026-08-01"}, until="2026-11-20",
                    decided="2026-08-01", entry={"period": "2026-08"})  # fmt: skip
    add(b, "in-force/on-the-last-day", last, "valid", "使用期的最后一天。", "The last day of use.",
        show=["P_CODE"])  # fmt: skip
    late = b.facts("in-force-the-day-after", "The head is of the day after in Shanghai alone.",
                   head=lambda world: {**world["head"], "time": w.HEAD + 6 * w.HOUR},
                   now=w.HEAD + 6 * w.HOUR)  # fmt: skip
    add(b, "in-force/the-day-after", last, "expired", "使用期之后的第一天，以上海时间为准。",
        "The first day behind it, by the day of Shanghai.", show=["P_CODE"], facts=late,
        code="expired", check="in-force")  # fmt: skip
    b.add("in-force/as-of-the-last-day", "in-force/the-day-after", "valid",
          "所问之日在使用期内。", "As of the last day of use, though it has expired by now.",
          facts=late, ask={"asOf": "2026-11-20"}, now="expired")  # fmt: skip
    gone = b.record({"P_DAY": "2025-04-10"}, decided="2025-04-10", until="2028-04-10",
                    class_=None, entry={"period": "2025-04"})  # fmt: skip
    add(b, "in-force/of-earlier-law", gone, "valid", "按当时的规则公示三年。",
        "Decided under earlier rules, which let it be shown for three years.")  # fmt: skip
    old = b.record({"P_DAY": "2023-04-10"}, decided="2023-04-10", until="2026-04-10",
                   class_=None, entry={"period": "2023-04"})  # fmt: skip
    add(b, "in-force/expired-long-ago", old, "expired", "早已过期。", "It expired long ago.",
        code="expired", check="in-force")  # fmt: skip
    month = b.record({"P_DAY": "2026-08-31"}, decided="2026-08-31", until="2026-11-30",
                     class_="minor", entry={"period": "2026-08"})  # fmt: skip
    add(b, "in-force/a-month-that-is-shorter", month, "valid", "三个月后没有 31 日：以月末为准。",
        "Three months after 31 August is the last of November.")  # fmt: skip


def _nulls(b: Bench) -> None:
    """`until` null of a record that is adverse: nothing is known between two days."""

    def null(decided: str, **more: Any) -> Record:
        values = {"until": None, "class_": None, "entry": {"period": decided[:7]}, **more}
        return b.record({"P_DAY": decided}, decided=decided, **values)

    add(b, "window/certain", null("2026-10-12"), "valid", "等级未知：最短的最长期尚未届满。",
        "Without a class: the shortest of the longest periods has not ended.")  # fmt: skip
    add(b, "window/unknown", null("2026-06-12"), "undetermined", "等级未知：是否届满不得而知。",
        "Between the shortest and the longest nothing is known.", code="window-unknown",
        check="in-force")  # fmt: skip
    exact = null("2026-08-20")
    add(b, "window/on-its-last-certain-day", exact, "valid", "确定可用的最后一天。",
        "The last day that is certain.")  # fmt: skip
    add(b, "window/on-the-day-behind-it", exact, "undetermined", "其后一天。", "The day behind it.",
        facts="in-force-the-day-after", code="window-unknown", check="in-force")  # fmt: skip
    passing = b.record(NOTICE, schema="sample-notice@1", entry={"period": "2026"})
    hidden = [name for name in passing.shown if name != "N_RESULT"]
    add(b, "window/adverse-or-not", passing, "valid", "是否不利被隐藏：起初确定可用。",
        "Whether it is adverse is hidden; up to the shortest period use is certain.",
        show=hidden)  # fmt: skip


def _voids(b: Bench) -> None:
    good = b.record(PERMIT, schema="sample-permit@1", until="2027-10-11")
    add(b, "void/in-force", good, "valid", "状态为有效。", "Its state says that it is in force.")
    void = b.record({**PERMIT, "Q_STATE": "注销"}, schema="sample-permit@1", until="2026-10-11")
    code = {"code": "not-in-force", "check": "in-force"}
    add(b, "void/shown", void, "expired", "字段说明已不在有效状态。", "A field says that it is void.",
        **code)  # fmt: skip
    add(b, "void/hidden", void, "expired", "隐藏该字段也没有可用之日。",
        "Whoever hides that field is left no day of use.", show=["Q_CODE"], code="expired",
        check="in-force")  # fmt: skip
    other = b.record({**PERMIT, "Q_STATE": "其他-已注销"}, schema="sample-permit@1",
                     until="2026-10-11")  # fmt: skip
    add(b, "void/in-words-of-its-own", other, "expired", "自填的值说的是同一件事。",
        "An own value that says it.", **code)  # fmt: skip
    negated = b.record({**PERMIT, "Q_STATE": "其他-未注销"}, schema="sample-permit@1",
                       until="2027-10-11")  # fmt: skip
    add(b, "void/negated", negated, "valid", "自填的值说的是相反的事。",
        "An own value with a negation right before the word does not say it.")  # fmt: skip


def _roles(b: Bench, true: Sound) -> None:
    bureau = b.record(log=b.bureau)
    b.add("role/no-province", lambda: b.receipt(bureau, key=w.BUREAU_PRESENT), "unknown-issuer",
          "日志的所有者不是省份，不得签发记录。", "The owner of the log is no province: it may issue no records.",
          code="issuer-not-a-province", check="issuer-role", facts="wide")  # fmt: skip

    def roles(*spans: tuple[int, int]) -> w.Change:
        history = [{"since": since, "roles": role} for since, role in spans]
        return w.with_row("members", lambda one: one["code"] == w.OWNER, roles=history)

    for name, verdict, spans, zh, en in (
        ("a-province-then", "valid", ((w.BEGIN, 1), (w.T + 1, 2)), "锚定时是省份，后来不是。",
         "It was a province when the record was anchored, and is none now."),
        ("a-province-since", "unknown-issuer", ((w.BEGIN, 2), (w.T + 1, 1)), "锚定之后才成为省份。",
         "It became a province a second after the anchor."),
        ("a-province-from-that-second", "valid", ((w.BEGIN, 2), (w.T, 1)), "恰在锚定时成为省份。",
         "It became a province in that very second."),
        ("several-roles", "valid", ((w.BEGIN, 9),), "兼有几种角色。", "A province and an auditor."),
    ):  # fmt: skip
        code = "issuer-not-a-province" if verdict != "valid" else ""
        case(b, f"role/{name}", verdict, zh, en, code, members=roles(*spans))


def _catalogue(b: Bench, true: Sound) -> None:
    type_, out = "sample-penalty@1", "out-of-catalogue"
    grace = 72 * w.HOUR

    def items(**changes: Any) -> w.Change:
        return w.with_item(type_, **changes)

    def more(*others: Mapping[str, Any]) -> w.Change:
        return lambda world: [*world["catalogue"], *others]

    newer = w.item(type_, version=2, contentHash=seed("a schema").hex())
    region = {"region": w.OWNER}
    for name, verdict, changed, zh, en in (
        ("type-missing", out, items(itemId="another"), "目录中没有该类型。", "The type is not in it."),
        ("type-of-another-kind", out, items(kind=4), "该条目是别的种类。", "An item of another kind."),
        ("type-of-another-version", out, items(version=2), "目录中是别的版本。", "Another version."),
        ("type-of-another-content", out, items(contentHash=seed("x").hex()), "目录中是别的文件。",
         "Another schema under the name of the type."),
        ("type-ended-within-72-hours", "valid", items(until=w.T - grace + 1), "终止未满 72 小时。",
         "It ended a second less than 72 hours before."),
        ("type-ended-72-hours-before", out, items(until=w.T - grace), "恰在 72 小时前终止。",
         "It ended just 72 hours before."),
        ("type-put-at-the-anchor", "valid", items(putAt=w.T), "恰在锚定时列入。", "Put in that second."),
        ("type-put-later", out, items(putAt=w.T + 1), "列入晚于锚定，尽管所称的起始更早。",
         "Put a second later, whatever day it names: nothing works back."),
        ("type-from-later", out, items(**{"from": w.T + 1}), "起始晚于锚定。", "It begins a second later."),
        ("type-superseded", out, more({**newer, "putAt": w.T - grace}), "72 小时前已被新版本取代。",
         "A higher version has counted for 72 hours."),
        ("type-superseded-lately", "valid", more({**newer, "putAt": w.T - grace + 1}),
         "被取代未满 72 小时。", "A higher version has counted for a second less."),
        ("type-superseded-from-later", "valid", more({**newer, "from": w.T + w.HOUR}),
         "新版本的起始在锚定之后。", "A higher version begins after the anchor."),
        ("type-of-the-region", "valid", items(**region), "本地区的补充目录。", "A supplement of its region."),
        ("type-of-another-region", out, items(region=w.OTHER), "别的地区的补充目录。",
         "A supplement of another region."),
        ("national-before-regional", out, lambda world: [
            *w.with_item(type_, **region)(world), {**newer, "putAt": w.BEGIN + 1}],
         "有国家目录时不看补充目录。", "Where a national version counts, supplements are not looked at."),
        ("contract-that-is-none", out, items(contract="0x" + "ab" * 20), "列入的合约从未担任目录。",
         "It was put into a contract that never was the Catalogue."),
        ("rules-missing", out, w.with_item("publicity@1", version=3), "目录中没有该规则。",
         "The rules are not in it."),
        ("rules-of-another-content", out, w.with_item("publicity@1", contentHash=seed("x").hex()),
         "目录中是别的规则文件。", "Other rules under their name."),
    ):  # fmt: skip
        about = "rules" if name.startswith("rules") else "type"
        code = f"{about}-not-in-force" if verdict != "valid" else ""
        case(b, f"catalogue/{name}", verdict, zh, en, code, catalogue=changed)

    def tenure(since: int) -> dict[str, w.Change]:
        both = [w.held(w.OLD_CATALOGUE), w.held(w.CATALOGUE, since)]
        return {
            "contracts": lambda world: {**world["contracts"], "Catalogue": both},
            "catalogue": lambda world: [
                {**one, "contract": w.OLD_CATALOGUE}
                if one["itemId"] == "sample-penalty"
                else {**one, "putAt": since}
                for one in world["catalogue"]
            ],
        }

    case(b, "catalogue/contract-lost-its-role", out, "目录合约 72 小时前已卸任。",
         "The contract lost its role 72 hours before.", "type-not-in-force",
         **tenure(w.T - grace))  # fmt: skip
    case(b, "catalogue/contract-lost-its-role-lately", "valid", "卸任未满 72 小时。",
         "It lost its role a second less before.", "", **tenure(w.T - grace + 1))  # fmt: skip
    mine = b.record(rules="mine@1:" + library.sha256("publicity@1"))
    add(b, "catalogue/rules-of-another-name", mine, out, "别名的规则什么也不代表。",
        "Rules of another name stand for nothing.", code="rules-not-in-force")  # fmt: skip
    b.add("catalogue/type-of-a-bare-receipt", "receipt/bare", out, "不出示时只看类型名和版本。",
          "Of a bare receipt the type is known by name and version, and that is not in it.",
          facts="catalogue-type-of-another-version", code="type-not-in-force")  # fmt: skip


def _values(b: Bench) -> None:
    """What no record of its type can say, shown and hidden."""
    invalid, check = "record-invalid", {"check": "record"}
    cases: tuple[tuple[str, Mapping[str, Any], str, str, str], ...] = (
        ("list-for-a-text", {"P_NOTE": ["a", "b"]}, "value-kind", "文本处是列表。", "A list for a text."),
        ("text-for-a-list", {"P_CLASS": "警告"}, "value-kind", "列表处是文本。", "A text for a list."),
        ("not-trimmed", {"P_NOTE": " 备注"}, "value-form", "首尾有空白。", "White space around it."),
        ("of-nothing-seen", {"P_NOTE": "\u200b\u3164"}, "value-form", "只有看不见的字符。",
         "Nothing but characters that are not seen."),
        ("that-turns-its-reading", {"P_NOTE": "a\u202eb"}, "value-form", "含改变书写方向的字符。",
         "It holds a character that turns the direction of reading."),
        ("with-nul", {"P_NOTE": "a\u0000b"}, "value-form", "含 NUL。", "It holds NUL."),
        ("cut-by-a-spreadsheet", {"P_NOTE": "9.1E+17"}, "value-form", "被电子表格截断的数字。",
         "A number that a spreadsheet has cut."),
        ("too-long", {"P_NOTE": "长" * 61}, "value-too-long", "超过 60 个字符。", "61 characters of 60."),
        ("not-in-its-vocabulary", {"P_KIND": "企业"}, "value-unknown", "不在词表中。",
         "It is not in the vocabulary."),
        ("own-value-of-nothing", {"P_CLASS": ["其他-"]}, "value-unknown", "自填的值没有内容。",
         "An own value that does not go on."),
        ("list-with-a-separator", {"P_CLASS": ["警告;罚款"]}, "value-form", "列表项中有分隔符。",
         "A separator inside a text of the list."),
        ("day-that-is-none", {"P_END": "2027-02-30"}, "value-form", "没有这一天。", "No such day."),
        ("amount-with-a-zero-too-many", {"P_FINE": "0.20"}, "value-form", "金额有多余的零。",
         "A superfluous zero."),
        ("amount-with-a-sign", {"P_FINE": "-1"}, "value-form", "金额带符号。", "An amount with a sign."),
        ("amount-with-an-exponent", {"P_FINE": "1e3"}, "value-form", "金额带指数。", "An exponent."),
        ("amount-with-too-many-digits", {"P_FINE": "1" * 13}, "value-too-long", "小数点前多于 12 位。",
         "Thirteen digits before the point."),
        ("code-in-small-letters", {"P_CODE": SUBJECT.lower()}, "value-form", "代码用了小写。",
         "A code in small letters."),
        ("code-of-17", {"P_CODE": SUBJECT[:-1]}, "value-form", "代码只有 17 位。", "17 characters."),
        ("code-of-another-alphabet", {"P_CODE": SUBJECT[:-1] + "I"}, "value-form", "代码不含字母 I。",
         "A letter that no code has."),
        ("filler-of-a-firm", {"P_CODE": FILLER, "P_REG": "测-3"}, "value-form", "法人不得使用占位代码。",
         "The filler stands for individual businesses alone."),
        ("day-out-of-order", {"P_END": "2026-10-11"}, "value-order", "截止期早于决定日期。",
         "It ends before the day of the decision."),
        ("natural-person", {"P_KIND": "自然人"}, "natural-person", "关于自然人的记录。",
         "It is about a natural person."),
    )  # fmt: skip
    for name, fields, code, zh, en in cases:
        until = {"until": fields["P_END"]} if code == "value-order" else {}
        made = b.record(fields, **until)
        show = [one for one in made.shown if one in ("P_CODE", "P_DAY", "P_KIND", "P_REG", *fields)]
        add(b, f"value/{name}", made, invalid, zh, en, code=code, show=show, **check)
    wrong = b.record({"P_NOTE": "长" * 61})
    add(b, "value/hidden", wrong, "valid", "没有出示的不计较。", "What is not shown is never held against it.",
        show=["P_CODE"])  # fmt: skip
    own = b.record({"P_CLASS": ["警告", "其他-责令改正"], "P_NOTE": "备" * 60, "P_FINE": "100000000000"})
    add(b, "value/at-its-bounds", own, "valid", "恰在限度之内，也可自填。",
        "Just within its bounds, with an own value.")  # fmt: skip
    person = b.record({"T_NAME": "某", "T_CODE": SUBJECT, "T_DAY": "2026-10-12"},
                      schema="sample-person@1")  # fmt: skip
    add(b, "value/type-about-natural-persons", person, invalid, "该类型是关于自然人的。",
        "A type about natural persons.", show=["T_CODE"], code="natural-person", **check)  # fmt: skip
    level = {**NOTICE, "N_LEVEL": "A"}
    notice = b.record(level, schema="sample-notice@1", entry={"period": "2026"})
    add(b, "value/vocabulary-by-another-field", notice, invalid, "结果不合格时等级只有两种。",
        "Where the result is bad, the level has a vocabulary.", code="value-unknown", **check)  # fmt: skip
    better = b.record({**level, "N_RESULT": "合格"}, schema="sample-notice@1", entry={"period": "2026"})
    add(b, "value/no-vocabulary-by-another-field", better, "valid", "结果合格时等级没有词表。",
        "Where it is good, the level has none.")  # fmt: skip
    old = b.record({**LICENCE, "XK_YXQZ": "1948-12-31"}, schema="licence@1", until="2031-10-11")
    add(b, "value/day-before-1949", old, invalid, "早于 1949 年。", "A day before 1949.",
        code="value-form", **check)  # fmt: skip
    years = {**NOTICE, "N_DAY": "2025-12-31", "N_YEAR": "2027"}
    late = b.record(years, schema="sample-notice@1", decided="2025-12-31", entry={"period": "2025"})
    add(b, "value/decided-before-its-year", late, invalid, "决定早于年度的前一年。",
        "Decided before the year that precedes its year.", code="value-order", **check)  # fmt: skip


def _bounds(b: Bench) -> None:
    invalid, check = "record-invalid", {"check": "record"}

    def ending(until: str | None, **more: Any) -> Record:
        return b.record(until=until, **more)

    for name, record, show, code, verdict, zh, en in (
        ("beyond-the-longest", ending("2027-10-13"), None, "until-beyond-rules", invalid,
         "比任何规则允许的都长一天。", "A day longer than any rule allows."),
        ("beyond-the-longest-and-hidden", ending("2027-10-13"), ["P_CODE"], "until-beyond-rules",
         invalid, "隐藏字段也一样。", "The same where all fields are hidden but the code."),
        ("before-the-shortest", ending("2027-01-11"), ["P_CODE"], "until-before-minimum", invalid,
         "比最短公示期少一天。", "A day shorter than the minimum of publicity."),
        ("null-of-a-class", ending(None), ["P_CODE"], "until-beyond-rules", invalid,
         "有等级就有终止之日。", "With a class there is an end under every rule."),
        ("class-of-what-is-not-adverse", b.record(PERMIT, schema="sample-permit@1",
                                                  until="2027-10-11", class_="minor"),
         None, "class-not-adverse", invalid, "不利记录才有等级。", "Only an adverse type has classes."),
        ("decided-on-the-day-of-its-anchor", b.record(
            {"P_DAY": "2026-11-18"}, decided="2026-11-18", until="2027-11-18"), None, None, "valid",
         "决定与锚定在同一天。", "Decided on the day of its anchor."),
        ("decided-after-its-anchor", b.record(
            {"P_DAY": "2026-11-19"}, decided="2026-11-19", until="2027-11-19"), None,
         "decided-after-anchor", invalid, "决定晚于锚定。", "Decided on the day after its anchor."),
    ):  # fmt: skip
        add(b, f"bounds/{name}", record, verdict, zh, en, show=show, code=code, **check)
    rules = b.record(rules="publicity@9:" + seed("rules that are not to be had").hex())
    listed = b.facts("rules-9", "Rules are in the catalogue whose file is not to be had.",
                     catalogue=lambda world: [*world["catalogue"], w.item(
                         "publicity@1", version=9, putAt=w.T - w.HOUR,
                         contentHash=seed("rules that are not to be had").hex())])  # fmt: skip
    add(b, "bounds/rules-not-to-be-had", rules, "undetermined", "取不到规则文件。",
        "Without the rules nothing can be said of its end.", facts=listed,
        code="rules-unknown", **check)  # fmt: skip
    second = b.facts("rules-2", "The second rules are in force.",
                     catalogue=lambda world: [*world["catalogue"], w.item(
                         "publicity@2", putAt=w.T - w.HOUR)])  # fmt: skip
    two = library.names("publicity@2")
    for name, record, zh, en in (
        ("open-until-exit", b.record(until=None, rules=two, class_=None),
         "其中一种机关的期限开放：null 成立。", "One kind of authority has no end: null may be."),
        ("as-long-as-the-kind-that-ends", b.record(until="2027-10-12", rules=two),
         "另一种机关有终止之日，也成立。", "The other kinds have an end, which may be as well."),
    ):  # fmt: skip
        add(b, f"bounds/{name}", record, "valid", zh, en, facts=second)
    b.add("bounds/rules-of-their-own-time", "receipt/whole", "valid",
          "新规则不改变旧记录：以载荷所称的文件为准。",
          "New rules change nothing of a record that names the old ones, within 72 hours.",
          facts="rules-2")  # fmt: skip
