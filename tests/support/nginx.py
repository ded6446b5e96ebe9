"""A real nginx with the configuration that ships, before a gateway on this machine."""

import datetime
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SITE = Path(__file__).parents[2] / "gateway" / "deploy" / "nginx" / "credit-ledger.conf"
NAME = "ledger.example"
START_SECONDS = 300.0

MAIN = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/credit-ledger.conf;
}}
"""


def program() -> str:
    """nginx where it is installed. Tests that need it are only run where it is (`scripts/test.py`
    names them otherwise)."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert found, "nginx is not installed: on Debian `apt-get install nginx-light`"
    return found


@dataclass(frozen=True)
class Nginx:
    """A running one. certificate: of its own authority, for clients."""

    port: int
    plain_port: int
    certificate: Path
    folder: Path
    process: psutil.Process

    def connect(
        self, address: str = "127.0.0.1", *, protocols: tuple[str, ...] = ()
    ) -> ssl.SSLSocket:
        """A connection from that address of this machine, up to and with TLS."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if protocols:
            context.set_alpn_protocols(list(protocols))
        plain = socket.create_connection(("127.0.0.1", self.port), 300, (address, 0))
        return context.wrap_socket(plain, server_hostname=NAME)

    @contextmanager
    def client(self, address: str = "127.0.0.1") -> Iterator[httpx.Client]:
        """A client at that address of this machine."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        transport = _Named(httpx.HTTPTransport(verify=context, local_address=address))
        url = f"https://127.0.0.1:{self.port}"
        with httpx.Client(
            base_url=url, transport=transport, timeout=300, headers={"Host": NAME}
        ) as client:
            yield client


class _Named(httpx.BaseTransport):
    """Asks for the server by its name, wherever it is."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": NAME}
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()


def site(folder: Path, upstream: int, ports: tuple[int, int], changes: dict[str, str]) -> str:
    """The configuration as an operator would change it, and a test besides."""
    secure, plain = ports
    text = SITE.read_text("utf-8")
    for old, new in {
        "server 127.0.0.1:8546;": f"server 127.0.0.1:{upstream};",
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "/etc/credit-ledger/tls/": f"{folder}/",
        **changes,
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def nginx_before(
    upstream: int, folder: Path, changes: dict[str, str] | None = None, connections: int = 4096
) -> Iterator[Nginx]:
    """nginx before the gateway on port `upstream`, ended at the end."""
    folder.mkdir(exist_ok=True)
    _certificate(folder)
    ports = _free_ports()
    (folder / "credit-ledger.conf").write_text(site(folder, upstream, ports, changes or {}))
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, connections=connections))
    command = [program(), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait(process, ports[0], folder)
        found = psutil.Process(process.pid)
        yield Nginx(ports[0], ports[1], folder / "fullchain.pem", folder, found)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()
    told = re.findall(r"\[(?:alert|crit|emerg)\].*", (folder / "error.log").read_text())
    assert not told, told


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 60).close()
            return
        except OSError:
            time.sleep(0.05)
    process.kill()
    assert process.stderr
    raise RuntimeError(process.stderr.read().decode() + (folder / "error.log").read_text())


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _free_ports() -> tuple[int, int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    first, second = (one.getsockname()[1] for one in held)
    for one in held:
        one.close()
    return first, second
