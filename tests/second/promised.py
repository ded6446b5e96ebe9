"""Judge openings: checks 27 and 28."""

from tests.second import keys
from tests.second.facts import World
from tests.second.judge import asked_of_statement, judge_receipt, only_of_records, said
from tests.second.merkle import included
from tests.second.question import Question
from tests.second.receipt import Opening, reference
from tests.second.shelf import Shelf
from tests.second.statement import Promise
from tests.second.verdicts import Findings, Judged


def _offline(opening: Opening, promise: Promise, found: Findings) -> None:
    entry = opening.entry
    found.add(said(opening.said, entry.kind, entry.commitment, entry.log))
    path, root = opening.path, promise.leaves_root
    covered = included(entry.leaf, opening.index, promise.count, path, root)
    if promise.log != entry.log or not covered:
        found.add("promise-mismatch")


def _promised(
    opening: Opening, promise: Promise, question: Question, world: World | None
) -> Judged:
    """Judge an opening that has a promise and no receipt; it is never valid."""
    found = Findings()
    _offline(opening, promise, found)
    if found.codes or world is None:
        return found.judged(complete=False)
    log = world.logs.get(opening.entry.log)
    code = world.unreadable(opening.entry.log)
    if code is not None:
        found.add(code)
        found.add(only_of_records(question))
    elif log is None:
        newer = promise.issued_at > world.head_time
        found.add("promise-newer-than-head" if newer else "log-unknown")
        found.add(only_of_records(question))
    else:
        if opening.said.iss != log.owner:
            found.add("issuer-differs")
        found.add(asked_of_statement(question, log.owner))
        chain_id, _ = reference(world.reference)
        found.add(keys.promise(world, chain_id, log.owner, promise))
    return found.judged(complete=False)


def judge_opening(
    opening: Opening, question: Question, world: World | None, shelf: Shelf
) -> tuple[Judged, Judged | None]:
    """Judge an opening, anchored or promised."""
    if opening.receipt is not None:
        return judge_receipt(opening.receipt, opening.said, question, world, shelf)
    if opening.promise is None:
        raise AssertionError("an opening has a receipt or a promise")
    found = _promised(opening, opening.promise, question, world)
    return found, None if question.as_of is None else found
