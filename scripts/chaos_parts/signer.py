"""A signing service of its own process: keys in files, a bearer token, the form of protocol.md.

    python -m scripts.chaos_parts.signer --keys DIR --port N

`DIR` holds the key files, their `password` and the `token` that is asked for.
"""

from __future__ import annotations

import argparse
import hmac
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ledger.chain.keys.keyfile import KeyFile
from ledger.chain.keys.signers import REMOTE_TYPE, LocalSigner, open_signer
from ledger.core.canonical import b64u_decode, hex0x, hex32, unhex0x
from ledger.core.errors import ConfigError, LedgerError

MAX_BODY = 1 << 20
DIGEST = 32


class Service(ThreadingHTTPServer):
    """Signs with the keys of one folder."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        password = (folder / "password").read_bytes().rstrip(b"\n")
        opened = [open_signer(path, password) for path in sorted(folder.glob("*.json"))]
        self.keys = {hex32(key.key_id): key for key in opened if isinstance(key, LocalSigner)}
        self.token = (folder / "token").read_text("ascii").strip()
        super().__init__(("127.0.0.1", port), Handler)

    def close(self) -> None:
        """Listen no more."""
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Service
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with the signature, or say why there is none."""
        size = int(self.headers.get("content-length", "0"))
        if size > MAX_BODY:
            self._answer(413, {})
            return
        body = self.rfile.read(size)
        told = self.headers.get("authorization", "")
        if not hmac.compare_digest(told, f"Bearer {self.server.token}"):
            self._answer(401, {})
            return
        try:
            signature = self._sign(json.loads(body))
        except (ValueError, KeyError, LedgerError) as error:
            self._answer(400, {"error": str(error)})
            return
        self._answer(200, {"signature": hex0x(signature)})

    def _sign(self, request: dict[str, str]) -> bytes:
        key = self.server.keys[request["keyId"]]
        if "digest" in request:
            return key.sign_digest(unhex0x(request["digest"], DIGEST))
        return key.sign(b64u_decode(request["message"]))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: whoever asked says what went wrong."""


def refer(key: Path, url: str, token_file: str) -> str:
    """The file that a gateway has in place of a key file: where that key signs."""
    file = KeyFile.load(key)
    if file.alg is None or file.public_key is None or file.key_id is None:
        raise ConfigError(str(key), "is no key pair")
    fields = {
        "_type": REMOTE_TYPE,
        "purpose": file.purpose,
        "alg": file.alg,
        "keyId": hex32(file.key_id),
        "publicKey": file.public_key.hex(),
        "url": url,
        "tokenFile": token_file,
    }
    return json.dumps(fields)


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    args = parser.parse_args()
    Service(args.keys, args.port).serve_forever()


if __name__ == "__main__":
    main()
