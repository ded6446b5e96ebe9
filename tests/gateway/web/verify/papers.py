"""Files that people have, made by real gateways: receipts, bundles, histories, lists, reports."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from gateway.app import create_app
from gateway.base.clock import Clock
from gateway.receipts.interfaces import Disclose
from gateway.verifying.desk import Desk
from gateway.verifying.services import Verifying
from ledger.core import receipt as receipts
from ledger.core.status import Action
from tests.gateway.erasures.desk import follow
from tests.gateway.intake.material import bearer, new_token
from tests.records import examples
from tests.support.callers import CENTRE
from tests.support.cases import act, make_act
from tests.support.day_lists import LIST
from tests.support.peers import Network, row

BEIJING, TIANJIN, BANK = "110000", "120000", "demo-bank"
MOST_SHOWN = 200
"""Bytes of a field that is shown; what is longer are signatures."""
_numbers = count(1)


@contextmanager
def pages_of(network: Network) -> Iterator[FastAPI]:
    """The pages of Beijing, with a budget that nobody has touched. The chain is read anew for each
    file: tests come within moments of each other."""
    node = network[BEIJING].node
    app, verifying = create_app(node), Verifying(node.ctx)
    app.state.verify_desk = Desk(verifying, now=node.ctx.clock.of_chain, fresh=0.0)
    yield app
    verifying.close()


def new_firm() -> str:
    """The code of a firm of one test alone."""
    return examples.code("91110000", f"MA0P{next(_numbers):04d}")


def receipt(network: Network, firm: str, *, bare: bool = False) -> bytes:
    """Of a penalty of Beijing, with all that may be shown."""
    beijing = network[BEIJING]
    (record,) = beijing.file(row(next(_numbers), CF_XDR_SHXYM=firm))
    disclose = None if bare else Disclose(CENTRE)
    made = beijing.node.receipts.receipt(beijing.leaf(record), disclose=disclose)
    assert isinstance(made, bytes)
    return made


def altered(data: bytes) -> bytes:
    """The same, with a fine that was another."""
    for part in data.split(b"~"):
        shown = base64.urlsafe_b64decode(part + b"==") if len(part) < MOST_SHOWN else b""
        if b'"0.2"' in shown:
            other = base64.urlsafe_b64encode(shown.replace(b'"0.2"', b'"0.1"')).rstrip(b"=")
            return data.replace(part, other)
    raise AssertionError("no fine is shown")


def done(network: Network, data: bytes, action: Action) -> None:
    """An act of Beijing on the record of a receipt."""
    found = receipts.parse(data)
    made = make_act(network.chain, action, found.log, found.entry.commitment)
    act(network.chain, BEIJING, made)
    network.chain.anvil.mine()


def bundle(network: Network, firm: str) -> bytes:
    """What the bank was told of a firm."""
    asked = {"code": firm, "purpose": "pre-loan", "types": ["penalty"]}
    return _asked(network, BANK, "POST", "/v1/uses", asked)


def history(network: Network, firm: str) -> bytes:
    """What Beijing gives a firm of itself."""
    follow(network[BEIJING].node)
    return _asked(network, BEIJING, "POST", "/v1/histories", {"code": firm, "purpose": "own"})


def day_list(network: Network) -> bytes:
    """A list of today."""
    return _asked(network, BEIJING, "GET", f"/v1/lists/{LIST}", None)


def report(network: Network, firm: str) -> bytes:
    """A special credit report."""
    asked = {"code": firm, "from": "2024-01-01", "to": Clock().today().isoformat()}
    return _asked(network, BEIJING, "POST", "/v1/reports", asked)


def _asked(network: Network, member: str, method: str, path: str, body: Any) -> bytes:
    node = network[member].node
    headers = bearer(new_token(node, "read", department=None, name=f"clerk {next(_numbers)}"))
    sent = b"" if body is None else json.dumps(body).encode()
    headers["content-type"] = "application/json"
    url = network[member].url + path
    answer = httpx.request(method, url, content=sent, headers=headers, timeout=600)
    assert answer.is_success, answer.text
    return bytes(answer.content)
