"""`gateway serve` as operators start it: real key files, a chain that is not there, SIGTERM."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from gateway.devnet import plain
from gateway.serve import listen
from ledger.chain.keys.keyfile import WORK_LIGHT, create
from tests.gateway.intake.material import bearer
from tests.support.child import ROOT
from tests.support.node import make_network

CONFIG = """
env = "development"
network = "network.json"
key_password_file = "password"
[node]
code = "110000"
[http]
port = 0
"""
PURPOSES = ("ANCHOR", "NOTE", "PRESENT", "payer", "content", "index")
COMMAND = [sys.executable, "-c", "from gateway.cli import gateway; gateway()"]


def set_up(folder: Path) -> Path:
    """A member's folder; the path of its settings."""
    (folder / "keys").mkdir()
    (folder / "password").write_text("secret\n")
    (folder / "password").chmod(0o600)
    for purpose in PURPOSES:
        path = folder / "keys" / f"{purpose.lower()}.json"
        create(purpose, path, b"secret", work=WORK_LIGHT)
    (folder / "network.json").write_bytes(make_network().encode())
    config = folder / "gateway.toml"
    config.write_text(CONFIG)
    return config


def test_from_start_to_sigterm(tmp_path: Path) -> None:
    config = set_up(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CREDIT_LEDGER_CONFIG": str(config)}
    added = subprocess.run(
        [*COMMAND, "token", "add", "x", "--scope", "submit"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    token = bearer(added.stdout.strip())
    log = tmp_path / "log.jsonl"
    output = tmp_path / "output"
    with log.open("w") as stderr, output.open("w") as stdout:
        process = subprocess.Popen(
            [*COMMAND, "serve"], env=environment, stdout=stdout, stderr=stderr
        )
    try:
        url = f"http://127.0.0.1:{port_of(process, log)}"
        assert plain.get(f"{url}/healthz", timeout=300).status_code == 200
        ready = plain.get(f"{url}/readyz", timeout=300)
        assert (ready.status_code, ready.json()["reason"]) == (503, "chain-unknown")
        refused = plain.post(
            f"{url}/v1/records", content=b"{}", headers=token | {"Content-Type": "application/json"}
        )
        assert (refused.status_code, refused.json()["reason"]) == (503, "chain-unknown")
        process.send_signal(signal.SIGTERM)
        assert process.wait(400) == 0
    finally:
        process.kill()
        process.wait()
    assert output.read_bytes() == b""  # everything goes to the log
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert events[-1] == "gateway.stopped"
    assert "http.request" in events
    assert all({"level", "time"} <= line.keys() for line in lines)


def test_a_port_in_use_is_a_failure_not_a_trace(tmp_path: Path) -> None:
    config = set_up(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config.write_text(CONFIG.replace("port = 0", f"port = {port}"))
        done = subprocess.run(
            [*COMMAND, "serve", "--config", str(config)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def port_of(process: subprocess.Popen[bytes], log: Path) -> int:
    """As the log says it, once it does."""
    end = time.monotonic() + 600
    while time.monotonic() < end and process.poll() is None:
        for line in log.read_text().splitlines():
            if '"gateway.listening"' in line:
                return int(json.loads(line)["port"])
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


def test_a_body_does_not_wait_for_its_header_to_be_acknowledged() -> None:
    """asyncio sets TCP_NODELAY only on sockets that name TCP; a kept connection lost 20 ms each."""

    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen("127.0.0.1", 0)
        async with await asyncio.start_server(look, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            option = await asyncio.wait_for(found, 120)
            writer.close()
            await writer.wait_closed()
        return option

    assert asyncio.run(accepted())
