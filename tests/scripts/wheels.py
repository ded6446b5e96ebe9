"""Wheels and npm packages made on the spot, and the indexes that offer them."""

import base64
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def make_wheel(folder: Path, name: str, version: str, requires: Sequence[str] = ()) -> Path:
    """A wheel that holds nothing but its metadata."""
    stem = f"{name.replace('-', '_')}-{version}"
    about = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    about += [f"Requires-Dist: {one}" for one in requires]
    files = {
        "METADATA": "\n".join(about) + "\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        record = [f"{stem}.dist-info/{part},," for part in [*files, "RECORD"]]
        for part, text in {**files, "RECORD": "\n".join(record) + "\n"}.items():
            entry = zipfile.ZipInfo(f"{stem}.dist-info/{part}")  # no time: the same bytes each time
            archive.writestr(entry, text)
    return path


def _tarball(package: dict[str, object]) -> bytes:
    """An npm package of its package.json alone."""
    content = json.dumps(package).encode()
    with io.BytesIO() as out:
        with tarfile.open(fileobj=out, mode="w:gz") as archive:
            member = tarfile.TarInfo("package/package.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        return out.getvalue()


class NpmIndex:
    """What a registry tells of packages; `refusals` are answers 503 to come first."""

    def __init__(self) -> None:
        self.url = ""
        self.refusals = 0
        self.tarballs: dict[str, bytes] = {}
        self.versions: dict[str, dict[str, dict[str, object]]] = {}

    def add(self, name: str, version: str, **more: object) -> dict[str, object]:
        """Offer one version, the newest so far; what a lock says of it."""
        package = {"name": name, "version": version, **more}
        tarball = _tarball(package)
        self.tarballs[f"/{name}-{version}.tgz"] = tarball
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode()
        self.versions.setdefault(name, {})[version] = {**package, "dist": {"integrity": integrity}}
        return {"version": version, "integrity": integrity, **more}

    def answer(self, path: str) -> bytes | None:
        """The body for a path, None where there is nothing."""
        if path in self.tarballs:
            return self.tarballs[path]
        name = path.strip("/")
        if name not in self.versions:
            return None
        versions = {
            version: {
                **one,
                "dist": {**dict(one["dist"]), "tarball": f"{self.url}/{name}-{version}.tgz"},  # type: ignore[call-overload]
            }
            for version, one in self.versions[name].items()
        }
        latest = list(versions)[-1]
        about = {"name": name, "dist-tags": {"latest": latest}, "versions": versions}
        return json.dumps(about).encode()


@contextmanager
def serve(index: NpmIndex) -> Iterator[None]:
    """Serve it on loopback; sets its `url`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = index.answer(self.path)
            status = 404 if body is None else 200
            if index.refusals:
                index.refusals -= 1
                status, body = 503, None
            self.send_response(status)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
