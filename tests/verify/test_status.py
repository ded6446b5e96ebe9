"""What acts on a record make of its verdict, on a real chain: true, beside nodes that lie."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ledger.chain.contracts import contract_abi
from ledger.core.entry import record_entry
from ledger.core.ids import RecordId, record_id
from ledger.core.keys import Purpose
from ledger.core.status import Act, Action, Basis
from ledger.core.verdict.facts import Question, date_of
from ledger.core.verdict.verdict import Verdict
from ledger.verify import Verifier, ask
from tests.support.cases import act, act_by_vote, make_act, midnight
from tests.support.ledger import MemberLog, Record, make_record
from tests.support.proxy import Proxy, lie, start_proxy
from tests.support.votes import compromise, create, register
from tests.verify.conftest import Ledger
from tests.verify.test_verify import codes, verify

OWNER = "110000"


def commitment(log: MemberLog, index: int) -> bytes:
    return log.records[index].commitment.digest


def on(ledger: Ledger, action: Action, index: int = 0, **changes: Any) -> Act:
    """An act on a record of Beijing."""
    log = ledger.beijing
    return make_act(ledger.network, action, log.log_id, commitment(log, index), **changes)


def do(ledger: Ledger, *actions: Action, index: int = 0) -> None:
    """Beijing does that, one after the other."""
    for action in actions:
        act(ledger.network, OWNER, on(ledger, action, index))


def settle(ledger: Ledger) -> None:
    ledger.network.anvil.mine()


def standing(ledger: Ledger, question: Question | None = None) -> tuple[str, int, bool | None]:
    found = verify(ledger, ledger.beijing.receipt(0), question or Question())
    return found.verdict, found.exit, found.standing.usable


# ---- what acts mean


@pytest.mark.parametrize(
    ("actions", "wanted"),
    [
        ([Action.DISPUTE], ("disputed", 3, None)),
        ([Action.SHIELD], ("shielded", 3, False)),
        ([Action.REPAIR], ("repaired", 3, False)),
        ([Action.WITHDRAW], ("withdrawn", 3, False)),
        ([Action.END], ("ended", 3, False)),
        ([Action.ERASE], ("erased", 3, False)),
        ([Action.DISPUTE, Action.REPAIR], ("repaired", 3, False)),
    ],
)
def test_adverse_acts_count_at_once(
    ledger: Ledger, actions: list[Action], wanted: tuple[str, int, bool | None]
) -> None:
    do(ledger, *actions)
    assert standing(ledger) == wanted
    found = verify(ledger, ledger.beijing.receipt(0))
    assert found.standing.authentic is True
    settle(ledger)
    assert standing(ledger) == wanted
    other = verify(ledger, ledger.beijing.receipt(1))
    assert (other.verdict, codes(other)) == ("valid", [])


@pytest.mark.parametrize(
    ("actions", "before"),
    [
        ([Action.DISPUTE, Action.SETTLE], "disputed"),
        ([Action.SHIELD, Action.LIFT], "shielded"),
        ([Action.REPAIR, Action.RESCIND], "repaired"),
    ],
)
def test_easing_acts_count_once_final(ledger: Ledger, actions: list[Action], before: str) -> None:
    do(ledger, *actions)
    assert standing(ledger)[0] == before
    settle(ledger)
    assert standing(ledger) == ("valid", 0, True)


def test_as_of_the_day_before(ledger: Ledger) -> None:
    anvil = ledger.network.anvil
    day = date.fromisoformat(date_of(anvil.head_time()))
    anvil.mine(2, seconds=86_400)
    do(ledger, Action.REPAIR)
    settle(ledger)
    found = verify(ledger, ledger.beijing.receipt(0), ask(as_of=day))
    assert (found.verdict, found.now.verdict) == ("valid", "repaired")
    assert found.later() == []  # it takes effect today only
    back = on(ledger, Action.RESCIND, effective_at=midnight(anvil.head_time(), -9))
    act(ledger.network, OWNER, back)
    settle(ledger)
    found = verify(ledger, ledger.beijing.receipt(0), ask(as_of=day))
    assert [item.fact for item in found.later()] == ["rescinded"]


def test_the_newest_correction_is_named(ledger: Ledger) -> None:
    log = ledger.beijing
    for number in (1, 2):
        log.put(make_record(log, CF_WSH=f"更正{number}号"))
    log.anchor()
    for index, newer in ((0, 2), (2, 3)):
        other = (log.log_id, commitment(log, newer))
        act(ledger.network, OWNER, on(ledger, Action.CORRECT, index, other=other))
    settle(ledger)
    found = verify(ledger, log.receipt(0))
    assert found.verdict == "corrected"
    newest = record_id(log.log_id, commitment(log, 3)).hex()
    assert found.as_dict()["correctedBy"] == newest


def test_the_record_that_was_replaced_counts_too(ledger: Ledger) -> None:
    """One that was stranded in a closed log and filed again."""
    log = ledger.beijing
    made = make_record(log, CF_WSH="重录1号")
    first = RecordId(record_id(log.log_id, commitment(log, 0)))
    entry = record_entry(
        commitment=made.commitment.digest,
        log=log.log_id,
        period="2026-10",
        schema="penalty@1",
        timely="yes",
        replaces=first,
    )
    index = log.put(Record(entry=entry, commitment=made.commitment))
    log.anchor()
    settle(ledger)
    assert verify(ledger, log.receipt(index)).verdict == "valid"
    do(ledger, Action.WITHDRAW, index=0)
    settle(ledger)
    assert verify(ledger, log.receipt(index)).verdict == "withdrawn"


def test_acts_by_vote(ledger: Ledger) -> None:
    act_by_vote(ledger.network, on(ledger, Action.REPAIR, basis=Basis.NATIONAL_RESULT))
    settle(ledger)
    assert standing(ledger)[0] == "repaired"


def test_a_new_registry_goes_on_where_the_old_one_stopped(ledger: Ledger) -> None:
    network = ledger.network
    do(ledger, Action.REPAIR)
    new = create(network, contract_abi.load("CaseRegistry").bytecode, network.deployment.consortium)
    register(network, "CaseRegistry", new)
    settle(ledger)
    assert standing(ledger)[0] == "repaired"
    moved = replace(network, deployment=replace(network.deployment, case_registry=new))
    again = Ledger(moved, ledger.beijing, ledger.tianjin)
    do(again, Action.DISPUTE)
    do(again, Action.RESCIND)
    settle(ledger)
    found = verify(ledger, ledger.beijing.receipt(0))
    assert found.verdict == "disputed"
    assert found.status is not None
    assert found.status.version == 3


# ---- thieves


def test_a_thief_withdraws_and_is_undone(ledger: Ledger) -> None:
    network = ledger.network
    do(ledger, Action.WITHDRAW)
    settle(ledger)
    assert standing(ledger)[0] == "withdrawn"
    compromise(network, network.keys[OWNER, Purpose.DECIDE].key_id, network.anvil.head_time() - 60)
    # Said, and not final: it disputes, and takes the outcome not away.
    found = verify(ledger, ledger.beijing.receipt(0))
    assert found.verdict == "withdrawn"
    assert found.status is not None
    assert found.status.flags == ("DISPUTED",)
    settle(ledger)
    assert standing(ledger) == ("disputed", 3, None)
    found = verify(ledger, ledger.beijing.receipt(1))
    assert found.verdict == "valid"  # that key has signed no receipt


def test_a_thief_lifts_nothing(ledger: Ledger) -> None:
    network = ledger.network
    do(ledger, Action.REPAIR)
    settle(ledger)
    network.anvil.mine(1, seconds=3600)
    do(ledger, Action.RESCIND)
    settle(ledger)
    assert standing(ledger)[0] == "valid"
    since = network.anvil.head_time() - 60
    compromise(network, network.keys[OWNER, Purpose.DECIDE].key_id, since)
    settle(ledger)
    assert standing(ledger)[0] == "repaired"


# ---- nodes that lie


def _events(change: Callable[[list[Any]], list[Any]]) -> Any:
    return lie(lambda params, result: change(result) if isinstance(result, list) else result)


def through(ledger: Ledger, proxy: Proxy) -> Verdict:
    file = ledger.network.with_rpc([proxy.url], 1)
    return verify(ledger, ledger.beijing.receipt(0), file=file)


def _is_act(event: dict[str, Any]) -> bool:
    """Of all that are asked for in these tests only acts have four topics."""
    return len(event["topics"]) == 4


def _turned(found: list[Any]) -> list[Any]:
    """The same acts in another order."""
    acts = [event for event in found if _is_act(event)]
    places = [event["logIndex"] for event in acts]
    turned = [{**event, "logIndex": at} for event, at in zip(acts[::-1], places, strict=True)]
    return turned or found


def _changed(event: dict[str, Any]) -> dict[str, Any]:
    """With another action in its third word."""
    data = event["data"]
    return {**event, "data": data[:193] + "6" + data[194:]} if _is_act(event) else event


LIES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "drops the acts": lambda found: [event for event in found if not _is_act(event)],
    "drops the last act": lambda found: found[:-1] if found and _is_act(found[-1]) else found,
    "turns them round": _turned,
    "tells one twice": lambda found: [*found, *found[-1:]],
    "changes an action": lambda found: [_changed(event) for event in found],
}


@pytest.mark.parametrize("name", LIES)
def test_a_node_that_lies_about_acts_never_makes_a_record_look_better(
    ledger: Ledger, name: str
) -> None:
    acts = [
        on(ledger, Action.REPAIR, expected_version=0),
        on(ledger, Action.RESCIND, expected_version=1),
        on(ledger, Action.WITHDRAW, expected_version=2),
    ]
    act(ledger.network, OWNER, *acts)
    settle(ledger)
    assert standing(ledger)[0] == "withdrawn"
    with start_proxy(ledger.network.anvil.url) as proxy:
        assert through(ledger, proxy).verdict == "withdrawn"
        proxy.on("eth_getLogs", _events(LIES[name]))
        found = through(ledger, proxy)
    assert (found.verdict, found.exit) == ("undetermined", 4), codes(found)


def test_one_of_three_denies_the_act(ledger: Ledger) -> None:
    do(ledger, Action.WITHDRAW)
    settle(ledger)
    url, registry = ledger.network.anvil.url, ledger.network.deployment.case_registry

    def denied(params: Any, result: Any) -> Any:
        if params[0]["to"] != registry or not isinstance(result, str):
            return result
        return result[:130] + "0" * (len(result) - 130)

    with start_proxy(url) as liar, start_proxy(url) as one, start_proxy(url) as other:
        liar.on("eth_call", lie(denied))
        urls = [liar.url, one.url, other.url]
        file = ledger.network.with_rpc(urls, 2)
        found = verify(ledger, ledger.beijing.receipt(0), file=file)
        assert found.verdict == "withdrawn"
        assert "node-disagrees" in {note.code for note in found.notes}


@pytest.fixture
def behind(ledger: Ledger) -> Any:
    """Two nodes that stay where they are, and one that goes on."""
    url = ledger.network.anvil.url
    with start_proxy(url) as one, start_proxy(url) as other, start_proxy(url) as ahead:
        yield [one, other, ahead]


@pytest.mark.parametrize("action", [Action.DISPUTE, Action.SHIELD, Action.ERASE, Action.WITHDRAW])
def test_an_act_that_one_node_shows_names_nothing(
    ledger: Ledger, behind: list[Proxy], action: Action
) -> None:
    from tests.verify.test_ahead import hold, unconfirmed, verdict  # noqa: PLC0415

    data = ledger.beijing.receipt(0)
    hold(ledger, behind[:2])
    assert verdict(ledger, behind, data).verdict == "valid"
    do(ledger, action)
    assert unconfirmed(verdict(ledger, behind, data))
    other = ledger.beijing.receipt(1)
    assert verdict(ledger, behind, other).verdict == "valid"
    for proxy in behind[:2]:
        proxy.clear()
    assert verdict(ledger, behind, data).verdict in ("disputed", "shielded", "erased", "withdrawn")


# ---- many


def test_many_receipts_are_read_in_pages(ledger: Ledger) -> None:
    log, registry = ledger.beijing, ledger.network.deployment.case_registry
    first = len(log.entries)
    for number in range(300):
        log.put(make_record(log, CF_WSH=f"批量{number}号"))
    log.anchor()
    acts = [on(ledger, Action.REPAIR, first + number, expected_version=0) for number in range(64)]
    act(ledger.network, OWNER, *acts)
    settle(ledger)
    files = [log.receipt(first + number, bare=True) for number in range(300)]
    with start_proxy(ledger.network.anvil.url) as proxy:
        file = ledger.network.with_rpc([proxy.url], 1)
        verifier = Verifier(file, now=ledger.network.anvil.head_time)
        verifier.prepare(files)
        asked = proxy.count("eth_call")
        found = [verifier.verify(data, Question()) for data in files]
        verifier.close()
        told = [params for method, params in proxy.calls if method == "eth_call"]
        reads = [params for params in told if params[0]["to"] == registry]
        events = [
            params
            for method, params in proxy.calls
            if method == "eth_getLogs" and params[0]["address"] == registry
        ]
    assert [one.verdict for one in found] == ["repaired"] * 64 + ["anchored"] * 236
    assert len(reads) == 2  # pages of 256
    assert len(events) == 1  # of the one block in which all acts stand
    assert asked


def test_preparing_never_hides_what_is_wrong(ledger: Ledger) -> None:
    """Files that are none, and a chain that is away."""
    file = ledger.network.with_rpc(["http://127.0.0.1:1"], 1)
    verifier = Verifier(file, now=ledger.network.anvil.head_time)
    data = ledger.beijing.receipt(0)
    verifier.prepare([b"", b"{}", data])
    assert verifier.verify(data, Question()).verdict == "undetermined"
    assert verifier.verify(b"{}", Question()).verdict == "malformed"
    verifier.close()
