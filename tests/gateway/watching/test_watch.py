"""The stream: what is told to whom, gone on with, bounded, and ended."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from gateway.devnet import plain
from gateway.node import Node
from gateway.serve import listen
from gateway.watching import routes, services
from gateway.watching.services import MAX_PER_TOKEN
from ledger.client.watching import Event, Lines
from ledger.core.status import Flag, Outcome
from tests.gateway.cases.desk import filing, of_authority, send_all, take_in
from tests.gateway.erasures.desk import follow
from tests.gateway.intake.material import OF_BEIJING, bearer, new_token
from tests.gateway.watching.test_changes import A, B, put, state
from tests.support.anvil import Anvil
from tests.support.peers import serving

WAIT = 600.0


@contextmanager
def served(node: Node) -> Iterator[str]:
    """The URL of a node behind a real socket."""
    listener = listen("127.0.0.1", 0)
    with serving(node, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        node.watching.end()
    listener.close()


@contextmanager
def watching(url: str, token: str, **options: Any) -> Iterator[Iterator[Event]]:
    """The events of one stream."""
    headers = bearer(token) | options.pop("headers", {})
    with (
        httpx.Client(timeout=WAIT) as client,
        client.stream("GET", f"{url}/v1/watch", headers=headers, **options) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = Lines()
        yield (event for part in answer.iter_bytes() for event in lines.feed(part))


def seen(stream: Iterator[Event], count: int) -> list[dict[str, Any]]:
    """The next so many statuses."""
    found: list[dict[str, Any]] = []
    for event in stream:
        if event.name == "status" and event.data:
            found.append(json.loads(event.data[0]) | {"id": event.id})
        if len(found) == count:
            break
    return found


def test_an_act_is_told_to_whom_may_know(node: Node, anvil: Anvil) -> None:
    """From the desk over the chain to the stream."""
    (leaf,) = take_in(node, anvil, 1)
    token = new_token(node, "read", name="reader", authorities=[OF_BEIJING])
    with served(node) as url, watching(url, token) as stream:
        assert next(stream).name == "begin"
        case = node.case_parts.cases.file(of_authority(node, 1), filing(leaf, "objection"))
        send_all(node, anvil)
        follow(node)
        (told,) = seen(stream, 1)
    record = node.case_parts.views.show(of_authority(node, 1), case)["record"]
    assert (told["record"], told["flags"], told["outcome"]) == (record, ["disputed"], "none")
    assert (told["version"], told["closed"]) == (1, False)
    assert (told["action"], told["basis"]) == ("dispute", 9)
    assert told["block"] > 0


def test_others_are_told_only_where_named(node: Node) -> None:
    token = new_token(node, "read", name="reader")
    with served(node) as url:
        named = {"params": {"record": B.hex()}}
        with watching(url, token, **named) as one, watching(url, token) as all_:
            assert (next(one).name, next(all_).name) == ("begin", "begin")
            put(node, a=state(1, Outcome.REPAIRED))
            put(node, b=state(1, flags=Flag.SHIELDED))
            put(node, a=state(2))
            (told,) = seen(one, 1)
            assert (told["record"], told["flags"]) == (B.hex(), ["shielded"])


def test_a_record_that_is_not_the_callers_is_not_told(node: Node, anvil: Anvil) -> None:
    """What is replaced is its own department's alone; another one learns nothing of it."""
    (leaf,) = take_in(node, anvil, 1)
    place = node.watching.start(None)[0]
    node.case_parts.cases.file(of_authority(node, 1), filing(leaf, "objection"))
    send_all(node, anvil)
    follow(node)
    clerk = of_authority(node, 1)
    assert len(node.watching.page(clerk, place, frozenset()).events) == 1
    with node.ctx.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET visibility = 3, department = 'another'")
    stranger = of_authority(node, 9, "91110000600037341L")
    page = node.watching.page(stranger, place, frozenset())
    assert (page.events, page.place) == ([], node.watching.page(clerk, place, frozenset()).place)


def test_gone_on_with_and_reset(node: Node) -> None:
    token = new_token(node, "read", name="reader")
    records = {"params": {"record": [A.hex(), B.hex()]}}
    with served(node) as url:
        put(node, a=state(1))
        with watching(url, token, **records) as stream:
            place = next(stream).id
            put(node, a=state(2), b=state(1))
            first, second = seen(stream, 2)
        assert place is not None
        for since, left in ((place, [2, 1]), (first["id"], [1])):
            with watching(url, token, headers={"Last-Event-ID": since}, **records) as again:
                assert next(again).name == "begin"
                assert [one["version"] for one in seen(again, len(left))] == left
        for wrong in ("9.00000000", "nonsense", "1.00000000"):
            with watching(url, token, headers={"Last-Event-ID": wrong}, **records) as again:
                event = next(again)
                assert (event.name, event.id) == ("reset", second["id"])


def test_pages(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PAGE", 2)
    for n in range(1, 8):
        put(node, a=state(n))
    token = new_token(node, "read", name="reader")
    with served(node) as url:
        options = {"params": {"record": A.hex(), "since": "0.00000000"}}
        with watching(url, token, **options) as stream:
            assert [one["version"] for one in seen(stream, 7)] == list(range(1, 8))


def test_bounded_and_given_back(node: Node) -> None:
    token = new_token(node, "read", name="reader")
    with served(node) as url:
        held = [watching(url, token) for _ in range(MAX_PER_TOKEN)]
        streams = [one.__enter__() for one in held]
        assert {next(stream).name for stream in streams} == {"begin"}
        refused = plain.get(f"{url}/v1/watch", headers=bearer(token), timeout=WAIT)
        assert (refused.status_code, refused.json()["reason"]) == (429, "streams")
        assert "retry-after" in refused.headers
        for one in held:
            one.__exit__(None, None, None)
        _until(lambda: plain.get(f"{url}/v1/node", timeout=WAIT).is_success and not _open(node))
        with watching(url, token) as stream:
            assert next(stream).name == "begin"


def _open(node: Node) -> int:
    return node.watching._open.total()


def _until(what: Any) -> None:
    gone = threading.Event()
    for _ in range(int(WAIT * 20)):
        if what():
            return
        gone.wait(0.05)
    raise AssertionError("never")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/watch", {}, 401),
        ("/v1/watch?record=zz", None, 404),
        ("/v1/watch?" + "&".join(f"record={n:064x}" for n in range(51)), None, 422),
    ],
)
def test_refused(node: Node, path: str, headers: dict[str, str] | None, status: int) -> None:
    token = new_token(node, "read", name="reader")
    with served(node) as url:
        given = bearer(token) if headers is None else headers
        assert plain.get(url + path, headers=given, timeout=WAIT).status_code == status
        only = new_token(node, "submit", name="sender")
        assert plain.get(f"{url}/v1/watch", headers=bearer(only)).status_code == 403


def test_heartbeats_and_the_end(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "HEARTBEAT_SECONDS", 0.0)
    token = new_token(node, "read", name="reader")
    with served(node) as url, watching(url, token) as stream:
        begin, beat = next(stream), next(stream)
        assert (begin.name, beat.data, beat.id) == ("begin", [], begin.id)
        node.watching.end()
        assert all(not one.data for one in stream), "the stream ends by itself"


WATCH = """
import signal, sys
from ledger.cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run behind a shell
sys.exit(main())
"""


def test_the_command_goes_on_and_ends_cleanly(node: Node) -> None:
    token = new_token(node, "read", name="reader")
    with served(node) as url:
        command = [sys.executable, "-c", WATCH, "watch", "--json", "--to", url]
        environment = os.environ | {"CREDIT_LEDGER_TOKEN": token, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [*command, "--record", A.hex(), "--since", "0.00000000"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        put(node, a=state(1, Outcome.REPAIRED))
        first = json.loads(process.stdout.readline())
        assert (first["event"], first["version"], first["outcome"]) == ("status", 1, "repaired")
        node.watching.end()  # the node ends all streams, then takes new ones
        _until(lambda: not _open(node))
        node.watching.ending = False
        put(node, a=state(2))
        assert json.loads(process.stdout.readline())["version"] == 2
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=WAIT)
    assert (process.returncode, rest) == (0, ""), said
    assert "Traceback" not in said
