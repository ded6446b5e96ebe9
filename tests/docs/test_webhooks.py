"""The page on webhooks: its receiver is run as it stands, its commands are understood."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from gateway.base.settings import WebhookSettings
from gateway.node import Node
from gateway.watching.interfaces import Kind
from gateway.webhooks import signing
from gateway.webhooks.schedule import TRIES
from gateway.webhooks.services import Named
from ledger.cli.main import cli
from tests.gateway.webhooks.desk import change, holder, record, row, turn
from tests.support.node import make_test_node

PAGES = Path(__file__).parents[2] / "docs" / "operators"
NAMES = ("webhooks.md", "webhooks.zh-CN.md")
SECONDS = 300.0


def blocks(page: str, language: str) -> list[str]:
    text = (PAGES / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_both_languages_show_the_same() -> None:
    for language in ("text", "python"):
        assert blocks(NAMES[0], language) == blocks(NAMES[1], language)
    rows = [re.findall(r"^\| (`[^|]*\|[^|]*)\|", (PAGES / page).read_text("utf-8"), re.MULTILINE)
            for page in NAMES]  # fmt: skip
    assert rows[0] == rows[1] and len(rows[0]) == 8


@pytest.mark.parametrize("page", NAMES)
def test_its_commands_are_understood(page: str) -> None:
    lines = "".join(blocks(page, "text")).splitlines()
    found = [shlex.split(re.split(r"  +", line)[0]) for line in lines if "credit-ledger" in line]
    known = {"ID": "ab" * 16, "RECORD": "ab" * 32, "COMMITMENT": "cd" * 32}
    for _, group, name, *rest in found:
        command = cli.get_command(click.Context(cli), group)
        assert isinstance(command, click.Group)
        one = command.get_command(click.Context(command), name)
        assert one is not None
        one.make_context(name, [known.get(word, word) for word in rest])
    assert len(found) == 11


@pytest.mark.parametrize("page", NAMES)
def test_its_settings_and_types_are_there(page: str) -> None:
    text = (PAGES / page).read_text("utf-8")
    (settings,) = (one for one in blocks(page, "text") if "[webhooks]" in one)
    names = re.findall(r"^([a-z_]+) =", settings, re.MULTILINE)
    assert set(names) == set(WebhookSettings.model_fields)
    types = {*(kind.value for kind in Kind), signing.RESET, signing.TEST}
    assert set(re.findall(r"^\| `([a-z.-]+)` \|", text, re.MULTILINE)) == types
    assert str(TRIES) in text


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with closing(make_test_node(tmp_path)) as made:
        yield made


@contextmanager
def receiver(folder: Path, port: int, secrets: str) -> Iterator[subprocess.Popen[str]]:
    """The program of the page."""
    (folder / "receiver.py").write_text(blocks(NAMES[0], "python")[0])
    process = subprocess.Popen(
        [sys.executable, "receiver.py", str(port)],
        cwd=folder,
        env=os.environ | {"WEBHOOK_SECRETS": secrets},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_its_receiver_takes_what_is_genuine_once(node: Node, tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    url = f"http://127.0.0.1:{port}/hook"
    caller = holder(node)
    told = node.webhooks.webhooks.add(caller, url, Named(records=[record(1)]))
    endpoint, former = str(told["id"]), str(told["secret"])
    secret = str(node.webhooks.webhooks.rotate(caller, endpoint, end_old=False)["secret"])
    change(node, 1)
    with receiver(tmp_path, port, f"{former} {secret}") as process:
        turn(node, endpoint)
        assert row(node, endpoint).code is None
        assert process.stdout is not None
        kind, data = process.stdout.readline().split(" ", 1)
        assert kind == "record.changed" and record(1).hex() in data
        message = signing.test(int(time.time()))

        def posted(body: bytes, **changes: Any) -> int:
            values: dict[str, Any] = {"at": int(time.time()), "keys": [secret]} | changes
            headers = signing.headers(message, **values)
            return httpx.post(url, content=body, headers=headers, timeout=SECONDS).status_code

        assert posted(message.body) == 204
        assert posted(message.body) == 204, "a repeat"
        assert posted(message.body.replace(b"test", b"text")) == 401
        assert posted(message.body, keys=[signing.new_secret()]) == 401
        assert posted(message.body, at=int(time.time()) - 600) == 401
        assert posted(b"x" * 70_000) == 413
        assert httpx.post(url, content=b"{}", timeout=SECONDS).status_code == 401
        process.terminate()
        assert process.stdout.read().splitlines() == ["webhook.test {}"], "the repeat is not told"
