"""Statements and openings for tests: the worked ones, and any that hypothesis may think of."""

from typing import Any

from hypothesis import strategies as st

from ledger.core import authorisation, canonical, case, merkle, note, query, receipt
from ledger.core.authorisation import Authorisation
from ledger.core.canonical import b64u_encode
from ledger.core.case import Step
from ledger.core.docs import Doc
from ledger.core.entry import parse_entry
from ledger.core.ids import Digest, LogId, RecordId
from ledger.core.opening import Opening, Promised, of_receipt
from ledger.core.promise import MAX_PROMISE, Promise
from ledger.core.query import Query, Use
from ledger.core.reports import Feedback, Outcome, SpecialReport
from ledger.core.statement import Statement
from tests.core.material import example

WORDS = st.binary(min_size=32, max_size=32)
PART_2 = ("case", "outcome", "query")
NOTES = st.text(st.characters(codec="utf-8"), max_size=40)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
DAYS = st.dates().map(lambda day: day.isoformat())
INTEGERS = st.integers(0, canonical.MAX_INTEGER)
INSTANTS = st.integers(0, canonical.MAX_INSTANT)
DOCS = st.builds(Doc, name=NAMES, salt=WORDS, sha256=WORDS, size=INTEGERS)


def _with_prev(values: dict[str, Any], prev: bytes) -> Step:
    return Step(**values, prev=None if values["step"] == 1 else Digest(prev))


STEPS = st.builds(
    _with_prev,
    st.fixed_dictionaries(
        {
            "act": st.sampled_from(sorted(case.ACTS)),
            "authority": st.from_regex(r"[0-9A-Z]{18}", fullmatch=True),
            "case": WORDS,
            "channel": st.sampled_from(sorted(case.CHANNELS)),
            "record": WORDS.map(RecordId),
            "role": st.from_regex(r"[0-9A-Za-z._-]{1,9}:[0-9A-Za-z._-]{1,9}", fullmatch=True),
            "step": st.integers(1, 4),
            "basis": st.none() | st.integers(1, 65_535),
            "class_": st.none() | st.sampled_from(["minor", "general", "severe"]),
            "day": st.none() | DAYS,
            "received": st.none() | DAYS,
            "pushed": st.none() | DAYS,
            "national_no": st.none() | NAMES,
            "note": NOTES,
            "docs": st.lists(DOCS, max_size=3).map(tuple),
        }
    ),
    WORDS,
)
COMMON: dict[str, Any] = {
    "at": INSTANTS,
    "iss": st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}", fullmatch=True),
    "log": WORDS.map(LogId),
    "salt": WORDS,
}
SUBJECTS = st.from_regex(r"[0-9A-Z]{18}", fullmatch=True)
CODES = st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}", fullmatch=True)
DIGESTS = WORDS.map(Digest)
PURPOSES = st.sampled_from(sorted(authorisation.PURPOSES))
TYPES = st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True)
REGIONS = st.from_regex(r"[0-9]{6}", fullmatch=True)
AMOUNTS = st.from_regex(r"(0|[1-9][0-9]{0,11})(\.[0-9]{0,3}[1-9])?", fullmatch=True)
DOC = st.builds(Doc, name=NAMES, salt=WORDS, sha256=WORDS, size=INTEGERS)
SPANS = st.tuples(st.dates(), st.dates()).map(sorted)


def _set_of(one: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(one, min_size=1, max_size=4).map(lambda found: tuple(sorted(found)))


@st.composite
def authorisations(draw: st.DrawFn) -> Authorisation:
    start, until = draw(SPANS)
    return Authorisation(
        subject=draw(SUBJECTS),
        grantee=draw(CODES),
        purpose=draw(PURPOSES),
        types=draw(_set_of(TYPES)),
        regions=draw(_set_of(REGIONS)),
        start=start,
        until=until,
        docs=tuple(draw(st.lists(DOC, min_size=1, max_size=2))),
    )


@st.composite
def special_reports(draw: st.DrawFn) -> SpecialReport:
    start, end = draw(SPANS)
    return SpecialReport(
        content=draw(DIGESTS),
        start=start,
        end=end,
        subject=draw(SUBJECTS),
        until=draw(st.dates()),
    )


QUERIES = st.builds(
    Query,
    answer=DIGESTS,
    asker=CODES,
    authorisation=st.none() | DIGESTS,
    items=INTEGERS,
    purpose=PURPOSES,
    subject=SUBJECTS,
)
USES = st.builds(
    Use,
    answer=DIGESTS,
    decision=st.sampled_from(sorted(query.DECISIONS)),
    product=st.none() | DIGESTS,
    purpose=PURPOSES,
)
OUTCOMES = st.builds(
    Outcome,
    granted=AMOUNTS,
    households=INTEGERS,
    lent=AMOUNTS,
    period=st.dates().map(lambda day: day.isoformat()[:7]),
    product=st.none() | DIGESTS,
    region=REGIONS,
    seq=st.integers(1, canonical.MAX_INTEGER),
    version=st.integers(0, 2**32 - 1),
)
FEEDBACKS = st.builds(
    Feedback, day=st.dates(), matter=NAMES, measure=NAMES, query=DIGESTS, result=NOTES
)
SAID: dict[str, st.SearchStrategy[Any]] = {
    "case": STEPS,
    "authorisation": authorisations(),
    "query": QUERIES,
    "use": USES,
    "report": special_reports(),
    "outcome": OUTCOMES,
    "feedback": FEEDBACKS,
}
"""What each sort says; `dummy` says nothing."""
STATEMENTS = st.one_of(
    *(
        st.builds(
            Statement, sort=st.just(sort), members=said.map(lambda made: made.members()), **COMMON
        )
        for sort, said in SAID.items()
    ),
    st.builds(Statement, sort=st.just("dummy"), **COMMON),
)


def step(**changes: Any) -> Step:
    """A step in which all that may be is there."""
    values: dict[str, Any] = {
        "act": "grant",
        "authority": "11130000000000001X",
        "basis": 1,
        "case": bytes(32),
        "channel": "portal",
        "class_": "general",
        "day": "2026-11-20",
        "docs": (Doc(name="决定书.pdf", salt=bytes(32), sha256=bytes([1]) * 32, size=7),),
        "national_no": "XY2026-7",
        "note": "",
        "prev": Digest(bytes([2]) * 32),
        "pushed": "2026-11-19",
        "received": "2026-11-18",
        "record": RecordId(bytes([3]) * 32),
        "role": "xyzb:officer-7",
        "step": 2,
    }
    return Step(**values | changes)


def query_of(items: int = 0) -> dict[str, Any]:
    """The members of a query, which concerns nobody's case."""
    made = Query(
        answer=Digest(bytes([6]) * 32),
        asker="demo-bank",
        authorisation=None,
        items=items,
        purpose="pre-loan",
        subject="911300007W0LM5R39F",
    )
    return made.members()


def statement(**changes: Any) -> Statement:
    """A statement of this step, or of a query where that is the `sort`."""
    values: dict[str, Any] = {
        "sort": "case",
        "at": 1_800_000_000,
        "iss": "130000",
        "log": LogId(bytes([4]) * 32),
        "salt": bytes([5]) * 32,
        "members": query_of() if changes.get("sort") == "query" else step().members(),
    }
    return Statement(**values | changes)


def promised(
    made: Statement,
    others: int = 2,
    signature: bytes = bytes(65),
    replaces: RecordId | None = None,
) -> Opening:
    """An opening whose promise covers others too. Nobody signed it, unless you did."""
    entry = made.entry(replaces)
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(others)]
    leaves.append(merkle.leaf_hash(entry))
    issued = min(made.at, canonical.MAX_INSTANT - MAX_PROMISE)
    promise = Promise(
        log=made.log,
        leaves_root=merkle.root(leaves),
        count=len(leaves),
        issued_at=issued,
        due=issued + MAX_PROMISE,
        signature=signature,
    )
    path = tuple(merkle.inclusion_path(leaves, others))
    return Opening(
        statement=made,
        entry=parse_entry(entry),
        proof=Promised(index=others, path=path, promise=promise),
    )


def anchored(made: Statement, others: int = 2) -> Opening:
    """An opening whose receipt is right in itself."""
    entry = made.entry()
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(others)]
    leaves.append(merkle.leaf_hash(entry))
    body = note.checkpoint_body(note.origin_of(made.log), len(leaves), merkle.root(leaves))
    checkpoint = note.encode_checkpoint(body, bytes(32), bytes(64))
    data = receipt.build(
        anchor=receipt.Anchor(block=7, block_hash=Digest(bytes(32)), time=9, tx=Digest(bytes(32))),
        checkpoint=checkpoint,
        entry=entry,
        index=others,
        network=receipt.network_reference(31337, "0x" + "ab" * 20),
        path=merkle.inclusion_path(leaves, others),
    )
    return of_receipt(made, receipt.parse(data))


def worked(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Input and expected values of a worked example of part 2."""
    return example(f"part-2/{name}")


def text_of(data: bytes) -> str:
    """A salt as it stands in JSON."""
    return b64u_encode(data)
