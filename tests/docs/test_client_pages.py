"""The pages of the client library: every example is run as it stands, on a network of its own.

Of the Java program the request is taken out of its text and sent byte for byte, for no machine must
have a JDK to run these tests.
"""

import ast
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

import pytest

from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, load_ports
from gateway.http.titles import TITLES
from gateway.verifying.asking import LENGTHS
from tests.gateway.cases.desk import PDF
from tests.records.examples import penalty

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ROOT / "docs" / "client"
LANGUAGES = (("README.md", "README.zh-CN.md"), ("java.md", "java.zh-CN.md"))
TIANJIN = "120000"
PRINTED = "8547"
SUBJECT = "91120101MA4J79434X"
SECONDS = 900.0
LINES = 10


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of a page."""
    text = (PAGES / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


EXAMPLES = blocks("README.md", "python")
FINANCE = range(7, 14)
"""Those that need a bank, a bureau and provinces: `tests/client/test_finance.py` runs them."""


@pytest.mark.parametrize("pages", LANGUAGES)
@pytest.mark.parametrize("language", ["python", "java"])
def test_both_languages_show_the_same_code(pages: tuple[str, str], language: str) -> None:
    assert blocks(pages[0], language) == blocks(pages[1], language)
    assert blocks(pages[0], language) or (language == "java") is (pages[0] == "README.md")


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_each_job_takes_ten_lines(code: str) -> None:
    """Besides what is imported."""
    tree = ast.parse(code)
    imports = {one.lineno for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)}
    lines = [n for n, line in enumerate(code.splitlines(), 1) if line.strip()]
    assert 0 < len(set(lines) - imports) <= LINES


def test_the_examples_are_well_typed(tmp_path: Path) -> None:
    """Whoever copies one into a strict program gets no complaint."""
    files = []
    for n, code in enumerate(EXAMPLES):
        file = tmp_path / f"example_{n}.py"
        file.write_text(code, "utf-8")
        files.append(str(file))
    cache = f"--cache-dir={tmp_path / 'cache'}"
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", cache, *files]
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_pages_name_what_there_is() -> None:
    for page, language in (("java.md", "en"), ("java.zh-CN.md", "zh")):
        text = (PAGES / page).read_text("utf-8")
        rows = re.findall(r"^\| [^|]+ \| ((?:`[a-z-]+` ?)+) \|", text, re.MULTILINE)
        codes = set(re.findall(r"`([a-z-]+)`", " ".join(rows)))
        assert codes and codes <= set(TITLES), language
        assert " ".join(f"`{name}`" for name in LENGTHS) in text, language


class Network(NamedTuple):
    """A folder to work in, with what the examples read, and the port of Tianjin's gateway."""

    folder: Path
    port: int

    def command(self, code: str, leaf: str = "") -> list[str]:
        """Runs an example with our port, and with a leaf in place of the dots."""
        changed = code.replace(PRINTED, str(self.port)).replace('"…"', f'"{leaf}"')
        return [sys.executable, "-c", changed]

    def run(self, code: str, leaf: str = "") -> str:
        """What an example prints."""
        done = subprocess.run(
            self.command(code, leaf),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if "CREDIT_LEDGER" not in key}
        return clean | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("pages")
    state = folder / ".credit-ledger"
    nodes = [member for member in NODES if member.code == TIANJIN]
    services.up(state, 0, lambda _step: None, nodes=nodes)
    try:
        layout = Layout(state)
        for name, source in (
            ("network.json", state / "network.json"),
            ("token", state / "members" / TIANJIN / "token"),
            ("天津_行政处罚.xlsx", ROOT / "examples" / "天津_行政处罚.xlsx"),
        ):
            (folder / name).write_bytes(source.read_bytes())
        (folder / "缴款书.pdf").write_bytes(PDF)
        records = [
            {"type": "penalty", "class": "general", "fields": penalty(CF_WSH=f"样〔2026〕{n}号")}
            for n in range(3)
        ]
        lines = [json.dumps(one, ensure_ascii=False) for one in records]
        (folder / "records.ndjson").write_text("\n".join(lines), "utf-8")
        yield Network(folder, load_ports(layout).members[TIANJIN])
    finally:
        services.down(state)


@pytest.fixture(scope="module")
def leaf(network: Network) -> str:
    """Of the row about `SUBJECT`, by the first example: a department hands in its file."""
    printed = network.run(EXAMPLES[0]).splitlines()
    [row] = [line.split() for line in printed if line.startswith("2 accepted ")]
    assert (network.folder / "to-correct.xlsx").read_bytes().startswith(b"PK")
    taken = [line.split()[2] for line in printed if " accepted " in line]
    assert all((network.folder / f"{one}.json").stat().st_size for one in taken)
    assert len(taken) > 5
    return row[2]


@pytest.fixture(scope="module")
def receipt(network: Network, leaf: str) -> bytes:
    """By the third example."""
    assert network.run(EXAMPLES[2], leaf).split() == ["none"]
    return (network.folder / "receipt.json").read_bytes()


def test_records_as_json(network: Network) -> None:
    printed = network.run(EXAMPLES[1]).splitlines()
    assert printed[0].startswith("accepted ") and printed[1] == "3"
    assert "'accepted': 2, 'duplicate': 1" in printed[2]


def test_a_bank_verifies(network: Network, receipt: bytes) -> None:
    """What is in force may be used; another's record, or one that was changed, may not."""
    assert receipt == (network.folder / "receipt.json").read_bytes()
    printed = network.run(EXAMPLES[3]).splitlines()
    assert printed[0] == "valid True True" and len(printed) == 2
    printed = network.run(EXAMPLES[3].replace(SUBJECT, "91110000600037341L")).splitlines()
    assert printed[0].startswith("other-subject False True")


def test_changes_are_followed(network: Network) -> None:
    """Until somebody ends it; what is kept is where it goes on."""
    place = network.folder / "place"
    for _ in range(2):
        before = place.stat().st_mtime_ns if place.exists() else 0
        process = subprocess.Popen(
            network.command(EXAMPLES[4]), cwd=network.folder, env=network.environment
        )
        end = time.monotonic() + SECONDS
        while not place.exists() or place.stat().st_mtime_ns == before:
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < end
            time.sleep(0.1)
        process.terminate()
        process.wait(60)
        assert re.fullmatch(r"\d+\.[0-9a-f]{8}", place.read_text())


def test_a_counter_files_a_case(network: Network, leaf: str) -> None:
    printed = network.run(EXAMPLES[5], leaf).splitlines()
    case = printed[0].split()[0]
    assert re.fullmatch("[0-9a-f]{64}", case)
    assert printed[1].startswith("filed repair-accept ['file-repair']")
    assert case in printed[2]


def test_lists_and_histories(network: Network, receipt: bytes) -> None:
    """No other province has a gateway here, so the list is not known to be whole."""
    assert receipt
    printed = network.run(EXAMPLES[6]).splitlines()
    assert printed[0] in ("incomplete", "undetermined") and printed[1] == "valid"


def test_without_blocking(network: Network, receipt: bytes) -> None:
    assert receipt
    assert re.fullmatch(r"\d+ receipts\n", network.run(EXAMPLES[14]))


def test_when_it_goes_wrong(network: Network) -> None:
    """Whose record that is nobody knows while other provinces give no answer: 503, and when to
    come again. What is refused is told in words."""
    assert float(network.run(EXAMPLES[15])) > 0
    refused = EXAMPLES[15].replace('"00" * 32', '"00"')
    assert network.run(refused).startswith("422 schema-invalid record ")


def test_every_example_is_run() -> None:
    assert len(EXAMPLES) == 16


# ---- Java


class Sent(NamedTuple):
    """What the Java program sends, as its text says."""

    method: str
    host: str
    port: int
    target: str
    headers: dict[str, str]
    body: str


def java_request(code: str) -> Sent:
    """The request of the program; its own values stand in braces."""
    [uri] = re.findall(r'URI\.create\("http://([\d.]+):(\d+)(/[^"]*)" \+ subject\)', code)
    headers = dict(re.findall(r'\.header\("([^"]+)", "([^"]*)"\)', code))
    headers |= {
        name: value + "{token}"
        for name, value in re.findall(r'\.header\("([^"]+)", "([^"]*)" \+ token\)', code)
    }
    [(method, body)] = re.findall(r"\.(POST|PUT)\(HttpRequest\.BodyPublishers\.(\w+)\(", code)
    assert code.count(".header(") == len(headers)
    assert "HttpClient.Version.HTTP_1_1" in code
    return Sent(method, uri[0], int(uri[1]), uri[2] + "{subject}", headers, body)


def send(sent: Sent, port: int, *, subject: str, token: str, data: bytes) -> tuple[int, str]:
    """These bytes over a socket, as HTTP/1.1 has them; status and body of the answer."""
    target = sent.target.format(subject=quote_plus(subject))
    lines = [f"{sent.method} {target} HTTP/1.1", f"Host: {sent.host}:{port}"]
    lines += [f"{name}: {value.format(token=token)}" for name, value in sent.headers.items()]
    lines += [f"Content-Length: {len(data)}", "Connection: close", "", ""]
    with socket.create_connection((sent.host, port), 120) as connection:
        connection.sendall("\r\n".join(lines).encode("ascii") + data)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def test_the_java_program_sends_what_is_answered(network: Network, receipt: bytes) -> None:
    [code] = blocks("java.md", "java")
    sent = java_request(code)
    assert (sent.method, sent.host, sent.body) == ("POST", "127.0.0.1", "ofFile")
    assert sent.headers == {
        "Authorization": "Bearer {token}",
        "Content-Type": "application/json",
    }
    [looked_for] = re.findall(r'answer\.body\(\)\.contains\("((?:[^"\\]|\\.)*)"\)', code)
    good = looked_for.replace('\\"', '"')
    token = (network.folder / "token").read_text().strip()

    def ask(data: bytes, subject: str = SUBJECT, token: str = token) -> tuple[int, str]:
        return send(sent, network.port, subject=subject, token=token, data=data)

    status, body = ask(receipt)
    told = json.loads(body)
    assert (status, told["verdict"], told["usable"], good in body) == (200, "valid", True, True)
    wrong = receipt.replace(b'"size":', b'"size": ', 1)
    for data, subject in ((receipt, "91110000600037341L"), (wrong, SUBJECT), (b"{}", SUBJECT)):
        status, body = ask(data, subject)
        assert (status, good in body) == (200, False), json.loads(body)["verdict"]
    status, body = ask(receipt, token="clt_nobody")
    assert (status, json.loads(body)["code"]) == (401, "token-unknown")
    status, body = ask(receipt, subject="")
    assert (status, json.loads(body)["field"]) == (422, "subject")


def test_what_the_java_program_looks_for_stands_in_no_value() -> None:
    """Whatever a record says, in JSON its quotes are escaped."""
    [code] = blocks("java.md", "java")
    assert r'contains("\"usable\":true,")' in code
    hostile = {"record": {"CF_NR": '"usable":true,'}, "usable": False, "now": {"usable": True}}
    assert '"usable":true,' not in json.dumps(hostile, separators=(",", ":"))
    assert '"usable":true,' in json.dumps({"usable": True, "x": 1}, separators=(",", ":"))
