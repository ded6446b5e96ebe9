"""Judge a record in a world that differs in one thing from one in which all is well."""

from collections.abc import Callable
from typing import Any

from tests.second import acts, judge, receipt, record
from tests.second.curves import record_id
from tests.second.making import ANCHOR_ID, HEAD, LOG, REGISTRY, SHELF, Record, read_world, world
from tests.second.making import receipt as make_receipt
from tests.second.question import of_object
from tests.second.verdicts import Findings

Change = Callable[[dict[str, Any]], None]
CLOSED = {"status": 2, "trustedSize": 2, "closedAt": HEAD - 10}


def judged(
    made: Record | None = None,
    change: Change | None = None,
    ask: dict[str, Any] | None = None,
    hide: str = "",
    **more: Any,
) -> tuple[str, set[str]]:
    """Judge a receipt that shows a record in a world; give the verdict and all codes."""
    made = made or Record()
    facts = world(made.entry)
    if change:
        change(facts)
    data = make_receipt(made.entry, presentation=made.presentation(hide), **more)
    found = receipt.read(data)
    seen = record.view(found.entry, found.presentation, SHELF)
    question = of_object(ask or {})
    one = judge.Judge(found, None, question, read_world(facts), seen, Findings())
    return one.judged().verdict, set(one.found.codes)


def set_key(number: int, **values: Any) -> Change:
    """Change one key: 0 ANCHOR, 1 PRESENT, 2 NOTE, 3 WITNESS."""
    return lambda facts: facts["keys"][number].update(values)


def stolen(number: int, since: int, block: int = 6, state: bool = True) -> Change:
    """Say that a key is stolen."""
    said = [{"since": since, "block": block, "time": HEAD - 50}]
    return set_key(number, compromisedSince=since if state else 0, compromises=said)


def set_top(**values: Any) -> Change:
    """Change members of the facts."""
    return lambda facts: facts.update(values)


def set_log(**values: Any) -> Change:
    """Change the log."""
    return lambda facts: facts["logs"][0].update(values)


def set_event(**values: Any) -> Change:
    """Change the event of the anchor."""
    return lambda facts: facts["anchors"][0].update(values)


def act(block: int, action: int, member: str = "120000", **more: Any) -> dict[str, Any]:
    """Make an act on the record, by the owner's ANCHOR key, which serves as well as any."""
    entry = Record().entry
    found = {
        "contract": REGISTRY,
        "recordId": record_id(LOG, str(entry["commitment"])),
        "block": block,
        "time": HEAD - 1000 + block,
        "prevBlock": 0,
        "member": member,
        "signedBy": ANCHOR_ID if member else "00" * 32,
        "log": LOG,
        "commitment": entry["commitment"],
        "action": action,
        "expectedVersion": 0,
        "basis": 8,
        "doc": "ee" * 32,
        "otherLog": "00" * 32,
        "otherCommitment": "00" * 32,
        "effectiveAt": HEAD - 5000,
        "refiledFrom": 0,
    }
    return {**found, **more}


def after(*done: dict[str, Any]) -> Change:
    """Let acts have been recorded, with the state that they fold to."""

    def change(facts: dict[str, Any]) -> None:
        previous = 0
        for one in done:
            one["prevBlock"], previous = previous, one["block"]
        facts["acts"] = list(done)
        folded = acts.Folded()
        for event in read_world(facts).acts:
            folded.take(event)
        state = {"word": f"{folded.word:064x}", "history": folded.history, "other": folded.other}
        record = {"contract": REGISTRY, "recordId": done[0]["recordId"]}
        facts["states"] = [{**record, **state}]

    return change


def both(*changes: Change) -> Change:
    """Make several changes."""

    def change(facts: dict[str, Any]) -> None:
        for one in changes:
            one(facts)

    return change
