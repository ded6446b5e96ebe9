"""The parts that do no I/O: terms, the table of errors, readers, and what is public."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger
from ledger.client import (
    async_client,
    async_finance_groups,
    async_groups,
    async_product_groups,
    client,
    finance_groups,
    groups,
    product_groups,
    records,
)
from ledger.client.errors import (
    FOREIGN,
    AnswerLost,
    AnswerMalformed,
    ClientError,
    NoAnswer,
    NotReady,
    Refused,
    Unreachable,
    translate,
)
from ledger.client.group import AsyncGroup, Group
from ledger.client.reading import Members
from ledger.client.terms import Terms
from ledger.client.wire import Repeat, Request, segment
from ledger.core.errors import CouldNotCheck, EvidenceError, LedgerError

# ---- errors


def test_the_tree_fits_the_one_of_the_core() -> None:
    """What is known and what is not never mix."""
    for kind in (Unreachable, AnswerLost, NotReady, AnswerMalformed):
        assert issubclass(kind, NoAnswer) and issubclass(kind, CouldNotCheck)
    assert issubclass(Refused, ClientError) and not issubclass(Refused, CouldNotCheck)
    assert issubclass(ClientError, LedgerError) and not issubclass(ClientError, EvidenceError)


def foreign(module: Any) -> list[type[BaseException]]:
    """Every exception that a library has."""
    found = (value for _, value in inspect.getmembers(module, inspect.isclass))
    return sorted(
        {one for one in found if issubclass(one, Exception)}, key=lambda one: one.__name__
    )


@pytest.mark.parametrize("kind", [*foreign(httpx), *foreign(httpcore)])
def test_every_foreign_exception_has_a_line(kind: type[BaseException]) -> None:
    """But for those that only a caller of theirs can raise, who is us."""
    if kind in (httpx.HTTPStatusError,):
        assert issubclass(kind, httpx.HTTPError)
    assert any(issubclass(kind, one) for one, _ in FOREIGN), kind


def test_only_what_was_never_sent_is_unreachable() -> None:
    sent: tuple[type[Exception], ...] = (
        *(httpx.ReadError, httpx.ReadTimeout, httpx.WriteError, httpx.WriteTimeout),
        *(httpx.RemoteProtocolError, httpx.CloseError, httpcore.ReadTimeout, TimeoutError),
    )
    for kind in sent:
        assert isinstance(translate(kind("x"), "u"), AnswerLost), kind
    unsent: tuple[type[Exception], ...] = (
        *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL),
    )
    for kind in unsent:
        assert isinstance(translate(kind("x"), "u"), Unreachable), kind
    assert translate(ValueError("x"), "u") is None
    assert str(translate(TimeoutError(), "u")) == "answer-lost: u: TimeoutError"


# ---- terms


@given(
    st.integers(1, 10_000),
    st.none() | st.floats(0, 1e6),
    st.floats(0, 1, exclude_max=True),
)
def test_pauses_are_bounded_and_never_too_early(
    failures: int, retry_after: float | None, jitter: float
) -> None:
    terms = Terms(first_pause=0.5, longest_pause=30.0, jitter=lambda: jitter)
    pause = terms.pause(failures, retry_after)
    assert 0 < pause <= 30.0 or retry_after == 0.0
    if retry_after is not None:
        assert pause >= min(retry_after, 30.0)
    else:
        assert 0.25 <= pause <= 0.5 * 2.0 ** min(failures - 1, 99)


@pytest.mark.parametrize("repeat", Repeat)
def test_what_may_be_repeated(repeat: Repeat) -> None:
    """The whole table."""
    terms = Terms(tries=2)
    request = Request(method="POST", path="/", repeat=repeat)
    lost, unsent = AnswerLost("u", "x"), Unreachable("u", "x")
    assert terms.may_repeat(request, unsent, 1)
    assert not terms.may_repeat(request, unsent, 2)
    assert terms.may_repeat(request, lost, 1) is (repeat is Repeat.ANY)
    assert terms.may_repeat(request, NotReady("u", "x", status=429), 99) is (
        repeat is not Repeat.COUNTED
    )
    assert terms.may_repeat(request, NotReady("u", "x", status=503), 99) is (
        repeat in (Repeat.ANY, Repeat.REFUSED)
    )
    assert not terms.may_repeat(request, AnswerMalformed("u", "x"), 1)


# ---- readers


@given(st.text(max_size=80))
def test_a_segment_stays_one(text: str) -> None:
    try:
        found = segment(text)
    except UnicodeEncodeError:
        assert any("\ud800" <= c <= "\udfff" for c in text)
        return
    assert httpx.URL(f"http://x/a/{found}/b").raw_path.count(b"/") == 3
    assert found not in (".", "..") and "?" not in found and "#" not in found


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(anything)
def test_readers_give_what_they_say_or_refuse(value: Any) -> None:
    kinds: dict[str, type | tuple[type, ...]] = {
        "text": str,
        "integer": int,
        "flag": bool,
        "texts": tuple,
        "counts": dict,
        "objects": list,
        "object": Members,
    }
    told = Members("u", "x", {"m": value})
    for name, kind in kinds.items():
        try:
            found = getattr(told, name)("m")
        except AnswerMalformed as error:
            assert "x.m" in str(error)
            continue
        assert isinstance(found, kind), name
    for name in ("text_or_none", "integer_or_none", "languages"):
        assert getattr(Members("u", "x", {}), name)("m") is None


@given(st.lists(st.binary(max_size=40), max_size=60), st.integers(1, 7))
def test_sets_keep_every_line_in_order(lines: list[bytes], most: int) -> None:
    found = list(records.sets(lines, most))
    assert [line for each in found for line in each] == lines
    assert all(0 < len(each) <= most for each in found)
    assert all(len(each) == most for each in found[:-1])


def test_sets_are_bounded_in_bytes() -> None:
    half = bytes(records.MAX_SET // 2)
    assert [len(each) for each in records.sets([half] * 5)] == [2, 2, 1]
    assert [len(each) for each in records.sets([half * 3, b"x", half * 3])] == [1, 1, 1]


# ---- what is public


def methods(kind: type) -> dict[str, inspect.Signature]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {name: inspect.signature(one) for name, one in found if not name.startswith("_")}


def offered(kind: type, *modules: Any) -> dict[str, type]:
    """The groups of some modules by name."""
    every = {name: getattr(one, name) for one in modules for name in one.__all__}
    return {
        name: one for name, one in every.items() if inspect.isclass(one) and issubclass(one, kind)
    }


GROUPS = offered(Group, groups, finance_groups, product_groups)
ASYNC_GROUPS = offered(AsyncGroup, async_groups, async_finance_groups, async_product_groups)
PAIRS = [
    (client.Client, async_client.AsyncClient),
    (client.Watch, async_client.AsyncWatch),
    *((one, ASYNC_GROUPS[f"Async{name}"]) for name, one in GROUPS.items()),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_both_clients_offer_the_same(one: type, other: type) -> None:
    """Method for method, with the same parameters and words."""
    first, second = methods(one), methods(other)
    assert first.keys() == second.keys()
    for name in first:
        assert first[name].parameters.keys() == second[name].parameters.keys(), name
        kinds = [[p.kind for p in each[name].parameters.values()] for each in (first, second)]
        defaults = [[p.default for p in each[name].parameters.values()] for each in (first, second)]
        assert kinds[0] == kinds[1] and defaults[0] == defaults[1], name
        assert getattr(one, name).__doc__ == getattr(other, name).__doc__, name
        streams = name in ("bare_each", "each", "watch")
        assert inspect.iscoroutinefunction(getattr(other, name)) is not streams, name


def test_the_same_groups() -> None:
    with client.Client("http://127.0.0.1:1") as made:
        names = {name for name in vars(made) if not name.startswith("_")}
    assert {name.title() for name in names} == set(GROUPS)
    assert {f"Async{name.title()}" for name in names} == set(ASYNC_GROUPS)


@pytest.mark.parametrize("name", ledger.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ledger, name).__name__ == name
    assert name in dir(ledger)


def test_a_name_that_is_not() -> None:
    with pytest.raises(AttributeError, match="no_such"):
        getattr(ledger, "no_such")  # noqa: B009 - mypy knows as well


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout.strip()


def test_the_package_itself_costs_nothing() -> None:
    """A name is loaded when it is used, and what only gateways need never is."""
    heavy = ("httpx", "orjson", "ledger.client", "ledger.verify", "ledger.core")
    assert run(f"import sys, ledger; print([n for n in {heavy} if n in sys.modules])") == "[]"
    never = ("sqlalchemy", "fastapi", "gateway", "pydantic", "web3", "Crypto")
    code = "from ledger import Client, AsyncClient, Verifier, NetworkFile, judge_file"
    assert run(f"import sys\n{code}\nprint([n for n in {never} if n in sys.modules])") == "[]"
