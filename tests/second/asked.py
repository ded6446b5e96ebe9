"""Check answers, for whoever asked and for anybody else: section 27."""

from tests.second import promised, receipt
from tests.second.answer import Answer, Given
from tests.second.codec import day, day_of
from tests.second.curves import sha256
from tests.second.facts import BUREAU, GRACE, PRESENT, PROVINCE, SKEW, World
from tests.second.listed import Look
from tests.second.question import Question
from tests.second.receipt import Opening
from tests.second.shelf import Shelf
from tests.second.verdicts import Judged

OPEN = {
    "version-unknown",
    "receipt-unchecked",
    "query-unchecked",
    "block-not-final",
    "authorisation-unchecked",
    "chain-unread",
}
_OLD = 3600
_PROMISED = {"promised-only", "promise-overdue", "promise-log-closed"}


def verdict_of(codes: set[str]) -> str | None:
    """Give the verdict of what is found, or nothing where nothing is."""
    if codes - OPEN:
        return "false"
    return "undetermined" if codes else None


def agree(given: Given) -> bool:
    """Make check 1: the parts agree."""
    answer, said = given.answer, given.opening.said
    digests = [sha256(text.encode()).hex() for text in given.own]
    content = {
        "answer": answer.digest,
        "asker": answer.to,
        "authorisation": answer.authorisation,
        "items": len(answer.items),
        "purpose": answer.purpose,
        "subject": answer.code,
    }
    return (
        (said.sort, said.iss, answer.jws.iat) == ("query", answer.iss, answer.at)
        and said.content == content
        and digests == [item.receipt for item in answer.items]
    )


def _signature(answer: Answer, world: World) -> str | None:
    """Make what check 2 asks of the key."""
    key = world.key(answer.iss, PRESENT, answer.jws.kid)
    if key is None:
        return "key-unknown"
    if not answer.jws.made_by(key.algorithm, key.public_key):
        return "signature-invalid"
    if not key.within(answer.at):
        return "key-not-valid"
    return "key-disputed" if world.is_stolen(key, answer.at, None) else None


def counts_from(opening: Opening, world: World) -> int | None:
    """Give from when a statement counts, where that is known."""
    if opening.promise is not None:
        proven = opening.promise.issued_at
    else:
        event = world.first_anchor(opening.entry.log, opening.index)
        if event is None:
            return None
        proven = event.time
    at = opening.said.at
    return at if at <= proven <= at + GRACE else proven


def _judged(opening: Opening, issuer: str, world: World, shelf: Shelf) -> Judged:
    return promised.judge_opening(opening, Question(issuer=issuer), world, shelf)[0]


def _query(given: Given, world: World, shelf: Shelf) -> str | None:
    """Make check 3."""
    answer, opening = given.answer, given.opening
    judged = _judged(opening, answer.iss, world, shelf)
    if judged.exit_code == 1:
        return "query-false"
    if judged.verdict != "valid" and not judged.codes <= _PROMISED:
        return "query-unchecked"
    if opening.entry.replaces is not None:  # it was stated before
        return None
    since = counts_from(opening, world)
    return "query-late" if since is not None and since > answer.at + SKEW else None


def _chain(answer: Answer, world: World) -> set[str]:
    """Make check 4, where the block is not above the head."""
    found = set()
    if answer.block > world.final:
        found.add("block-not-final")
    if not 0 <= answer.at - world.time_of(answer.block) <= _OLD:
        found.add("time-wrong")
    logs = {log for log, held in world.logs.items() if held.owner == answer.iss}
    sizes = {log: world.anchored_size(log, answer.block) for log in logs}
    named = all(sizes.get(log) == size for log, size in answer.covers.items())
    if not named or any(size for log, size in sizes.items() if log not in answer.covers):
        found.add("covers-wrong")
    return found


def looks(given: Given, world: World, shelf: Shelf) -> list[Look]:
    """Look at the receipts of the items."""
    return [Look(text, given.answer, world, shelf) for text in given.own]


def problems(given: Given, world: World, shelf: Shelf) -> set[str]:
    """Make checks 1 to 5."""
    answer = given.answer
    if not agree(given):
        return {"parts-differ"}
    found: set[str | None] = set()
    if answer.at > world.now + SKEW:
        found.add("time-wrong")
    found.add(_query(given, world, shelf))
    read = world.ended() is None
    if read:
        found.add(_signature(answer, world))
        if not world.had(answer.iss, PROVINCE, answer.at):
            found.add("not-a-province")
    if read and answer.block <= world.head:
        found |= _chain(answer, world)
        items = zip(looks(given, world, shelf), answer.items, strict=True)
        found |= {look.problem(item.leaf) for look, item in items}
    else:
        found.add("chain-unread")
    return {code for code in found if code is not None}


def _compared(answer: Answer, question: Question) -> set[str]:
    """Compare what only whoever asked knows."""
    found = set()
    if question.audience not in (None, answer.to):
        found.add("other-asker")
    if question.nonce not in (None, answer.nonce):
        found.add("answer-replayed")
    wanted = (question.subject, question.purpose, question.types)
    if any(one not in (None, said) for one, said in zip(wanted, answer.question, strict=True)):
        found.add("other-question")
    return found


def _in_time(answer: Answer, opening: Opening, judged: Judged, world: World) -> str | None:
    """Make steps 3 and 4 for an authorisation."""
    if judged.verdict != "valid":
        if not judged.codes <= {"promised-only", "promise-overdue"}:
            unchecked = judged.exit_code == 4
            return "authorisation-unchecked" if unchecked else "authorisation-unknown"
        if opening.promise is None or answer.at > opening.promise.due:
            return "authorisation-unknown"
    since = counts_from(opening, world)
    if since is None or since > answer.at:
        again = opening.entry.replaces is not None
        return "authorisation-unchecked" if again else "authorisation-unknown"
    custodian = world.had(opening.said.iss, PROVINCE | BUREAU, since)
    return None if custodian else "authorisation-unknown"


def _in_scope(answer: Answer, opening: Opening, world: World) -> str | None:
    """Make step 5 for an authorisation."""
    held = opening.said.content
    member = world.members.get(answer.iss)
    if held["grantee"] != answer.to:
        return "authorisation-unknown"
    if held["subject"] != answer.code:
        return "authorisation-other-subject"
    if held["purpose"] != answer.purpose:
        return "authorisation-other-purpose"
    regions, types = held["regions"], held["types"]
    if not isinstance(regions, list) or not isinstance(types, list):
        raise AssertionError("both are lists in an authorisation")
    if member is None or member.region not in regions or not set(answer.types) <= set(types):
        return "authorisation-out-of-scope"
    today = day_of(answer.at)
    return None if day(held["from"]) <= today <= day(held["until"]) else "authorisation-expired"


def _revoked(answer: Answer, opening: Opening, world: World) -> str | None:
    """Make step 6 for an authorisation."""
    at = world.revoked_at(opening.said.iss, opening.said.commitment)
    if at is None:
        return "authorisation-unchecked"
    return "authorisation-revoked" if 0 < at <= answer.at else None


def authorisation(answer: Answer, data: bytes, world: World, shelf: Shelf) -> str | None:
    """Check the authorisation under which was asked: the first of the six steps."""
    if answer.authorisation is None:
        return "authorisation-missing"
    try:
        opening = receipt.read_opening(data)
    except receipt.Refused as refused:
        newer = str(refused) == "version-unknown"
        return "authorisation-unchecked" if newer else "authorisation-unknown"
    said = opening.said
    alike = (said.sort, said.commitment) == ("authorisation", answer.authorisation)
    if not alike or said.iss == said.content["grantee"]:
        return "authorisation-unknown"
    judged = _judged(opening, said.iss, world, shelf)
    return (
        _in_time(answer, opening, judged, world)
        or _in_scope(answer, opening, world)
        or _revoked(answer, opening, world)
    )


def judge_given(
    given: Given, held: bytes | None, question: Question, world: World, shelf: Shelf
) -> str:
    """Judge an answer as whoever asked does, with the authorisation under which it asked."""
    found = problems(given, world, shelf)
    if found != {"parts-differ"}:
        found |= _compared(given.answer, question)
        code = None if held is None else authorisation(given.answer, held, world, shelf)
        found |= set() if code is None else {code}
    return verdict_of(found) or "valid"
