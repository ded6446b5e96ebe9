"""What is wrong with a file that holds many receipts, as sentences for people. What a program
names, codes and hashes, stands apart, as evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.web.verify.plain import readable
from gateway.web.verify.sheets import Row, Speaker
from ledger.core.texts import Text

MAX_PROBLEMS: Final = 20
_PLAIN: Final[Mapping[str, Text]] = {
    "report-overdue": {
        "zh": "报告内附的是收录承诺，承诺已到期；"
        "出具机构保存着回执，在它的核验页上即可核验这份 PDF",
        "en": "the report holds a promise alone, which is past its time; its issuer has the"
        " receipt, and its own page verifies this PDF",
    },
    "query-missing": {
        "zh": "文件只有答复的签名部分，没有查询登记和回执，不能据以认定："
        "请索取完整的答复文件或证据包",
        "en": "it is the signed part of an answer alone, without its query and its receipts, and"
        " counts for nothing: ask for the whole answer, or for the bundle that it stands in",
    },
    "list-unknown": {
        "zh": "本节点没有报告所依据的领域清单或规则文件，请告知其运维人员",
        "en": "this node lacks the list of fields or the rules that the report goes by: tell its"
        " operator",
    },
}
"""In place of texts that tell what to type on a command line."""


def problems(told: Mapping[str, Any], say: Speaker) -> list[str]:
    """The first of what is wrong, a sentence each, and how many more there are."""
    _, found = say.gettext, _found(told)
    over = len(found) - MAX_PROBLEMS
    more = [_("and %(count)s more") % {"count": over}] if over > 0 else []
    return [*(_sentence(one, say) for one in found[:MAX_PROBLEMS]), *more]


def evidence(told: Mapping[str, Any], say: Speaker) -> list[Row]:
    """Of the same problems, what a program names."""
    return [
        (one["code"], " ".join(f"{name}={value}" for name, value in one["evidence"].items()))
        for one in _found(told)[:MAX_PROBLEMS]
    ]


def has(told: Mapping[str, Any], code: str) -> bool:
    """Whether it is one of the problems of a file."""
    return any(one["code"] == code for one in told.get("problems", ()))


def _found(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [one for one in told["problems"] if one["code"] != "missing"]


def _sentence(one: Mapping[str, Any], say: Speaker) -> str:
    _, where = say.gettext, one["evidence"]
    text = readable(say.of(_PLAIN.get(one["code"], one["message"])), say.language)
    if "line" in where:
        text = _("Line %(line)s: %(text)s") % {"line": where["line"], "text": text}
    elif "member" in where:
        text = _("%(member)s: %(text)s") % {"member": say.member(where["member"]), "text": text}
    else:
        text = text[:1].upper() + text[1:]
    return text + _(".")
