"""True receipts: what every verifier must let pass, and what is genuine but shows nobody."""

from collections.abc import Sequence
from functools import partial

from scripts.conformance_parts import evidence
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import (
    FIELDS,
    FILLER,
    OTHER_SUBJECT,
    SUBJECT,
    Bench,
    Record,
    file,
)
from scripts.conformance_parts.evidence import Value
from scripts.conformance_parts.keys import seed

LICENCE = {
    "XK_XDR_MC": "合成样例二号有限公司",
    "XK_XDR_LB": "法人及非法人组织",
    "XK_XDR_SHXYM": SUBJECT,
    "XK_WSH": "样许〔2026〕2号",
    "XK_JDRQ": "2026-10-12",
    "XK_YXQZ": "2026-10-12",
    "XK_YXQZI": "2031-10-11",
    "XK_ZT": "1",
}
PUBLISHED: dict[str, Value] = {
    "CF_XDR_MC": "合成样例一号有限公司",
    "CF_XDR_LB": "法人及非法人组织",
    "CF_XDR_SHXYM": SUBJECT,
    "CF_WSH": "样罚〔2026〕3号",
    "CF_CFLB": ["警告", "罚款"],
    "CF_NR_FK": "2.5",
    "CF_JDRQ": "2026-10-12",
    "CF_GSJZQ": "2027-10-12",
}


class Sound:
    """Records that other groups bend."""

    def __init__(self, b: Bench) -> None:
        self.early = b.record(log=b.log)
        """Covered by the first anchor."""
        b.record({"P_DOC": "样罚〔2026〕11号"}, log=b.log)
        b.record({"P_DOC": "样罚〔2026〕12号"}, log=b.log)
        another = {"P_DOC": "样罚〔2026〕13号", "P_CODE": OTHER_SUBJECT}
        self.other = b.record(another, log=b.log)
        self.plain = b.record({"P_DOC": "样罚〔2026〕14号"}, log=b.log)
        nobody = {"P_CODE": FILLER, "P_REG": "测-000001", "P_KIND": "个体工商户"}
        self.filler = b.record(nobody, log=b.log)
        self.second = b.record({"P_DOC": "样罚〔2026〕15号"}, log=b.second)


def whole(b: Bench, record: Record) -> bytes:
    """A receipt that shows all fields."""
    return b.receipt(record, show=list(record.shown))


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    plain = true.plain
    _shown(b, true)
    _of_types(b)
    b.add("receipt/bare", lambda: file(b.value(plain)), "anchored", code="subject-undisclosed")
    b.add(
        "receipt/name-alone",
        lambda: b.receipt(plain, show=["P_NAME"]),
        "anchored",
        code="subject-undisclosed",
    )
    b.add("receipt/of-the-first-anchor", lambda: b.receipt(true.early), "valid")
    b.add(
        "receipt/of-another-province",
        lambda: b.receipt(true.second, key=w.OTHER_PRESENT),
        "valid",
        facts="wide",
    )
    last = b.record({"P_DOC": "样罚〔2026〕19号"}, log=b.second)
    b.add(
        "receipt/last-leaf-of-an-uneven-tree",
        lambda: b.receipt(last, key=w.OTHER_PRESENT),
        "valid",
        facts="wide",
    )
    year = b.record(entry={"period": "2026"})
    b.add("receipt/period-of-a-year", lambda: b.receipt(year), "valid")
    corrects = b.record(entry={"corrects": plain.id})
    b.add("receipt/that-corrects", lambda: b.receipt(corrects), "valid")
    untimely = b.record(entry={"timely": "no"})
    b.add("receipt/not-timely", lambda: b.receipt(untimely), "valid")


def _shown(b: Bench, true: Sound) -> None:
    plain = true.plain
    b.add("receipt/whole", lambda: whole(b, plain), "valid", ask={"subject": SUBJECT})
    b.add(
        "receipt/code-alone",
        lambda: b.receipt(plain, show=["P_CODE"]),
        "valid",
        ask={"subject": SUBJECT},
    )
    for name, key in (("ed25519", w.PRESENT_ED), ("secp256k1", w.PRESENT_K)):
        b.add(
            f"receipt/shown-with-{name}", partial(b.receipt, plain, key=key), "valid", facts="wide"
        )
    b.add(
        "receipt/bound",
        lambda: b.receipt(plain, bound={}),
        "valid",
        ask={"audience": w.BANK, "nonce": "n-1"},
    )
    b.add(
        "receipt/bound-by-authorisation",
        lambda: b.receipt(plain, bound={"authorisation": seed("authorisation").hex()}),
        "valid",
        ask={"audience": w.BANK, "nonce": "n-1"},
    )
    b.add(
        "receipt/bound-with-another-key",
        lambda: b.receipt(plain, bound={}, bound_key=w.PRESENT_ED),
        "valid",
        facts="wide",
        ask={"audience": w.BANK, "nonce": "n-1"},
    )
    for name, asked in {
        "type": {"type": "sample-penalty"},
        "type-and-version": {"type": "sample-penalty@1"},
        "issuer": {"issuer": w.OWNER},
        "day": {"asOf": w.day(w.HEAD)},
    }.items():
        b.add(
            f"receipt/asked-for-{name}",
            "receipt/whole",
            "valid",
            ask=asked,
            now="valid" if name == "day" else None,
        )
    text = "P_CODE P_KIND P_REG".split()
    b.add(
        "receipt/no-code-but-registration",
        lambda: b.receipt(true.filler, show=sorted(text, key=list(true.filler.shown).index)),
        "valid",
    )
    for number, lines in ((1, [w.OTHER]), (2, [w.OTHER, w.THIRD])):
        b.add(
            f"receipt/cosigned-by-{number}",
            partial(_cosigned, b, plain, lines),
            "valid",
            facts="wide",
            ask={"witnesses": number},
        )


def _cosigned(b: Bench, record: Record, members: Sequence[str]) -> bytes:
    return b.receipt(record, checkpoint=cosigned(b, record, *members))


def cosigned(b: Bench, record: Record, *members: str, time: int = w.T + w.HOUR) -> str:
    """The checkpoint of a record, with lines of these members."""
    size = b.anchor_of(record)["size"]
    keys = {w.OTHER: w.OTHER_WITNESS, w.THIRD: w.THIRD_WITNESS}
    text = record.log.body(size)
    lines = [evidence.witness_line(text, keys[one], one, time) for one in members]
    return record.log.checkpoint(size, *lines)


def _of_types(b: Bench) -> None:
    published = b.record(PUBLISHED, schema="penalty@1", class_="general", until="2027-10-12")
    b.add(
        "receipt/penalty",
        lambda: whole(b, published),
        "valid",
        ask={"subject": SUBJECT, "type": "penalty"},
        facts="wide",
    )
    licence = b.record(LICENCE, schema="licence@1", until="2031-10-11")
    b.add(
        "receipt/licence",
        lambda: whole(b, licence),
        "valid",
        ask={"subject": SUBJECT},
        facts="wide",
    )
    permit = {
        "Q_NAME": FIELDS["P_NAME"],
        "Q_CODE": SUBJECT,
        "Q_DOC": "样许〔2026〕4号",
        "Q_DAY": "2026-10-12",
        "Q_TO": "2099-12-31",
        "Q_STATE": "有效",
    }
    open_ = b.record(permit, schema="sample-permit@1")
    b.add("receipt/permit-without-end", lambda: whole(b, open_), "valid", facts="wide")
