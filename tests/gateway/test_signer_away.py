"""A signing service that hangs or is gone: told at once, counted, and asked again in a while."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from gateway.app import create_app
from gateway.base.errors import NotReady
from gateway.base.metrics import TIMEOUTS
from gateway.chain import watched
from gateway.intake.readiness import promising
from gateway.node import Node
from ledger.chain.keys.signers import LocalSigner, RemoteSigner
from tests.gateway.intake.material import bearer, new_token, record
from tests.support.asgi import Client
from tests.support.node import make_test_node


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def node(tmp_path: Path, silent: int) -> Iterator[Node]:
    """Its ANCHOR key is held by the service on that port."""
    node = make_test_node(tmp_path)
    local = node.signing.keys.anchor
    assert isinstance(local, LocalSigner)
    remote = RemoteSigner(
        f"http://127.0.0.1:{silent}/",
        alg=local.alg,
        public_key=local.public_key,
        token="t",
        timeout=0.3,
    )
    node.signing.use(replace(node.signing.keys, anchor=remote))
    with closing(remote):
        yield node
    node.close()


def test_hanging(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(create_app(node))
    headers = bearer(new_token(node, "submit")) | {"Content-Type": "application/json"}

    def post() -> tuple[int, str]:
        answer = client.request(
            "POST", "/v1/records", content=orjson.dumps(record(1)), headers=headers
        )
        return answer.status_code, answer.json().get("reason", "")

    before = TIMEOUTS.labels("signer")._value.get()
    assert client.get("/readyz").status_code == 200, "nobody knows yet"
    assert post() == (503, "signer-unavailable")
    assert TIMEOUTS.labels("signer")._value.get() == before + 1
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["reason"]) == (503, "signer-unavailable")
    assert post() == (503, "signer-unavailable")
    assert TIMEOUTS.labels("signer")._value.get() == before + 1, "nobody waits for it again"
    monkeypatch.setattr(watched, "PAUSE", 0.0)
    assert client.get("/readyz").status_code == 200
    assert post() == (503, "signer-unavailable")
    assert TIMEOUTS.labels("signer")._value.get() == before + 2, "asked again after a while"


def test_back_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    key = node.signing.anchor_key
    assert isinstance(key, watched.WatchedSigner)
    failed_at = node.ctx.health.signer_failed_at
    failed_at[key.key_id] = threading.TIMEOUT_MAX * -1
    monkeypatch.setattr(key._signer, "sign_digest", lambda digest: b"signature")
    assert key.sign_digest(bytes(32)) == b"signature"
    assert not failed_at


@pytest.mark.parametrize(
    ("name", "hinders"), [("anchor", True), ("note", True), ("present", False), ("payer", False)]
)
def test_each_key_by_itself(node: Node, silent: int, name: str, hinders: bool) -> None:
    """A reader may ask for presentations as often as he likes: that stops no intake."""
    ctx, signing, at = node.ctx, node.signing, node.ctx.clock.seconds()
    key = getattr(signing.keys, name)
    kind = RemoteSigner(
        f"http://127.0.0.1:{silent}/",
        alg=key.alg,
        public_key=key.public_key,
        token="t",
        timeout=0.3,
    )
    with closing(kind):
        away = watched.WatchedSigner(kind, ctx.health)
        with pytest.raises(NotReady):
            if name in ("anchor", "payer"):
                away.sign_digest(bytes(32))
            else:
                away.sign(b"presentation")
    assert set(ctx.health.signer_failed_at) == {key.key_id}
    if hinders:
        with pytest.raises(NotReady) as caught:
            promising(ctx, node.chain, signing, at)
        assert caught.value.code == "signer-unavailable"
    else:
        promising(ctx, node.chain, signing, at)
