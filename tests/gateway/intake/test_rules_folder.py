"""A law that comes by file and vote while a gateway runs: what is old stays, what is new goes by
it."""

import hashlib
import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.app import create_app
from gateway.base import schema_folder as module
from gateway.base.errors import NotReady
from gateway.base.schema_folder import SchemaFolder, SchemaWatch
from gateway.intake import services
from gateway.intake.interfaces import RowAnswer, RowInput
from gateway.intake.rules import measures_in_force, rules_in_force
from gateway.node import Node
from gateway.receipts.interfaces import Disclose
from gateway.receipts.services import _shown
from gateway.records.content import Content
from ledger.chain.contracts.structs import RECORD_TYPE, RULES, SEVERE_LIST, CatalogueItem, Code
from ledger.chain.founding.national import national_items
from ledger.chain.network import NetworkFile
from ledger.core import canonical
from ledger.core.errors import ConfigError
from ledger.core.ids import Digest
from ledger.core.verdict.verdict import Verdict
from ledger.records import rules as rules_files
from ledger.records import schema as schema_module
from ledger.records.publicity import add_months
from ledger.records.rules import newest
from ledger.records.schema import find, load, packaged_files, parse
from ledger.verify import Verifier, ask
from tests.gateway.anchoring.whole import settle
from tests.gateway.intake.material import row
from tests.records.examples import good
from tests.support.anvil import Anvil, start_anvil
from tests.support.asgi import Client
from tests.support.callers import CENTRE
from tests.support.member import found_member, put_items
from tests.support.node import make_facts, make_test_node

TODAY = datetime.now(UTC).date()
OLD, NEW = TODAY - timedelta(days=40), TODAY - timedelta(days=5)
SINCE = TODAY - timedelta(days=10)
LIST = "list-of-tomorrow"


def law() -> bytes:
    """Version 2: from `SINCE` on severe penalties end after six months; one more severe list."""
    tree = canonical.parse(rules_files.packaged_files()[0])
    tree["version"] = 2
    for class_, months in (("minor", 1), ("general", 3), ("severe", 6)):
        shorter = {"class": class_, "families": ["penalty"], "maximumMonths": months}
        tree["rows"].append(shorter | {"from": SINCE.isoformat(), "source": "a law to come"})
    title = {"zh": "明日名单", "en": "list of tomorrow"}
    tree["lists"].append({"id": LIST, "title": title, "source": "a law to come"})
    return canonical.encode(tree)


def new_type() -> bytes:
    """A type that nobody packages: donations."""
    data = next(each for each in packaged_files() if b'"name":"honour"' in each)
    return canonical.encode(canonical.parse(data) | {"name": "donation", "family": "donation"})


TYPE = new_type()
TYPE_SHA = hashlib.sha256(TYPE).hexdigest()
LAW = law()
SHA = hashlib.sha256(LAW).hexdigest()


def items(since: int) -> tuple[CatalogueItem, ...]:
    """What the provinces vote on."""
    model = next(item for item in national_items() if item.kind == RULES)
    rules = replace(model, version=2, content_hash=Digest(bytes.fromhex(SHA)), since=since, until=0)
    digest = Digest(bytes.fromhex(TYPE_SHA))
    type_ = replace(rules, item_id=Code("donation"), version=1, kind=RECORD_TYPE)
    lists = replace(rules, item_id=Code(LIST), kind=SEVERE_LIST)
    return rules, lists, replace(type_, content_hash=digest)


def donate(node: Node) -> RowAnswer:
    """What intake says of a record of the new type."""
    sent = RowInput(row=None, type="donation", fields=good(parse(TYPE)))
    return node.intake.submit_set(caller=CENTRE, rows=[sent]).rows[0]


def take_in(node: Node, anvil: Anvil, n: int, decided: date) -> bytes:
    """The full receipt of a new penalty, finally anchored."""
    end = (TODAY + timedelta(days=3000)).isoformat()
    sent = replace(row(n, CF_JDRQ=decided.isoformat(), CF_YXQ=end), class_="severe")
    return receipt_of(node, anvil, node.intake.submit_set(caller=CENTRE, rows=[sent]).rows[0])


def receipt_of(node: Node, anvil: Anvil, answer: RowAnswer) -> bytes:
    """The full receipt of what was accepted, finally anchored."""
    assert answer.verdict == "accepted", answer.errors
    node.logs.step()
    settle(node, anvil)
    data = node.receipts.receipt(bytes.fromhex(str(answer.leaf)), disclose=Disclose(CENTRE))
    assert isinstance(data, bytes)
    return data


def listed(node: Node, list_: str) -> str:
    """The verdict of intake on an entry in a severe list."""
    entry = good(load("severe-list-entry")) | {"YZ_LX": list_, "YZ_JDRQ": NEW.isoformat()}
    for code in ("YZ_YXQ", "YZ_GSJZQ"):
        del entry[code]
    sent = RowInput(row=None, type="severe-list-entry", fields=entry)
    return node.intake.submit_set(caller=CENTRE, rows=[sent]).rows[0].verdict


def judge(data: bytes, network: NetworkFile, schemas: Path | None = None) -> Verdict:
    verifier = Verifier(network, schemas=schemas)
    try:
        return verifier.verify(data, ask())
    finally:
        verifier.close()


def payload(data: bytes) -> dict[str, Any]:
    """What the presentation of a receipt says openly."""
    token = json.loads(data)["presentation"].split(".")[1]
    shown: dict[str, Any] = json.loads(canonical.b64u_decode(token))
    return shown


def test_a_law_by_file_and_vote(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    folder.mkdir()
    with start_anvil() as anvil:
        member = found_member(anvil)
        node = member.node(tmp_path / "node", schemas=folder)
        settle(node, anvil)
        before = take_in(node, anvil, 1, OLD)
        client = Client(create_app(node))
        assert client.get(f"/v1/rules/{SHA}").status_code == 404

        (folder / f"{SHA}.json").write_bytes(LAW)
        (folder / "donation@1.json").write_bytes(TYPE)
        beside = take_in(node, anvil, 2, NEW)  # a file alone is no law
        assert payload(beside)["rules"] == newest().id
        assert listed(node, LIST) == "rejected"
        assert [each.code for each in donate(node).errors] == ["type-not-in-catalogue"]

        put_items(anvil, member, *items(anvil.head_time() - 3600))  # our clock may lag
        anvil.mine(3)
        node.chain.expire()
        settle(node, anvil)
        after, old = take_in(node, anvil, 3, NEW), take_in(node, anvil, 4, OLD)
        assert listed(node, LIST) == "accepted"
        assert listed(node, "list-of-nobody") == "rejected"
        assert client.get(f"/v1/rules/{SHA}").content == LAW
        assert client.get(f"/v1/schemas/{TYPE_SHA}").content == TYPE
        given = receipt_of(node, anvil, donate(node))
        node.close()

        for data in (after, old):
            assert payload(data)["rules"] == f"publicity@2:{SHA}"
        assert payload(after)["until"] == add_months(NEW, 6).isoformat()
        assert payload(beside)["until"] == add_months(NEW, 36).isoformat()
        assert payload(old)["until"] == payload(before)["until"] == str(add_months(OLD, 36))
        for data in (before, beside):  # the same with and without the new file
            for schemas in (None, folder):
                assert judge(data, member.network, schemas).verdict == "valid"
        for data in (after, old, given):
            assert judge(data, member.network).verdict == "undetermined"
            assert judge(data, member.network, folder).verdict == "valid"


def test_a_type_keeps_its_name(tmp_path: Path) -> None:
    """Neither a packaged type nor one that was read before is replaced by another file."""
    other = canonical.encode(canonical.parse(TYPE) | {"title": {"zh": "x", "en": "x"}})
    penalty = next(each for each in packaged_files() if b'"name":"penalty"' in each)
    false = canonical.encode(canonical.parse(penalty) | {"title": {"zh": "x", "en": "x"}})
    for name, data in (("a", TYPE), ("b", other), ("c", false)):
        (tmp_path / f"{name}.json").write_bytes(data)
    folder = SchemaFolder(tmp_path)
    assert folder.schema(TYPE_SHA) is not None
    for data in (other, false):
        sha = hashlib.sha256(data).hexdigest()
        assert folder.current().schema(sha) is not None
        assert folder.schema(sha) is None
    assert find("donation").sha256 == TYPE_SHA  # type: ignore[union-attr]
    assert load("penalty").title["en"] == "administrative penalty"
    with structlog.testing.capture_logs() as told:
        SchemaWatch(folder)(threading.Event())
    assert [each["event"] for each in told] == ["schemas.name-taken"] * 2


def test_a_record_whose_schema_was_taken_away() -> None:
    content = Content(
        secret=bytes(32),
        schema="vanished@1",
        rules=newest().id,
        class_=None,
        decided="2026-05-01",
        until=None,
        fields={"X": "x"},
    )
    with pytest.raises(NotReady, match="schema-missing"):
        _shown(content, None)


# ---- the folder


def test_a_file_that_a_vote_follows_at_once_is_found(tmp_path: Path) -> None:
    """A miss looks again, whatever was looked at this second."""
    folder = SchemaFolder(tmp_path)
    assert folder.rules(SHA) is None
    (tmp_path / "law.json").write_bytes(LAW)
    found = folder.rules(SHA)
    assert found is not None and found.version == 2
    assert folder.current().rules_file(SHA) == LAW
    (tmp_path / "law.json").unlink()
    assert folder.rules(SHA) is found  # looked at a moment ago


def test_it_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    folder = SchemaFolder(tmp_path)
    empty = folder.current()
    assert folder.current() is empty
    (tmp_path / "law.json").write_bytes(LAW)
    assert folder.current().rules(SHA) is not None
    (tmp_path / "law.json").unlink()
    assert folder.current().rules(SHA) is None


def test_a_folder_that_goes_away_is_told_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    path = tmp_path / "schemas"
    path.mkdir()
    (path / "law.json").write_bytes(LAW)
    folder = SchemaFolder(path)
    watch = SchemaWatch(folder)
    watch(threading.Event())
    path.rename(tmp_path / "elsewhere")
    with structlog.testing.capture_logs() as told:
        for _ in range(2):
            watch(threading.Event())
    assert [each["event"] for each in told] == ["schemas.refused"]
    assert folder.current().rules(SHA) is not None


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "junk.json").write_bytes(b"{}")
    watch = SchemaWatch(SchemaFolder(tmp_path))
    with structlog.testing.capture_logs() as told:
        for _ in range(2):
            watch(threading.Event())
    (line,) = told
    assert (line["event"], line["file"]) == ("schemas.unreadable", "junk.json")


def test_a_gateway_does_not_start_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        make_test_node(tmp_path, schemas=tmp_path / "nowhere")


def test_rules_that_are_not_at_hand_are_none(tmp_path: Path) -> None:
    node = make_test_node(tmp_path)
    facts, library = make_facts(node.signing.keys), SchemaFolder()
    assert rules_in_force(facts, 1, library) is newest()
    assert "限制消费" in measures_in_force(facts, 1, library)
    unknown = replace(facts.rules[0], content_hash="00" * 32)
    assert rules_in_force(replace(facts, rules=(unknown,)), 1, library) is None
    away = replace(facts.measures[0], content_hash="00" * 32)
    assert measures_in_force(replace(facts, measures=(away,)), 1, library) == frozenset()
    assert measures_in_force(replace(facts, measures=()), 1, library) == frozenset()
    ended = tuple(replace(each, until=1) for each in facts.lists)
    assert facts.lists_in_force(1)
    assert replace(facts, lists=ended).lists_in_force(1) == frozenset()
    node.close()


def test_a_type_that_another_process_knows_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever draws up the rows may see a new file before the process that answers: come again."""
    monkeypatch.setattr(schema_module, "_added", {})
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "donation.json").write_bytes(TYPE)
    node = make_test_node(tmp_path, schemas=folder)
    facts = make_facts(node.signing.keys)
    model = next(one for one in facts.record_types if one.name == "honour")
    added = replace(model, name="donation", content_hash=TYPE_SHA)
    node.chain.put(replace(facts, record_types=(*facts.record_types, added)))
    sent = RowInput(row=None, type="donation", fields=good(parse(TYPE)))
    assert node.intake.submit_set(caller=CENTRE, rows=[sent]).rows[0].verdict == "accepted"

    def not_yet(drafted: Any) -> None:
        monkeypatch.setattr(schema_module, "_added", {})
        demand(drafted)

    demand = services._demand_schemas
    monkeypatch.setattr(services, "_demand_schemas", not_yet)
    with pytest.raises(NotReady) as raised:
        node.intake.submit_set(caller=CENTRE, rows=[sent])
    assert (raised.value.code, raised.value.retry_after) == ("schema-not-read", 1)
    node.close()
