"""Every error of the HTTP stack becomes one of ours, and keeps its cause."""

import builtins
import inspect
import ssl
from types import ModuleType

import httpcore
import httpx
import pytest

from ledger.chain import errors
from ledger.chain.errors import RpcTimeout, RpcUnreachable, translate
from ledger.chain.nodes.http import Http
from ledger.core.errors import CouldNotCheck, LedgerError

URL = "http://node"


def exceptions_of(module: ModuleType) -> list[type[Exception]]:
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    ]


FOREIGN = sorted(
    {*exceptions_of(httpx), *exceptions_of(httpcore), *exceptions_of(ssl)}
    | {e for e in exceptions_of(builtins) if issubclass(e, OSError)},
    key=lambda cls: cls.__module__ + cls.__name__,
)


def make(cls: type[Exception]) -> Exception:
    if cls is httpx.HTTPStatusError:
        request = httpx.Request("GET", URL)
        return httpx.HTTPStatusError("x", request=request, response=httpx.Response(500))
    if cls in (httpx.ResponseNotRead, httpx.RequestNotRead, httpx.StreamConsumed):
        return cls()
    return httpx.StreamClosed() if cls is httpx.StreamClosed else cls("x")


def test_enough_were_found() -> None:
    assert len(FOREIGN) > 60


@pytest.mark.parametrize("cls", FOREIGN, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_foreign_error_has_a_line(cls: type[Exception]) -> None:
    ours = translate(make(cls), URL)
    assert isinstance(ours, CouldNotCheck), f"no line for {cls}"
    assert ours.code in ("no-node", "node-nonsense")


@pytest.mark.parametrize("cls", [httpx.ReadTimeout, httpcore.ConnectTimeout, httpx.PoolTimeout])
def test_a_time_out_says_so(cls: type[Exception]) -> None:
    assert isinstance(translate(make(cls), URL), RpcTimeout)


def test_our_own_mistakes_are_not_translated() -> None:
    assert translate(TypeError("bug"), URL) is None


def test_the_cause_is_kept() -> None:
    http = Http(verify=False)
    with pytest.raises(RpcUnreachable) as caught:
        http.request("POST", "http://127.0.0.1:1/secret-key")
    assert isinstance(caught.value.__cause__, httpcore.ConnectError)
    assert "secret-key" not in str(caught.value)
    http.close()


def test_every_error_of_the_package_is_in_the_tree() -> None:
    ours = [e for e in exceptions_of(errors) if e.__module__ == errors.__name__]
    assert len(ours) > 15
    assert all(issubclass(e, LedgerError) for e in ours)
    drawn = errors.__doc__ or ""
    assert [e.__name__ for e in ours if e.__name__ not in drawn] == []
