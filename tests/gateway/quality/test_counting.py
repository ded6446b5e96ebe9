"""Rows are counted in the transaction that stores them: once each, under whom they belong to."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.base.clock import Clock
from gateway.base.db import begin_read, begin_write
from gateway.base.policy import ALWAYS, Caller
from gateway.intake.interfaces import RowInput
from gateway.intake.texts import fault
from gateway.node import Node
from gateway.quality import store
from gateway.quality.models import quality_marks
from gateway.quality.store import NO_UNIT, Counting, Tally, counted
from ledger.records.keys import authority_key
from ledger.records.quality import Counts, Period
from ledger.records.schema import load
from tests.acceptance.independent import uscc
from tests.gateway.intake.material import OF_BEIJING, count, new_token, row
from tests.gateway.quality.conftest import NOW, SEED
from tests.records.examples import SUBJECT, good
from tests.support import child
from tests.support.callers import CENTRE
from tests.support.node import make_test_node

THEIRS = uscc(8, start="11110106MA")
MONTH = Period.parse("2026-11")
TODAY = date(2026, 11, 23)


def of(node: Node, *codes: str) -> Caller:
    """A department with these authorities."""
    new_token(node, authorities=codes)
    marks = {node.hmac.authority(authority_key(code=code)): [ALWAYS] for code in codes}
    return Caller(
        id=3,
        name="市监局",
        scopes=frozenset({"submit"}),
        department="市监局",
        authorities=frozenset(codes),
        marks=marks,
    )


def send(node: Node, *rows: RowInput, caller: Caller = CENTRE) -> list[str]:
    return [item.verdict for item in node.intake.submit_set(caller=caller, rows=rows).rows]


def month(node: Node) -> dict[tuple[str, str], Counts]:
    with begin_read(node.ctx.engine) as connection:
        return {(row.unit, row.type): row for row in counted(connection, MONTH)}


def of_penalties(node: Node, unit: str = OF_BEIJING) -> Counts:
    return month(node)[unit, "penalty"]


def test_what_is_accepted_and_whether_in_time(node: Node) -> None:
    in_time = {"CF_JDRQ": "2026-11-20", "CF_GSJZQ": "2027-11-20", "CF_YXQ": "2027-11-20"}
    assert send(node, row(1), row(2, None, **in_time), row(3, None, **in_time)) == ["accepted"] * 3
    found = of_penalties(node)
    assert (found.received, found.conforming, found.refused) == (3, 3, 0)
    assert found.timely == {"yes": 2, "no": 1}


def test_a_type_without_a_time_limit_has_no_figures_of_it(node: Node) -> None:
    fields = good(load("administrative-coercion"))
    assert send(node, RowInput(row=1, type="administrative-coercion", fields=fields)) == [
        "accepted"
    ]
    ((_, type_),) = month(node)
    (found,) = month(node).values()
    assert (type_, found.conforming, found.timely) == ("administrative-coercion", 1, {})


def test_a_type_that_nobody_knows(node: Node) -> None:
    send(node, RowInput(row=1, type="nothing", fields={}))
    assert month(node)[NO_UNIT, "other"].rejected == {"type-not-in-catalogue": 1}


def test_what_is_sent_again_is_a_duplicate_and_not_received_again(node: Node) -> None:
    send(node, row(1), row(2))
    assert send(node, row(1), row(2), row(1)) == ["duplicate"] * 3
    found = of_penalties(node)
    assert (found.received, found.conforming, found.duplicates) == (2, 2, 3)


def test_a_refused_row_that_comes_again_unchanged_is_counted_once_a_month(node: Node) -> None:
    bad = {"CF_NR_FK": None, "CF_SY": None}
    for _ in range(3):
        assert send(node, row(1, None, **bad), row(2)) in (
            ["rejected", "accepted"],
            ["rejected", "duplicate"],
        )
    found = of_penalties(node)
    assert found.rejected == {"required": 1}  # by the code of its first column
    assert (found.received, found.conforming) == (2, 1)
    # Put right, it is another row: the platform counts both.
    assert send(node, row(1)) == ["accepted"]
    assert (of_penalties(node).received, of_penalties(node).conforming) == (3, 2)


def test_a_refused_row_is_the_same_in_every_spelling(node: Node) -> None:
    new_token(node, authorities=[OF_BEIJING])
    bad: dict[str, Any] = {
        "CF_XDR_SHXYM": "91110000600037341X",
        "CF_CFLB": ["警告", "罚款"],
        "CF_NR_FK": "0.2",
    }
    plain = row(1, **bad)
    named = {**plain.fields, "备注": "", "其他列": "x"}
    number = named.pop("CF_WSH")
    spellings = [
        {**plain.fields, "CF_CFLB": "警告；罚款"},
        {**plain.fields, "CF_CFLB": ["警告;罚款"], "BZ": ""},
        {**plain.fields, "CF_NR": f" {plain.fields['CF_NR']} "},
        {**named, "行政处罚决定书文号": number},
    ]
    others = [RowInput(row=1, type="penalty", schema="1", fields=each) for each in spellings]
    for each in (plain, *others):
        assert send(node, each) == ["rejected"]
    assert of_penalties(node).refused == 1
    send(node, row(2, **bad))
    assert of_penalties(node).refused == 2


def test_an_excepted_authority_has_its_refused_rows(tmp_path: Path) -> None:
    code = "121101050000000000"
    file = tmp_path / "exceptions.json"
    entry = {"code": code, "reason": "试点赋码", "source": "证书"}
    tree = {"_type": "credit-ledger/uscc-exceptions@1", "exceptions": [entry]}
    file.write_text(json.dumps(tree), "utf-8")
    node = make_test_node(tmp_path, now=NOW, uscc_exceptions_file=file)
    fields = {**row(2, CF_SY=None).fields, "处罚机关统一社会信用代码": OF_BEIJING}
    named = RowInput(row=None, type="penalty", fields={**fields, "CF_CFJGDM": None})
    assert send(node, row(5, CF_CFJGDM=code), row(6)) == ["accepted"] * 2  # both are known
    assert send(node, row(1, CF_CFJGDM=code, CF_SY=None), named) == ["rejected"] * 2
    assert of_penalties(node, code).refused == 1
    assert of_penalties(node).refused == 1  # under another name of the column too
    node.close()


def test_the_next_month_counts_it_anew(node: Node) -> None:
    new_token(node, authorities=[OF_BEIJING])
    send(node, row(1, CF_SY=None))
    node.ctx.clock = Clock(datetime(2026, 12, 1, 0, 30, tzinfo=UTC))
    send(node, row(1, CF_SY=None))
    with begin_read(node.ctx.engine) as connection:
        (december,) = counted(connection, Period.parse("2026-12"))
    assert december.refused == of_penalties(node).refused == 1


def test_rows_that_cannot_be_read_are_counted_each_time(node: Node) -> None:
    torn = RowInput(row=1, type="", fields={}, fault=fault("json-malformed"))
    send(node, torn, torn)
    send(node, torn)
    assert month(node)[NO_UNIT, "other"].rejected == {"schema-invalid": 3}


def test_a_conflict_is_refused_by_its_code(node: Node) -> None:
    send(node, row(1))
    for _ in range(2):
        assert send(node, row(1, CF_SY="另一事实")) == ["conflict"]
    found = of_penalties(node)
    assert found.rejected == {"document-number-in-use": 1}
    assert (found.received, found.conforming) == (2, 1)


def test_wrong_codes_of_subjects(node: Node) -> None:
    new_token(node, authorities=[OF_BEIJING])
    send(
        node,
        row(1, CF_XDR_SHXYM="91110000600037341X"),
        row(2, CF_XDR_SHXYM="9111"),
        row(3, CF_CFJGDM="9111"),  # of the authority: wrong too, but no wrong subject
    )
    assert of_penalties(node).wrong_codes == 2
    assert month(node)[NO_UNIT, "penalty"].wrong_codes == 0


def test_nobody_spoils_the_figures_of_another(node: Node) -> None:
    ours, theirs = of(node, OF_BEIJING), of(node, THEIRS)
    assert send(node, row(1), caller=theirs) == ["rejected"]
    assert send(node, row(1, CF_SY=None), caller=theirs) == ["rejected"]
    assert send(node, row(1), caller=ours) == ["accepted"]
    assert of_penalties(node).rejected == {}
    assert of_penalties(node, THEIRS).rejected == {"authority-not-yours": 1, "required": 1}


def test_what_names_no_authority_is_its_senders(node: Node) -> None:
    bad = row(1, CF_CFJGDM="9111")
    send(node, bad, caller=of(node, OF_BEIJING, THEIRS))
    send(node, bad)
    assert of_penalties(node, min(OF_BEIJING, THEIRS)).refused == 1
    assert of_penalties(node, NO_UNIT).refused == 1


def test_a_firm_in_the_wrong_column_is_never_published_as_a_unit(node: Node) -> None:
    """But where an operator has given the code to a token, as of a court or a rating agency."""
    firm = row(1, CF_CFJGDM=SUBJECT)
    assert send(node, firm, row(2, CF_CFJGDM=SUBJECT, CF_SY=None)) == ["accepted", "rejected"]
    assert set(month(node)) == {(NO_UNIT, "penalty")}
    send(node, row(3, CF_CFJGDM=SUBJECT), caller=of(node, SUBJECT))
    assert of_penalties(node, SUBJECT).conforming == 1


def test_until_when_a_unit_has_supplied(node: Node) -> None:
    """The last day of an accepted row; refused ones and older days do not count."""
    assert send(node, row(1)) == ["accepted"]
    with begin_read(node.ctx.engine) as connection:
        assert store.supplied(connection, TODAY) == {OF_BEIJING: TODAY}
        assert store.supplied(connection, TODAY + timedelta(days=1)) == {}


def test_a_set_that_is_undone_is_not_counted(node: Node) -> None:
    def keep(*_: object) -> None:
        raise RuntimeError("what must be stored beside it is not")

    try:
        node.intake.submit_set(caller=CENTRE, rows=[row(1), row(2, CF_SY=None)], keep=keep)
    except RuntimeError:
        pass
    assert month(node) == {}
    assert count(node, quality_marks) == 0


KILLED = """
import sys
from pathlib import Path
from tests.gateway.intake.material import row
from tests.gateway.quality.conftest import NOW, SEED
from tests.support.callers import CENTRE
from tests.support.node import make_test_node
node = make_test_node(Path(sys.argv[1]), seed=SEED, now=NOW)
node.intake.submit_set(caller=CENTRE, rows=[row(1), row(2, CF_SY=None)])
"""


def test_killed_before_the_commit_and_sent_again(tmp_path: Path) -> None:
    assert child.run(KILLED, str(tmp_path), crash_at="intake.stored:before") == child.KILLED
    node = make_test_node(tmp_path, seed=SEED, now=NOW)
    send(node, row(1), row(2, CF_SY=None))
    assert (of_penalties(node).received, of_penalties(node).conforming) == (2, 1)
    node.close()


def test_two_gateways_and_threads_count_exactly(tmp_path: Path) -> None:
    """Each sends all rows, good and bad, in sets of its own order: every row counts once."""
    nodes = [make_test_node(tmp_path, seed=SEED, now=NOW) for _ in range(2)]
    start = threading.Barrier(4)

    def work(at: int) -> None:
        start.wait()
        numbers = list(range(40))
        numbers = numbers[at * 10 :] + numbers[: at * 10]
        for first in range(0, 40, 8):
            part = numbers[first : first + 8]
            send(nodes[at % 2], *(row(n, CF_SY=None) if n % 4 == 0 else row(n) for n in part))

    threads = [threading.Thread(target=work, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = of_penalties(nodes[0])
    assert (found.conforming, found.refused, found.duplicates) == (30, 10, 90)
    for node in nodes:
        node.close()


def test_units_beyond_what_one_day_may_have_count_as_none(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_UNITS", 2)
    counting = Counting()
    for names in (["A" * 18, "B" * 18], ["C" * 18, "A" * 18]):
        tally = Tally()
        for name in names:
            tally.counts[name, "penalty", store.ACCEPTED] += 1
            tally.refused[name, name[:16].encode()] = store.Refusal("penalty", "required", False)
        with begin_write(node.ctx.engine) as connection:
            counting.put(connection, tally, TODAY)
    found = month(node)
    assert found["A" * 18, "penalty"].conforming == 2
    assert found[NO_UNIT, "penalty"].conforming == found[NO_UNIT, "penalty"].refused == 1
    assert ("C" * 18, "penalty") not in found


def test_a_body_of_which_nobody_has_a_record_is_no_unit(node: Node) -> None:
    """A token that files for all may name any code in rows that are refused."""
    made_up = uscc(31, start="11110107MA")
    send(node, row(1, CF_CFJGDM=made_up, CF_WFXW=""), row(2))
    found = month(node)
    assert ("", "penalty") in found and (made_up, "penalty") not in found
    send(node, row(3, CF_CFJGDM=made_up))
    assert month(node)[made_up, "penalty"].refused == 1, "told from then on"


def test_a_document_holds_so_many_units_as_may_be(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PUBLISHED_ROWS", 1)
    many, few = uscc(31, start="11110107MA"), uscc(32, start="11110107MA")
    send(node, row(1, CF_CFJGDM=few), *(row(n, CF_CFJGDM=many) for n in (2, 3)))
    found = month(node)
    assert {unit for unit, _ in found} == {"", many}
    assert sum(counts.conforming for counts in found.values()) == 3
