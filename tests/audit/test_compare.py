"""Two reports held against each other: what is the same, and each thing that is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.audit.compare import MOST, OtherNetwork, compare
from ledger.audit.compare_codes import DIVERGENCES
from ledger.audit.compare_page import body, figure_words
from ledger.audit.compare_words import BESIDE, COMPARED, FIGURES, RELATIONS
from ledger.audit.figures import NAMES, figures_of
from ledger.audit.page_speaker import LANGUAGES, Language
from ledger.audit.report_file import read_report
from ledger.core import canonical
from tests.audit.conftest import Ledger
from tests.audit.reports import Change, document, finding, gap, next_day, report, setting
from tests.support.ledger import make_record


def later(*changes: Change) -> Any:
    """A report of the next day."""
    return report(
        next_day,
        *changes,
        of=document,
    )


def plain(*changes: Change) -> Any:
    return report(*changes, of=document)


def test_the_same_bytes() -> None:
    found = compare(plain(finding("ack-late")), plain(finding("ack-late")))
    assert (found.relation, found.exit, found.same) == ("same-bytes", 0, 1)
    assert not (found.divergences or found.figures or found.new or found.gone)
    unread = compare(plain(gap("tiles-unreachable")), plain(gap("tiles-unreachable")))
    assert (unread.relation, unread.exit, unread.uncertain) == ("same-bytes", 0, False)


def test_a_day_on_which_nothing_happened() -> None:
    found = compare(plain(), later())
    assert (found.relation, found.exit, found.swapped) == ("later", 0, False)
    turned = compare(later(), plain())
    assert (turned.exit, turned.swapped) == (0, True)
    assert turned.a.block[0] < turned.b.block[0]


def test_a_day_on_which_things_grew() -> None:
    """What grows as it may is no divergence."""
    found = compare(
        plain(),
        later(
            setting("logs.0.size", 160),
            setting("logs.0.entriesRead", 160),
            setting("logs.0.root", "99" * 32),
            setting("status.count", 8),
            setting("status.head", "99" * 32),
            setting("status.records.0.version", 3),
            setting("status.records.0.history", "99" * 32),
            setting("counts.acts", 8),
            setting("threshold", 2),
        ),
    )
    assert (found.exit, found.divergences) == (1, [])
    assert found.figures == [
        {"figure": "acts", "member": "", "a": 7, "b": 8},
        {"figure": "entries", "member": "110000", "a": 100, "b": 160},
    ]


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("gas", {"gas"}),
        ("cases", {"cases:granted"}),
        ("statements", {"statements", "opened"}),
        ("stages", {"stage-late:repair-decide"}),
        ("service", {"ack-longest", "anchor-gap", "promise-late", "untrue"}),
    ],
)
def test_what_one_did_not_count_has_not_changed(part: str, names: set[str]) -> None:
    """It is unknown there, and not 0; both counting, it is compared as ever."""
    whole, without = report(next_day), report(lambda made: made.pop(part))
    for a, b in ((without, whole), (report(), report(next_day, lambda made: made.pop(part)))):
        assert not names & {one["figure"] for one in compare(a, b).figures}
    assert names <= {name for name, _ in figures_of(whole)}


def test_gas_that_both_counted_is_compared() -> None:
    more = report(next_day, setting("gas.0.anchors", 1_000_000))
    [told] = compare(report(), more).figures
    assert (told["figure"], told["member"], told["b"] - told["a"]) == ("gas", "110000", 100_000)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda made: [log.pop("timely") for log in made["logs"]], "late"),
        (lambda made: [one.pop("promises") for one in made["service"]], "promise-late"),
    ],
)
def test_figures_that_older_reports_lack(change: Change, name: str) -> None:
    found = compare(report(change), report(next_day))
    assert name not in {one["figure"] for one in found.figures}


@pytest.mark.parametrize(
    ("chain", "value"), [("network.chainId", 1), ("network.consortium", "0x" + "00" * 20)]
)
def test_two_networks_are_not_compared(chain: str, value: Any) -> None:
    with pytest.raises(OtherNetwork):
        compare(plain(), later(setting(chain, value)))


@pytest.mark.parametrize(
    ("code", "where", "changes"),
    [
        ("log-differs", "log/", [setting("logs.1.root", "99" * 32)]),
        ("log-shrank", "log/", [setting("logs.1.size", 299)]),
        ("part-gone", "log/", [lambda made: made["logs"].pop()]),
        ("part-gone", "members/140000", [lambda made: made["members"].pop()]),
        ("part-gone", "keys/140000", [lambda made: made["keys"].pop()]),
        ("part-gone", "votes/", [setting("votes", [])]),
        ("part-gone", "catalogue/penalty", [setting("catalogue.0.version", 2)]),
        ("acts-differ", "status", [setting("status.count", 6)]),
        ("acts-differ", "status", [setting("status.head", "99" * 32)]),
        ("record-differs", "record/", [setting("status.records", [])]),
        ("record-differs", "record/", [setting("status.records.0.version", 1)]),
        ("record-differs", "record/", [setting("status.records.0.history", "99" * 32)]),
    ],
)
def test_what_never_changes_afterwards(code: str, where: str, changes: list[Change]) -> None:
    """On another day, and with something unread beside: it is a divergence whatever was read."""
    found = compare(plain(), later(*changes))
    assert [one.code for one in found.divergences] == [code]
    assert found.divergences[0].where.startswith(where)
    assert found.exit == 1
    assert compare(plain(), later(*changes, gap("tiles-unreachable"))).exit == 1
    assert compare(plain(), later(*changes, gap("events-missing"))).exit == 4


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("threshold", setting("threshold", 2)),
        ("chair", setting("chair", "120000")),
        ("members", setting("members.0.status", 2)),
        ("keys", setting("keys.0.notAfter", 1)),
        ("votes", setting("votes.0.kind", 1)),
        ("catalogue", setting("catalogue.0.visibility", 1)),
        ("contracts", setting("contracts.0.block", 3)),
    ],
)
def test_one_block_says_one_thing(part: str, change: Change) -> None:
    found = compare(plain(), plain(change))
    assert [(one.code, one.where) for one in found.divergences] == [("chain-differs", part)]
    assert found.divergences[0].a != found.divergences[0].b
    assert found.exit == 1
    assert not compare(plain(), later(change)).divergences, "on another day it may"


def test_two_chains() -> None:
    found = compare(plain(), plain(setting("block.hash", "0x" + "ff" * 32)))
    assert (found.relation, found.exit) == ("other-hash", 1)
    assert [one.code for one in found.divergences] == ["block-differs"]


def test_findings_at_one_block() -> None:
    """Who reads the same finds the same, but for what he was given beside."""
    found = compare(plain(), plain(finding("ack-late")))
    assert [one.code for one in found.divergences] == ["findings-differ"]
    for change in (finding("list-differs"), finding("record-left-out"), finding("draw-false")):
        assert not compare(plain(), plain(change)).divergences
    opened = compare(plain(), plain(finding("ack-late"), setting("cases", [])))
    assert (opened.divergences, opened.beside) == ([], {"cases": "b"})
    unread = compare(plain(), plain(finding("ack-late"), gap("tiles-missing")))
    assert (unread.divergences, unread.exit) == ([], 4)


def test_new_gone_changed_and_same() -> None:
    a = plain(
        finding("ack-late", "110000", "x", behind=1),
        finding("ack-late", "120000", "x", behind=1),
        finding("act-on-nothing", "110000", "y"),
        finding("same-person", "110000", "z", n=1),
        finding("same-person", "110000", "z", n=2),
    )
    b = later(
        finding("ack-late", "110000", "x", behind=1),
        finding("ack-late", "120000", "x", behind=2),
        finding("list-differs", "130000", "y"),
        finding("same-person", "110000", "z", n=2),
    )
    found = compare(a, b)
    assert [one["code"] for one in found.new] == ["list-differs"]
    assert [(one["code"], one["where"]) for one in found.gone] == [
        ("act-on-nothing", "y"),
        ("same-person", "z"),
    ]
    assert [one["evidence"] for one in found.changed] == [{"a": {"behind": 1}, "b": {"behind": 2}}]
    assert found.same == 2
    turned = compare(b, a)
    assert (turned.new, turned.gone, turned.same) == (found.new, found.gone, found.same)


@pytest.mark.parametrize("side", ["a", "b"])
def test_what_is_incomplete_leaves_open(side: str) -> None:
    unread = [gap("tiles-unreachable")]
    a = plain(finding("ack-late"), *(unread if side == "a" else ()))
    found = compare(a, later(*(unread if side == "b" else ())))
    assert (found.exit, found.uncertain) == (4, True)
    assert [one["code"] for one in found.gone] == ["ack-late"]


def test_two_days_of_a_real_ledger(ledger: Ledger) -> None:
    """What a day adds is no divergence; a log that was rewritten is one."""
    before = read_report(ledger.replay().encode())
    ledger.tianjin.put(make_record(ledger.tianjin, decided=date(2025, 10, 12)))
    ledger.tianjin.anchor()
    ledger.network.anvil.mine()
    after = read_report(ledger.replay().encode())
    found = compare(before, after)
    assert (found.exit, found.divergences) == (1, [])
    assert {"figure": "entries", "member": "120000", "a": 3, "b": 4} in found.figures
    assert compare(after, read_report(ledger.replay().encode())).relation == "same-bytes"


def test_every_figure_has_words() -> None:
    assert set(NAMES) == set(FIGURES)
    for name, _ in figures_of(report(finding("ack-late"))):
        assert name.partition(":")[0] in NAMES
    assert figure_words("finding:ack-late", "en") == "findings: ack-late"


def test_texts_in_both_languages() -> None:
    tables = (RELATIONS, BESIDE, FIGURES, COMPARED)
    for text in (one for table in tables for one in table.values()):
        assert set(text) == {"zh", "en"} and all(text.values())
    for code in DIVERGENCES.values():
        assert all(code.message[one] and code.remedy[one] for one in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_comparison(language: Language) -> None:
    hostile = "<script>alert(1)</script>"
    found = compare(
        plain(finding("same-person", hostile, hostile, why=hostile)),
        later(finding("ack-late"), setting("logs.1.root", hostile), setting("counts.acts", 9)),
    )
    told = body(found, language)
    assert "<script" not in told and "&lt;script&gt;" in told
    assert DIVERGENCES["log-differs"].message[language] in told
    assert "+2" in told
    assert RELATIONS["later"][language] in told
    same = body(compare(plain(), plain()), language)
    assert RELATIONS["same-bytes"][language] in same
    assert COMPARED["divergences-none"][language] in same


def test_a_comparison_is_bounded() -> None:
    def many(made: dict[str, Any]) -> None:
        one = made["findings"][0]
        made["findings"] = [{**one, "where": str(n)} for n in range(3 * MOST)]

    found = compare(plain(), later(finding("ack-late"), many))
    told = found.as_dict()
    assert len(told["findings"]["new"]) == MOST
    assert told["counts"]["new"] == 3 * MOST
    assert canonical.encode(told)
    assert len(body(found, "en")) < 500_000
