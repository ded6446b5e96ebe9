"""One node that misbehaves in every way we could think of."""

import email.utils
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import orjson
import pytest

from ledger.chain.errors import (
    Reverted,
    RpcError,
    RpcFailure,
    RpcNonsense,
    RpcPruned,
    RpcRefused,
    RpcTimeout,
    RpcUnreachable,
)
from ledger.chain.nodes import order
from ledger.chain.nodes.failover import Failover
from ledger.chain.nodes.rpc import MAX_DEPTH, Rpc, _depth
from tests.support.anvil import CHAIN_ID, Anvil
from tests.support.proxy import (
    Proxy,
    delay,
    drip,
    drop_request,
    drop_response,
    error,
    hold,
    huge,
    raw,
    start_proxy,
)
from tests.support.stuck import frozen


@pytest.fixture
def rpc(proxy: Proxy) -> Iterator[Rpc]:
    rpc = Rpc(proxy.url, timeout=60, max_bytes=100_000)
    yield rpc
    rpc.close()


def test_honest(rpc: Rpc) -> None:
    assert rpc.call("eth_chainId") == hex(CHAIN_ID)
    assert rpc.call("eth_getTransactionReceipt", ["0x" + "00" * 32]) is None


@pytest.mark.parametrize("fault", [drop_request(), drop_response()], ids=["request", "response"])
def test_a_cut_line(rpc: Rpc, proxy: Proxy, fault: Any) -> None:
    proxy.on(None, fault, times=1)
    with pytest.raises(RpcUnreachable):
        rpc.call("eth_chainId")
    assert rpc.call("eth_chainId") == hex(CHAIN_ID)


@pytest.mark.parametrize("fault", [delay(3), drip(0.02)], ids=["silent", "drip"])
def test_the_whole_call_has_a_bound(rpc: Rpc, proxy: Proxy, fault: Any) -> None:
    """A byte every 20 ms keeps any wait on a socket below 0.5 s, and takes 4 s for all: without
    the bound the answer would come."""
    proxy.on(None, fault)
    rpc.timeout = 0.5
    with pytest.raises(RpcTimeout):
        rpc.call("eth_chainId")


def ok(result: Any, **more: Any) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": 1, "result": result} | more)


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":2,"result":1}',
        b'{"jsonrpc":"2.0","id":"1","result":1}',
        b'{"jsonrpc":"2.0","id":1,"result":1}{}',
        b'{"jsonrpc":"2.0","id":1,"error":"broken"}',
        b'{"jsonrpc":"2.0","id":1,"result":NaN}',
        b"[" * 90_000,
        ok(nested(MAX_DEPTH)),
        ok({"a": 1}, error=1),
    ],
)
def test_nonsense(rpc: Rpc, proxy: Proxy, body: bytes) -> None:
    proxy.on(None, raw(body))
    with pytest.raises(RpcNonsense):
        rpc.call("eth_chainId")


def test_depth_up_to_the_bound(rpc: Rpc, proxy: Proxy) -> None:
    proxy.on(None, raw(ok(nested(MAX_DEPTH - 1))))
    assert rpc.call("x") == nested(MAX_DEPTH - 1)


@pytest.mark.parametrize(("value", "depth"), [(1, 0), ([], 1), ({"a": [1]}, 2), ([[], {}], 2)])
def test_depth(value: Any, depth: int) -> None:
    assert _depth(value) == depth


def test_depth_stops_counting() -> None:
    assert _depth(nested(500)) == MAX_DEPTH + 1


def test_too_long(rpc: Rpc, proxy: Proxy) -> None:
    proxy.on(None, huge(90_000), times=1)
    assert len(rpc.call("x")) > 90_000
    proxy.on(None, huge(110_000))
    with pytest.raises(RpcNonsense, match="longer than 100000"):
        rpc.call("x")


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500, 503])
def test_http_errors(rpc: Rpc, proxy: Proxy, status: int) -> None:
    proxy.on(None, raw(b"sorry", status=status))
    with pytest.raises(RpcRefused) as caught:
        rpc.call("x")
    assert caught.value.status == status


def test_json_inside_an_http_error(rpc: Rpc, proxy: Proxy) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"bad"}}'
    proxy.on(None, raw(body, status=400), times=1)
    with pytest.raises(RpcError, match="-32600 bad"):
        rpc.call("x")
    proxy.on(None, raw(body, status=429), times=1)  # a limit on us says nothing of the call
    with pytest.raises(RpcRefused):
        rpc.call("x")
    proxy.on(None, raw(ok(1), status=404))
    with pytest.raises(RpcRefused):
        rpc.call("x")


@pytest.mark.parametrize(
    ("told", "payload"),
    [
        ((3, "execution reverted", "0x12345678"), "12345678"),
        ((3, "execution reverted"), ""),
        ((-32000, "Execution reverted"), ""),
        ((-32015, "VM execution error.", "Reverted 0xabcd"), "abcd"),
        ((-32603, "VM Exception: reverted", {"data": "0xab"}), "ab"),
        ((-32603, "VM Exception: reverted", {"result": "0xab"}), "ab"),
        ((3, "execution reverted", "0xzz"), ""),
        ((3, "execution reverted", 5), ""),
    ],
)
def test_reverts(rpc: Rpc, proxy: Proxy, told: tuple[Any, ...], payload: str) -> None:
    proxy.on(None, error(*told))
    with pytest.raises(Reverted) as caught:
        rpc.call("eth_call")
    assert caught.value.payload.hex() == payload


@pytest.mark.parametrize("number", [-32000, "x", None])
def test_other_errors(rpc: Rpc, proxy: Proxy, number: Any) -> None:
    proxy.on(None, error(number, "header not found"))
    with pytest.raises(RpcError) as caught:
        rpc.call("eth_call")
    assert not isinstance(caught.value, Reverted)


def test_a_node_does_not_write_to_our_terminal(rpc: Rpc, proxy: Proxy) -> None:
    proxy.on(None, error(-32000, "\x1b[2Jgone\n" + "x" * 1000))
    with pytest.raises(RpcError) as caught:
        rpc.call("eth_call")
    assert caught.value.text.startswith(" [2Jgone x")
    assert len(caught.value.text) == 500


def test_nobody_there() -> None:
    rpc = Rpc("http://127.0.0.1:1", timeout=60)
    with pytest.raises(RpcUnreachable):
        rpc.call("eth_chainId")
    rpc.close()


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """A server that answers everything with these bytes and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000,
        b"",
    ],
    ids=["not-http", "short", "gzip", "chunks", "headers", "nothing"],
)
def test_broken_http(data: bytes) -> None:
    with answering(data) as url:
        rpc = Rpc(url, timeout=60)
        with pytest.raises(RpcFailure):
            rpc.call("eth_chainId")
        rpc.close()


def test_names_do_not_show_secrets() -> None:
    rpc = Rpc("https://user:secret@node.example/v3/apikey")
    assert rpc.name == "https://node.example"
    rpc.close()


def test_failover(anvil: Anvil, proxy: Proxy) -> None:
    with start_proxy(anvil.url) as second:
        one, two = Rpc(proxy.url, timeout=60), Rpc(second.url, timeout=60)
        both = Failover([one, two])
        proxy.on(None, drop_request())
        assert both.call("eth_chainId") == hex(CHAIN_ID)
        asked = len(proxy.calls)
        assert both.call("eth_chainId") == hex(CHAIN_ID)
        assert len(proxy.calls) == asked  # the one that answered is asked first
        second.on(None, drop_request())
        with pytest.raises(RpcUnreachable):
            both.call("eth_chainId")
        proxy.clear()
        proxy.on(None, error(-32000, "no"))
        with pytest.raises(RpcError):  # an error object is an answer
            both.call("eth_chainId")
        one.close()
        two.close()
    with pytest.raises(ValueError, match="no node"):
        Failover([])


def test_failover_asks_another_where_one_hangs(anvil: Anvil, proxy: Proxy) -> None:
    """It is asked again as soon as it answers."""
    with start_proxy(anvil.url) as second, closing(Rpc(proxy.url, timeout=3600)) as own:
        with closing(Rpc(second.url, timeout=60)) as other:
            both = Failover([own, other])
            release = threading.Event()
            proxy.on(None, hold(release))
            assert both.call("eth_chainId") == hex(CHAIN_ID)
            assert second.count("eth_chainId") == 1
            release.set()


def test_failover_does_not_believe_one_that_stands_still(
    anvil: Anvil, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "LOOK_SECONDS", 0)
    with start_proxy(anvil.url) as second, closing(Rpc(proxy.url, timeout=60)) as own:
        with closing(Rpc(second.url, timeout=60)) as other:
            both = Failover([own, other])
            proxy.on(None, frozen(anvil))
            before = int(both.call("eth_blockNumber"), 16)
            assert second.count("eth_chainId") == 0
            anvil.mine()
            assert int(both.call("eth_getBlockByNumber", ["latest", False])["number"], 16) > before
            proxy.clear()
            asked = len(second.calls)
            both.call("eth_chainId")  # the first one again, once it is well
            assert [name for name, _ in second.calls[asked:]] == ["eth_blockNumber"]


# --- For the moment, or for good ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "transient", "too_much"),
    [
        (raw(b"", status=429), True, False),
        (raw(b"", status=502), True, True),
        (raw(b"", status=503), True, True),
        (raw(b"", status=504), True, True),
        (raw(b"", status=413), False, True),
        (raw(b"", status=401), False, False),
        (raw(b"", status=403), False, False),
        (raw(b"", status=404), False, False),
        (raw(b"<html>"), True, True),
        (raw(b"{}"), False, True),
        (drop_request(), True, False),
        (error(-32601, "method not found"), False, False),
        (error(-32602, "block range is too wide"), False, True),
        (error(-32005, "limit exceeded"), True, True),
        (error(-32000, "header not found"), True, False),
        (error(-32000, "query returned more than 10000 results"), False, True),
        (error(-32000, "Too Many Requests"), True, True),
        (error(3, "execution reverted: limit exceeded", "0x12345678"), False, True),
        (error(4444, "pruned history unavailable"), False, False),
        (error(-32000, "missing trie node 0xab"), False, False),
    ],
)
def test_transient_and_permanent(
    rpc: Rpc, proxy: Proxy, fault: Any, transient: bool, too_much: bool
) -> None:
    proxy.on(None, fault)
    with pytest.raises(RpcFailure) as caught:
        rpc.call("x")
    assert (caught.value.transient, caught.value.too_much) == (transient, too_much)


def test_pruned_is_told_apart(rpc: Rpc, proxy: Proxy) -> None:
    proxy.on(None, error(4444, "pruned history unavailable"))
    with pytest.raises(RpcPruned) as caught:
        rpc.call("x")
    assert caught.value.code == "node-pruned"


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("99999", 86_400, 86_400),
        ("in an hour", 3000, 3600),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0, 0),
    ],
)
def test_retry_after(rpc: Rpc, proxy: Proxy, header: str, low: float, high: float) -> None:
    if header == "in an hour":
        header = email.utils.formatdate(time.time() + 3600, usegmt=True)
    proxy.on(None, raw(b"", status=429, retry_after=header))
    with pytest.raises(RpcRefused) as caught:
        rpc.call("x")
    assert caught.value.retry_after is not None
    assert low <= caught.value.retry_after <= high


@pytest.mark.parametrize("header", ["soon", "-1", "1.5", "", "1" * 40, "Fri, 99 Foo"])
def test_a_retry_after_that_says_nothing(rpc: Rpc, proxy: Proxy, header: str) -> None:
    proxy.on(None, raw(b"", status=503, retry_after=header))
    with pytest.raises(RpcRefused) as caught:
        rpc.call("x")
    assert caught.value.retry_after is None


def test_a_batch(rpc: Rpc, proxy: Proxy) -> None:
    proxy.on("net_version", error(-32601, "method not found"))
    found = rpc.batch([("eth_chainId", []), ("net_version", []), ("eth_chainId", [])])
    assert (found[0], found[2]) == (hex(CHAIN_ID), hex(CHAIN_ID))
    assert isinstance(found[1], RpcError)
    assert proxy.requests == 1


@pytest.mark.parametrize("body", [b"[]", b"{}", b'[{"id":10000,"result":1}]', b"[1]", b"null"])
def test_no_answers_to_a_batch(rpc: Rpc, proxy: Proxy, body: bytes) -> None:
    proxy.on(None, raw(body))
    with pytest.raises(RpcFailure):
        rpc.batch([("eth_chainId", []), ("eth_chainId", [])])


def test_failover_asks_again_where_all_refuse_for_the_moment(proxy: Proxy, anvil: Anvil) -> None:
    with start_proxy(anvil.url) as second:
        one, two = Rpc(proxy.url, timeout=30), Rpc(second.url, timeout=30)
        both = Failover([one, two])
        for each in (proxy, second):
            each.on(None, raw(b"", status=429), times=2)
            each.on(None, error(-32005, "limit exceeded"), times=1)
        assert both.call("eth_chainId") == hex(CHAIN_ID)
        for each in (proxy, second):
            each.on(None, raw(b"", status=403))
        asked = proxy.requests + second.requests
        with pytest.raises(RpcRefused):
            both.call("eth_chainId")
        assert proxy.requests + second.requests == asked + 2
        one.close()
        two.close()
