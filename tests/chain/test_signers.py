"""Signers in this process and behind HTTP: the same to whoever uses them."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.errors import SignerUnavailable
from ledger.chain.keys.keyfile import ALGS, create, new_secret
from ledger.chain.keys.signers import LocalSigner, RemoteSigner, open_signer
from ledger.core import eip712, keys
from ledger.core.canonical import b64u_decode
from ledger.core.errors import ConfigError, Malformed, SignatureInvalid
from ledger.core.keys import Alg

PASSWORD = b"pw"
DIGEST = b"\x21" * 32
TOKEN = "s3cret-token"
ALGORITHMS = [Alg.SECP256K1, Alg.ED25519, Alg.P256]


def make(alg: Alg = Alg.SECP256K1) -> LocalSigner:
    return LocalSigner(alg, new_secret())


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_messages(alg: Alg) -> None:
    signer = make(alg)
    for number in range(8):  # some have a high s before it is lowered
        message = b"message %d" % number
        signature = signer.sign(message)
        keys.verify(alg, signer.public_key, message, signature)
        with pytest.raises(SignatureInvalid):
            keys.verify(alg, signer.public_key, message + b"x", signature)


def test_digests() -> None:
    signer = make()
    signature = signer.sign_digest(DIGEST)
    assert eip712.recover(DIGEST, signature) == (signer.address, signer.public_key)
    assert signer.sign_digest(DIGEST) == signature  # RFC 6979
    with pytest.raises(Malformed):
        signer.sign_digest(b"short")


@pytest.mark.parametrize("alg", [Alg.ED25519, Alg.P256])
def test_other_curves_sign_no_digests(alg: Alg) -> None:
    signer = make(alg)
    with pytest.raises(ConfigError):
        signer.sign_digest(DIGEST)
    with pytest.raises(ConfigError):
        _ = signer.address


def test_the_secret_does_not_show() -> None:
    secret = new_secret()
    signer = LocalSigner(Alg.SECP256K1, secret)
    assert secret.hex() not in repr(signer)
    assert secret.hex() not in str(signer)


@pytest.mark.parametrize("purpose", ALGS)
def test_open_a_key_file(tmp_path: Path, purpose: str) -> None:
    path = tmp_path / "key.json"
    file = create(purpose, path, PASSWORD, work=2)
    if file.alg is None:
        with pytest.raises(ConfigError, match="signs nothing"):
            open_signer(path, PASSWORD)
        return
    signer = open_signer(path, PASSWORD)
    assert (signer.alg, signer.public_key, signer.key_id) == (
        file.alg,
        file.public_key,
        file.key_id,
    )


# --- Behind HTTP ----------------------------------------------------------------------------------

Answer = Callable[[dict[str, str]], tuple[int, bytes]]


@contextmanager
def service(answer: Answer) -> Iterator[str]:
    """A real signing service: bearer token, JSON in and out. Yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers["authorization"] != f"Bearer {TOKEN}":
                status, reply = 401, b"{}"
            else:
                status, reply = answer(json.loads(body))
            self.send_response(status)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sign"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def honest(signer: LocalSigner) -> Answer:
    def answer(request: dict[str, str]) -> tuple[int, bytes]:
        assert request["keyId"] == signer.key_id.hex()
        if "digest" in request:
            made = signer.sign_digest(bytes.fromhex(request["digest"][2:]))
        else:
            made = signer.sign(b64u_decode(request["message"]))
        return 200, json.dumps({"signature": "0x" + made.hex()}).encode()

    return answer


def told(**members: Any) -> Answer:
    return lambda request: (200, json.dumps(members).encode())


@contextmanager
def remote(answer: Answer, key: LocalSigner, token: str = TOKEN) -> Iterator[RemoteSigner]:
    with service(answer) as url:
        signer = RemoteSigner(url, alg=key.alg, public_key=key.public_key, token=token, timeout=60)
        yield signer
        signer.close()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_service_signs_as_a_file_does(alg: Alg) -> None:
    key = make(alg)
    with remote(honest(key), key) as signer:
        assert (signer.key_id, signer.public_key) == (key.key_id, key.public_key)
        keys.verify(alg, key.public_key, b"message", signer.sign(b"message"))
        if alg is Alg.SECP256K1:
            assert signer.sign_digest(DIGEST) == key.sign_digest(DIGEST)
            assert signer.address == key.address


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_service_with_another_key(alg: Alg) -> None:
    key, other = make(alg), make(alg)

    def answer(request: dict[str, str]) -> tuple[int, bytes]:
        return honest(other)(request | {"keyId": other.key_id.hex()})

    with remote(answer, key) as signer:
        with pytest.raises(SignatureInvalid):
            signer.sign(b"message")
        if alg is Alg.SECP256K1:
            with pytest.raises(SignatureInvalid):
                signer.sign_digest(DIGEST)


def test_a_service_that_signs_something_else() -> None:
    key = make()
    wrong = key.sign_digest(b"\x22" * 32)
    with (
        remote(told(signature="0x" + wrong.hex()), key) as signer,
        pytest.raises(SignatureInvalid),
    ):
        signer.sign_digest(DIGEST)


@pytest.mark.parametrize(
    "answer",
    [
        told(),
        told(signature=5),
        told(signature="0x1234"),
        told(signature="zz"),
        lambda request: (200, b"[]"),
        lambda request: (200, b"no"),
        lambda request: (200, b"[" * 4_000),
        lambda request: (200, b" " * 100_000),
        lambda request: (500, b"{}"),
        lambda request: (302, b"{}"),
    ],
)
def test_a_service_that_gives_no_signature(answer: Answer) -> None:
    key = make()
    with remote(answer, key) as signer:
        with pytest.raises(SignerUnavailable):
            signer.sign_digest(DIGEST)
        with pytest.raises(SignerUnavailable):
            signer.sign(b"message")


def test_a_wrong_token_and_nobody_there() -> None:
    key = make()
    with remote(honest(key), key, token="other") as wrong:
        with pytest.raises(SignerUnavailable) as caught:
            wrong.sign_digest(DIGEST)
        assert "other" not in str(caught.value)
    signer = RemoteSigner("http://localhost:1/", alg=key.alg, public_key=key.public_key, token="t")
    with pytest.raises(SignerUnavailable):
        signer.sign_digest(DIGEST)
    signer.close()


@pytest.mark.parametrize("status", [200, 500])
def test_no_message_holds_a_secret_of_the_url(status: int) -> None:
    """The user and the path may be what the service knows us by."""
    key, other = make(), make()
    secret = "user:geheim@localhost:1/geheim?t=geheim"
    messages = []
    with pytest.raises(ConfigError) as clear:
        RemoteSigner(f"ftp://{secret}", alg=key.alg, public_key=key.public_key, token="t")
    messages.append(str(clear.value))
    signer = RemoteSigner(f"http://{secret}", alg=key.alg, public_key=key.public_key, token="t")
    with pytest.raises(SignerUnavailable) as away:
        signer.sign_digest(DIGEST)
    messages += [str(away.value), away.value.url]
    signer.close()
    reply = told(signature="0x" + other.sign_digest(DIGEST).hex())({})[1]
    with remote(lambda _: (status, reply), key) as answering:
        answering.url += "?t=geheim"
        with pytest.raises((SignerUnavailable, SignatureInvalid)) as wrong:
            answering.sign_digest(DIGEST)
    messages.append(str(wrong.value))
    assert [message for message in messages if "geheim" in message] == []


@pytest.mark.parametrize("url", ["http://signer.example", "ftp://localhost", "signer", ""])
def test_the_token_never_travels_in_the_clear(url: str) -> None:
    key = make()
    with pytest.raises(ConfigError, match="https"):
        RemoteSigner(url, alg=key.alg, public_key=key.public_key, token=TOKEN)


def remote_file(folder: Path, key: LocalSigner, **changes: Any) -> Path:
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "token").chmod(0o600)
    fields = {
        "_type": "credit-ledger/remote-key@1",
        "purpose": "ANCHOR",
        "alg": int(key.alg),
        "keyId": key.key_id.hex(),
        "publicKey": key.public_key.hex(),
        "url": "http://localhost:1",
        "tokenFile": "token",
    } | changes
    path = folder / "anchor.json"
    path.write_text(json.dumps(fields))
    return path


def test_open_a_remote_key(tmp_path: Path) -> None:
    key = make()
    with service(honest(key)) as url:
        signer = open_signer(remote_file(tmp_path, key, url=url), b"")
        assert signer.sign_digest(DIGEST) == key.sign_digest(DIGEST)
        assert isinstance(signer, RemoteSigner)
        signer.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"url": None},
        {"url": "http://signer.example"},
        {"tokenFile": None},
        {"tokenFile": "nothing"},
        {"publicKey": "00" * 64},
        {"keyId": "00" * 32},
        {"_type": "credit-ledger/remote-key@2"},
    ],
)
def test_remote_files_that_cannot_work(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        open_signer(remote_file(tmp_path, make(), **changes), b"")
