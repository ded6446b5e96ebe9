"""Answer each kind of case; a new kind is one more function in `KINDS`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.second import answer, asked, bundled, exchange, judge, promised, receipt
from tests.second.facts import World
from tests.second.question import Question
from tests.second.shelf import Shelf
from tests.second.verdicts import VERDICT_OF, Judged

# Twice what a receipt of version 1 may be long, since a later version may be longer.
READ = 2 * 1024 * 1024
READ_REQUEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Case:
    """Hold one case: the evidence, what is known of the chain, and what is asked."""

    file: Path
    statement: Path | None
    authorisation: Path | None
    world: World | None
    question: Question
    shelf: Shelf


Answer = tuple[str | None, str | None]


def bytes_of(path: Path, most: int = READ) -> bytes:
    """Read a file, as far as anything of it can matter."""
    with path.open("rb") as file:
        return file.read(most)


def _verdicts(found: tuple[Judged, Judged | None]) -> Answer:
    first, now = found
    return first.verdict, None if now is None else now.verdict


def _refused(case: Case, refused: receipt.Refused) -> Answer:
    verdict = VERDICT_OF[str(refused)]
    return verdict, None if case.question.as_of is None else verdict


def _receipt(case: Case) -> Answer:
    try:
        found = receipt.read(bytes_of(case.file))
    except receipt.Refused as refused:
        return _refused(case, refused)
    return _verdicts(judge.judge_receipt(found, None, case.question, case.world, case.shelf))


def _statement(case: Case) -> Answer:
    try:
        found = receipt.read(bytes_of(case.file))
        said = receipt.read_statement(bytes_of(case.statement)) if case.statement else None
    except receipt.Refused as refused:
        return _refused(case, refused)
    return _verdicts(judge.judge_receipt(found, said, case.question, case.world, case.shelf))


def _opening(case: Case) -> Answer:
    try:
        found = receipt.read_opening(bytes_of(case.file))
    except receipt.Refused as refused:
        return _refused(case, refused)
    return _verdicts(promised.judge_opening(found, case.question, case.world, case.shelf))


def _request(case: Case) -> Answer:
    if case.world is None:
        return None, None
    return exchange.judge_request(bytes_of(case.file, READ_REQUEST), case.world), None


def _answer(case: Case) -> Answer:
    if case.world is None:
        return None, None
    try:
        given = answer.read_given(bytes_of(case.file, answer.LIMIT + 1))
    except receipt.Refused as refused:
        return asked.verdict_of({str(refused)}), None
    held = bytes_of(case.authorisation) if case.authorisation else None
    return asked.judge_given(given, held, case.question, case.world, case.shelf), None


def _bundle(case: Case) -> Answer:
    if case.world is None:
        return None, None
    try:
        found = answer.read_bundle(bytes_of(case.file, answer.LIMIT + 1))
    except receipt.Refused as refused:
        verdict = asked.verdict_of({str(refused)})
        return verdict, verdict
    return bundled.judge_bundle(found, case.world, case.shelf)


KINDS: dict[str, Callable[[Case], Answer]] = {
    "receipt": _receipt,
    "statement": _statement,
    "opening": _opening,
    "request": _request,
    "answer": _answer,
    "bundle": _bundle,
}
