"""Sets of rows: what is accepted, what is answered, what is stored."""

import dataclasses
import hashlib
import json
from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.errors import NotReady
from gateway.chain.interfaces import YEAR, RecordType
from gateway.intake.interfaces import MAX_SET, RowInput, SetAnswer
from gateway.intake.judging import BOUND
from gateway.log.models import entries, promises
from gateway.node import Node
from gateway.records.models import contents, records
from gateway.records.store import WITH_KEYS
from gateway.sealing.models import content_keys
from ledger.core.commitment import Header, commit
from ledger.core.ids import LogId, record_id
from ledger.core.keys import Purpose, Role
from ledger.records import rules as rules_files
from ledger.records.publicity import rules_id
from ledger.records.remarks import FieldError
from ledger.records.schema import all_schemas, load
from tests.acceptance.independent import uscc
from tests.gateway.intake.material import (
    OF_BEIJING,
    OTHER_SUBJECT,
    check_promise,
    count,
    pending_entries,
    row,
    stored,
)
from tests.records.examples import good, old_penalty
from tests.support.callers import CENTRE, of
from tests.support.erasing import erase
from tests.support.node import FORKED, LOG_ID, MEMBER, make_facts, without


def submit(node: Node, *rows: RowInput) -> SetAnswer:
    return node.intake.submit_set(caller=of("市监局"), rows=rows)


def verdicts(answer: SetAnswer) -> list[str]:
    return [item.verdict for item in answer.rows]


def test_accepts_a_set_and_promises_its_leaves_in_order(node: Node) -> None:
    answer = submit(node, *(row(n, at=n) for n in range(1, 8)))
    assert verdicts(answer) == ["accepted"] * 7
    leaves = [item.leaf or "" for item in answer.rows]
    assert len(set(leaves)) == 7
    assert answer.promise is not None
    check_promise(node, answer.promise.as_dict(), leaves)
    assert answer.promise.issued_at == node.ctx.clock.seconds()
    assert answer.promise.due == node.ctx.clock.seconds() + node.ctx.settings.log.promise_due
    found = pending_entries(node)
    commitments = [bytes.fromhex(json.loads(found[leaf])["commitment"]) for leaf in leaves]
    assert [item.record_id for item in answer.rows] == [
        record_id(LOG_ID, commitment).hex() for commitment in commitments
    ]
    assert node.ctx.signals.promised.is_set()
    assert (count(node, records), count(node, entries), count(node, promises)) == (7, 7, 1)


def test_the_leaf_commits_to_what_is_stored(node: Node) -> None:
    """Rebuilt from the sealed content alone."""
    answer = submit(node, row(CF_CFLB="警告;罚款", CF_NR_FK="0.20"))
    leaf = answer.rows[0].leaf or ""
    content, entry = stored(node)[leaf], pending_entries(node)[leaf]
    assert hashlib.sha256(b"\0" + entry).hexdigest() == leaf
    schema = load("penalty")
    header = Header(
        class_=None,
        decided=date(2026, 5, 1),
        iss=MEMBER,
        log=LogId(LOG_ID),
        rules=content.rules,
        schema=f"penalty@1:{schema.sha256}",
        until=date.fromisoformat(content.until) if content.until else None,
    )
    assert content.rules == rules_id()
    made = commit(schema.slots, content.fields, content.secret, header)
    assert json.loads(entry) == {
        "_type": "credit-ledger/entry@1",
        "commitment": made.digest.hex(),
        "kind": "record",
        "log": LOG_ID.hex(),
        "period": "2026-05",
        "schema": "penalty@1",
        "suite": "sha256",
        "timely": "no",
    }
    assert content.fields["CF_CFLB"] == ["警告", "罚款"]
    assert content.fields["CF_NR_FK"] == "0.2"


def test_every_record_has_a_secret_of_its_own(node: Node) -> None:
    submit(node, row(1), row(2))
    secrets = {content.secret for content in stored(node).values()}
    assert len(secrets) == 2
    assert all(len(secret) == 32 for secret in secrets)


def test_period_is_a_year_where_the_catalogue_says_so(node: Node) -> None:
    _with_types(node, granularity=YEAR)
    leaf = submit(node, row()).rows[0].leaf or ""
    assert json.loads(pending_entries(node)[leaf])["period"] == "2026"


@pytest.mark.parametrize(
    ("decided", "timely", "note"),
    [
        ("2026-11-23", "yes", None),
        ("2026-11-12", "yes", None),  # the seventh working day after it is 23 November
        ("2026-11-11", "no", "late"),
    ],
)
def test_timely_by_the_working_days_of_the_promise(
    node: Node, decided: str, timely: str, note: str | None
) -> None:
    answer = submit(node, row(CF_JDRQ=decided)).rows[0]
    assert json.loads(pending_entries(node)[answer.leaf or ""])["timely"] == timely
    assert [item.code for item in answer.notes] == ([note] if note else [])
    assert all(item.field == "CF_JDRQ" for item in answer.notes)


def test_timely_unknown_where_the_year_has_no_calendar(node: Node) -> None:
    node.ctx.clock = dataclasses.replace(
        node.ctx.clock, fixed=node.ctx.clock.now().replace(year=2027)
    )
    answer = submit(node, row(CF_JDRQ="2027-11-20", CF_YXQ="2028-11-20")).rows[0]
    assert answer.verdict == "accepted"
    assert [item.code for item in answer.notes] == ["timeliness-unknown"]
    assert json.loads(pending_entries(node)[answer.leaf or ""])["timely"] == "unknown"


def test_timely_is_said_only_of_what_must_be_in_time(node: Node) -> None:
    """Licences and penalties, in all their editions."""
    fields = old_penalty()
    answer = submit(node, RowInput(row=1, type="penalty-2015", fields=fields)).rows[0]
    assert json.loads(pending_entries(node)[answer.leaf or ""])["timely"] == "no"
    bound = {schema.name for schema in all_schemas() if schema.family in BOUND}
    assert bound == {"licence", "penalty", "penalty-2015"}
    for n, schema in enumerate(all_schemas()):
        if schema.name in bound or schema.natural_person:
            continue
        item = RowInput(row=n, type=schema.name, fields=good(schema))
        found = submit(node, item).rows[0]
        assert found.verdict == "accepted", (schema.name, found.errors)
        assert json.loads(pending_entries(node)[found.leaf or ""])["timely"] == "unknown"
        assert {"late", "timeliness-unknown"}.isdisjoint(note.code for note in found.notes)


def test_timely_is_not_said_of_what_was_decided_before_the_node_went_live(node: Node) -> None:
    live = node.ctx.settings.node.model_copy(update={"go_live": date(2026, 11, 20)})
    node.ctx.settings = node.ctx.settings.model_copy(update={"node": live})
    for n, (decided, timely) in enumerate([("2026-11-19", "unknown"), ("2026-11-20", "yes")]):
        answer = submit(node, row(n, CF_JDRQ=decided)).rows[0]
        assert json.loads(pending_entries(node)[answer.leaf or ""])["timely"] == timely
        assert not answer.notes


@pytest.mark.parametrize(
    ("block_time", "decided", "code"),
    [
        ("2026-11-23T23:59:58", "2026-11-24", "date-in-future"),
        ("2026-11-23T23:59:58", "2026-11-23", None),
        ("2026-11-24T00:00:00", "2026-11-24", None),
        ("2026-11-25T00:00:00", "2026-11-25", "date-in-future"),
        ("2026-11-01T00:00:00", "2026-11-24", "date-in-future"),
        ("2026-11-01T00:00:00", "2026-11-23", None),
    ],
)
def test_no_day_of_decision_after_that_of_the_chain(
    node: Node, block_time: str, decided: str, code: str | None
) -> None:
    """Our clock: two seconds past midnight. A verifier judges by the time of the anchor."""
    node.ctx.clock = dataclasses.replace(
        node.ctx.clock, fixed=datetime.fromisoformat("2026-11-24T00:00:02+08:00")
    )
    head = int(datetime.fromisoformat(block_time + "+08:00").timestamp())
    node.chain.put(make_facts(node.signing.keys, block_time=head))
    assert submit(node, row(CF_JDRQ=decided)).rows[0].as_dict()["code"] == code


def test_a_chain_that_stands_still_keeps_no_record_out(node: Node) -> None:
    assert submit(node, row(CF_JDRQ="2026-11-23")).rows[0].verdict == "accepted"


def test_the_same_record_twice_is_a_duplicate(node: Node) -> None:
    first = submit(node, row(1), row(2))
    again = submit(node, row(2, at=9))
    assert verdicts(again) == ["duplicate"]
    assert again.promise is None
    assert again.rows[0].leaf == first.rows[1].leaf
    assert again.rows[0].record_id == first.rows[1].record_id
    assert (first.rows[1].covered, again.rows[0].covered) == ((None, 1), (1, 1))
    assert again.rows[0].as_dict(3)["promise"] is None
    assert count(node, records) == 2


def test_a_changed_record_is_a_conflict_that_names_the_changes(node: Node) -> None:
    first = submit(node, row(1, CF_NR_FK="0.2", CF_CFLB="罚款"))
    changed = submit(node, row(1, CF_NR_FK="0.3", CF_CFLB=["罚款"], CF_SY=None, BZ="补"))
    assert verdicts(changed) == ["rejected"]  # CF_SY is required
    changed = submit(node, row(1, CF_NR_FK="0.3", CF_CFLB=["罚款"], BZ="补"))
    answer = changed.rows[0]
    assert answer.verdict == "conflict"
    assert answer.changed == ("CF_NR_FK", "BZ")
    assert answer.leaf == first.rows[0].leaf
    shown = answer.as_dict()
    assert (shown["field"], shown["code"]) == ("CF_WSH", "document-number-in-use")
    assert set(shown["message"]) == {"zh", "en"}
    assert count(node, records) == 1


def test_another_class_is_a_change(node: Node) -> None:
    submit(node, row(1))
    answer = submit(node, dataclasses.replace(row(1), class_="minor")).rows[0]
    assert (answer.verdict, answer.changed) == ("conflict", ("class",))


def test_repeats_within_a_set_are_judged_in_order(node: Node) -> None:
    answer = submit(
        node,
        row(1, at=1),
        row(1, at=2),
        row(1, at=3, CF_SY="另一事实"),
        row(2, at=4),
        row(1, at=5),
    )
    assert verdicts(answer) == ["accepted", "duplicate", "conflict", "accepted", "duplicate"]
    first = answer.rows[0]
    for item in (answer.rows[1], answer.rows[2], answer.rows[4]):
        assert (item.leaf, item.record_id, item.covered) == (
            first.leaf,
            first.record_id,
            first.covered,
        )
    assert answer.rows[2].changed == ("CF_SY",)
    assert answer.promise is not None
    leaves = [item.leaf or "" for item in answer.rows if item.verdict == "accepted"]
    check_promise(node, answer.promise.as_dict(), leaves)


@pytest.mark.parametrize("number_form", ["样市监罚[2026]1号", " 样市监罚（2026）１号 "])
def test_the_key_folds_brackets_and_width(node: Node, number_form: str) -> None:
    submit(node, row(1))
    answer = submit(node, row(1, CF_WSH=number_form, BZ="补"))
    assert verdicts(answer) == ["conflict"]


def test_one_decision_about_two_subjects_is_two_records(node: Node) -> None:
    first = submit(node, row(1, CF_JDRQ="2026-11-20"))
    assert not first.rows[0].notes
    other = submit(node, row(1, CF_JDRQ="2026-11-20", CF_XDR_SHXYM=OTHER_SUBJECT)).rows[0]
    assert other.verdict == "accepted"
    assert [(note.field, note.code) for note in other.notes] == [
        ("CF_WSH", "document-number-shared")
    ]
    same_set = submit(
        node,
        row(5, CF_JDRQ="2026-11-20"),
        row(5, CF_JDRQ="2026-11-20", CF_XDR_SHXYM=OTHER_SUBJECT),
    )
    assert [len(item.notes) for item in same_set.rows] == [0, 1]


def test_another_authority_is_another_record_without_a_note(node: Node) -> None:
    submit(node, row(1, CF_JDRQ="2026-11-20"))
    other = uscc(8, start="11110105MA")
    answer = submit(node, row(1, CF_JDRQ="2026-11-20", CF_CFJGDM=other)).rows[0]
    assert (answer.verdict, answer.notes) == ("accepted", ())


def test_an_authority_of_another_region_is_noted(node: Node) -> None:
    """The file may have been sent to the wrong node; a national authority belongs to none, and
    then it matters which way the record came."""
    away, national = uscc(8, start="11120105MA"), uscc(8, start="11100000MA")
    rows = [
        row(n, CF_JDRQ="2026-11-20", CF_CFJGDM=code)
        for n, code in enumerate((OF_BEIJING, away, national), 1)
    ]
    noted = [[(note.field, note.code) for note in one.notes] for one in submit(node, *rows).rows]
    asked = ("CL_ORIGIN", "origin-missing")
    assert noted == [[], [("CF_CFJGDM", "authority-elsewhere")], [asked]]
    told = row(8, CF_JDRQ="2026-11-20", CF_CFJGDM=national, CL_ORIGIN="vertical")
    assert submit(node, told).rows[0].notes == ()
    node.chain.put(make_facts(node.signing.keys, region="", member="demo-bureau"))
    assert submit(node, row(9, CF_JDRQ="2026-11-20", CF_CFJGDM=away)).rows[0].notes == ()


def test_bad_rows_stop_nothing(node: Node) -> None:
    broken = RowInput(
        row=3, type="", fields={}, fault=FieldError(None, "schema-invalid", {"zh": "", "en": ""})
    )
    answer = submit(node, row(1), row(2, CF_NR_FK="-1"), broken, row(3))
    assert verdicts(answer) == ["accepted", "rejected", "rejected", "accepted"]
    assert answer.rows[1].as_dict()["field"] == "CF_NR_FK"
    assert (answer.rows[1].leaf, answer.rows[1].covered) == (None, None)
    assert count(node, records) == 2


def test_all_rejected_leaves_no_trace(node: Node) -> None:
    answer = submit(node, row(CF_SY=None))
    assert answer.promise is None
    assert (count(node, records), count(node, promises)) == (0, 0)
    assert not node.ctx.signals.promised.is_set()


def test_an_empty_set(node: Node) -> None:
    assert submit(node) == SetAnswer(rows=[], promise=None)


def test_too_large_a_set_is_the_callers_mistake(node: Node) -> None:
    with pytest.raises(ValueError, match="at most 4096"):
        node.intake.submit_set(caller=CENTRE, rows=[row()] * (MAX_SET + 1))


def test_natural_persons_are_refused(node: Node) -> None:
    answer = submit(node, row(CF_XDR_LB="自然人"))
    assert answer.rows[0].as_dict()["code"] == "natural-person"


def test_identity_documents_are_dropped_before_anything_is_made_of_them(node: Node) -> None:
    """Also from the fingerprint: with another number it is the same record."""
    one = submit(node, row(1, CF_FR_ZJLX="身份证", CF_FR_ZJHM="110101199003077731"))
    two = submit(node, row(1, CF_FR_ZJLX="身份证", CF_FR_ZJHM="110101199003077732"))
    assert (verdicts(one), verdicts(two)) == (["accepted"], ["duplicate"])
    assert "person-id-dropped" in [note.code for note in one.rows[0].notes]
    content = next(iter(stored(node).values()))
    assert not {"CF_FR_ZJLX", "CF_FR_ZJHM"} & content.fields.keys()


def test_what_is_not_there_is_not_corrected(node: Node) -> None:
    answer = submit(node, dataclasses.replace(row(1), corrects="00" * 32)).rows[0]
    assert answer.verdict == "rejected"
    assert [(error.field, error.code) for error in answer.errors] == [
        ("CL_CORRECTS", "correction-not-available")
    ]
    both = submit(node, dataclasses.replace(row(1, CF_SY=None), corrects="00" * 32)).rows[0]
    assert both.as_dict()["field"] == "CF_SY"


def _with_rules(node: Node, **change: Any) -> None:
    facts = make_facts(node.signing.keys)
    rules = tuple(dataclasses.replace(item, **change) for item in facts.rules)
    node.chain.put(dataclasses.replace(facts, rules=rules))


def test_the_rules_are_those_in_force(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the newest that we hold: others judge by what the chain says."""
    held = rules_files.newest()
    newer = dataclasses.replace(
        held, version=2, sha256=rules_files.RulesHash("ab" * 32), sets=(), kinds=(None,), named=()
    )
    both = {rules.sha256: rules for rules in (held, newer)}
    monkeypatch.setattr(rules_files, "_by_hash", lambda: both)
    first = submit(node, row(1)).rows[0].leaf or ""
    _with_rules(node, version=2, content_hash=newer.sha256)
    second = submit(node, row(2)).rows[0].leaf or ""
    found = stored(node)
    assert (found[first].rules, found[second].rules) == (held.id, newer.id)


def test_a_member_that_is_no_province_takes_no_records(node: Node) -> None:
    node.chain.put(
        make_facts(node.signing.keys, roles=int(Role.BUREAU | Role.INSTITUTION), rules=())
    )
    answer = submit(node, row(1), row(2, CF_SY=None), RowInput(row=3, type="x", fields={}))
    assert [item.as_dict()["code"] for item in answer.rows] == ["not-a-province"] * 3
    assert (answer.promise, count(node, records)) == (None, 0)
    node.chain.put(make_facts(node.signing.keys, roles=int(Role.PROVINCE | Role.BUREAU)))
    assert verdicts(submit(node, row(1))) == ["accepted"]


class TestCatalogueGate:
    def refused(self, node: Node, item: RowInput) -> bool:
        answer = submit(node, item).rows[0]
        return [(error.field, error.code) for error in answer.errors] == [
            (None, "type-not-in-catalogue")
        ]

    def test_unknown_type(self, node: Node) -> None:
        assert self.refused(node, RowInput(row=1, type="gossip", fields={}))
        assert self.refused(node, RowInput(row=1, type="x" * 10_000, fields={}))

    def test_unknown_version(self, node: Node) -> None:
        assert self.refused(node, dataclasses.replace(row(), schema="2"))
        assert self.refused(node, dataclasses.replace(row(), schema="01"))
        assert submit(node, dataclasses.replace(row(), schema="1")).rows[0].verdict == "accepted"

    def test_of_another_region(self, node: Node) -> None:
        _with_types(node, region="120000")
        assert self.refused(node, row())
        _with_types(node, region=MEMBER)
        assert not self.refused(node, row())

    def test_other_schema_file(self, node: Node) -> None:
        _with_types(node, content_hash="00" * 32)
        assert self.refused(node, row())

    def test_judged_at_the_instant_of_submission(self, node: Node) -> None:
        now = node.ctx.clock.seconds()
        for since, until, refused in (
            (now + 1, 0, True),
            (now, 0, False),
            (0, now, True),
            (0, now + 1, False),
        ):
            _with_types(node, since=since, until=until)
            assert self.refused(node, row(since + until)) is refused

    def test_types_of_one_family_share_their_keys(self, node: Node) -> None:
        """The template of 2015 names its authority by name, so the keys differ all the same."""
        old = RowInput(row=1, type="penalty-2015", fields=old_penalty())
        assert submit(node, old).rows[0].verdict == "accepted"
        assert submit(node, old).rows[0].verdict == "duplicate"


class TestNotReady:
    def refused(self, node: Node, code: str) -> None:
        with pytest.raises(NotReady) as caught:
            submit(node, row())
        assert caught.value.code == code
        assert count(node, records) == 0

    def test_member_suspended(self, node: Node) -> None:
        node.chain.put(make_facts(node.signing.keys, active=False))
        self.refused(node, "member-suspended")

    def test_no_rules_in_force(self, node: Node) -> None:
        node.chain.put(make_facts(node.signing.keys, rules=()))
        self.refused(node, "rules-not-in-force")

    @pytest.mark.parametrize(
        "change",
        [
            {"content_hash": "00" * 32},
            {"version": 2},
            {"name": "stages"},
            {"region": "120000"},
            {"since": 2**40},
            {"until": 1},
        ],
    )
    def test_other_rules_in_force_than_those_we_hold(
        self, node: Node, change: dict[str, Any]
    ) -> None:
        _with_rules(node, **change)
        self.refused(node, "rules-not-in-force")

    def test_no_open_log(self, node: Node) -> None:
        node.chain.put(make_facts(node.signing.keys, logs=()))
        self.refused(node, "no-open-log")

    def test_fault(self, node: Node) -> None:
        node.ctx.health.note(LOG_ID, FORKED)
        self.refused(node, "log-fault")

    def test_anchor_key_outside_its_window(self, node: Node) -> None:
        facts = make_facts(node.signing.keys)
        old = tuple(
            dataclasses.replace(key, not_after=node.ctx.clock.seconds() - 1) for key in facts.keys
        )
        node.chain.put(dataclasses.replace(facts, keys=old))
        self.refused(node, "anchor-key-not-valid")

    def test_key_registered_for_something_else(self, node: Node) -> None:
        facts = make_facts(node.signing.keys)
        other = tuple(dataclasses.replace(key, purpose=2) for key in facts.keys)
        node.chain.put(dataclasses.replace(facts, keys=other))
        self.refused(node, "anchor-key-not-valid")

    def test_checkpoints_that_nobody_may_sign(self, node: Node) -> None:
        facts = make_facts(node.signing.keys)
        node.chain.put(without(facts, Purpose.NOTE, compromised_since=node.ctx.clock.seconds()))
        self.refused(node, "note-key-not-valid")

    def test_too_many_unanchored(self, node: Node) -> None:
        node.ctx.settings = node.ctx.settings.model_copy(
            update={"log": node.ctx.settings.log.model_copy(update={"max_unanchored": 2})}
        )
        submit(node, row(1), row(2), row(3))
        with pytest.raises(NotReady) as caught:
            submit(node, row(4))
        assert caught.value.code == "too-many-unanchored"
        assert count(node, records) == 3


def test_the_row_of_an_erased_record_still_holds_its_key(node: Node) -> None:
    first = submit(node, row(1))
    with node.ctx.engine.begin() as connection:
        erase(connection)
    assert submit(node, row(1)).rows[0].verdict == "duplicate"
    answer = submit(node, row(1, CF_SY="另一事实")).rows[0]
    assert (answer.verdict, answer.changed, answer.leaf) == ("conflict", (), first.rows[0].leaf)


def test_content_moved_to_another_row_does_not_open(node: Node) -> None:
    submit(node, row(1), row(2))
    with node.ctx.engine.begin() as connection:
        first = connection.execute(WITH_KEYS.where(records.c.id == 1)).one()
        moved = sa.update(contents).where(contents.c.id == 2)
        connection.execute(moved.values(content=first.content))
        key = sa.update(content_keys).where(content_keys.c.id == 2)
        connection.execute(key.values(wrapped_key=first.wrapped_key))
    answer = submit(node, row(2, CF_SY="另一事实")).rows[0]
    assert (answer.verdict, answer.changed) == ("conflict", ())


def test_the_department_is_kept(node: Node) -> None:
    node.intake.submit_set(caller=of("交通局"), rows=[row(1)])
    node.intake.submit_set(caller=CENTRE, rows=[row(2)])
    with node.ctx.engine.connect() as connection:
        found = connection.scalars(sa.select(records.c.department).order_by(records.c.id)).all()
    assert found == ["交通局", None]


def _with_types(node: Node, **changes: object) -> None:
    """The catalogue with these changes to every type."""
    facts = make_facts(node.signing.keys)
    types = tuple(RecordType(**(dataclasses.asdict(item) | changes)) for item in facts.record_types)
    node.chain.put(dataclasses.replace(facts, record_types=types))


class TestKeep:
    """What a caller stores together with a set is there if and only if the set is."""

    def test_once_with_the_answer_inside_the_transaction(self, node: Node) -> None:
        kept: list[SetAnswer] = []

        def keep(connection: sa.Connection, answer: SetAnswer) -> None:
            kept.append(answer)
            assert connection.scalar(sa.select(sa.func.count()).select_from(records)) == 1
            assert count(node, records) == 0  # not committed yet

        answer = node.intake.submit_set(caller=CENTRE, rows=[row(1)], keep=keep)
        assert kept == [answer]
        assert count(node, records) == 1

    def test_also_where_nothing_is_new(self, node: Node) -> None:
        kept: list[SetAnswer] = []
        answer = node.intake.submit_set(
            caller=CENTRE,
            rows=[row(1, CF_SY=None)],
            keep=lambda _, answer: kept.append(answer),
        )
        assert kept == [answer]
        assert not node.ctx.signals.promised.is_set()

    def test_what_it_raises_undoes_the_set(self, node: Node) -> None:
        def keep(_connection: sa.Connection, _answer: SetAnswer) -> None:
            raise LookupError

        with pytest.raises(LookupError):
            node.intake.submit_set(caller=CENTRE, rows=[row(1)], keep=keep)
        assert (count(node, records), count(node, promises), count(node, entries)) == (0, 0, 0)
