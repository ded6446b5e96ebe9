"""The engine of the chain: beacond and geth, built from Go modules of pinned versions.

The hash of each module is pinned here; the `go.sum` inside pins all that it is built of. Built
once: what is there is taken while the pins and the Go that built it are the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

OLDEST_GO = (1, 24)
"""What the module of geth asks for."""
STAMP = "built.json"
TRUSTED_SETUP, BEGINNING = "kzg-trusted-setup.json", "eth-genesis.json"
"""Files of beacon-kit that every chain of it needs: points for blobs, and accounts with code."""

Progress = Callable[[str], None]


class CannotBuild(Exception):
    """The engine cannot be built here, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A Go module and the program in it. sum: of its content, as `go.sum` writes it. newer: modules
    taken in a later version than it asks for, each with its lines of `go.sum`. files: taken along,
    by their paths inside. added: files of ours that are put into a copy of it before it is built,
    so that its own `go.sum` pins what they import."""

    path: str
    version: str
    sum: str
    program: str
    tags: str = ""
    ldflags: str = "-w -s"
    newer: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    added: Mapping[str, Path] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the program."""
        return self.program.rpartition("/")[2]

    @property
    def asked(self) -> str:
        """As `go` is asked for it."""
        return f"{self.path}@{self.version}"


GETH = Module(
    path="github.com/ethereum/go-ethereum",
    version="v1.16.9",
    sum="h1:UTJ93yoXD7BEMWg+9lSZ8/Zvf0oZfy2ZUmv0Gn0ZclE=",
    program="./cmd/geth",
)
BEACOND = Module(
    path="github.com/berachain/beacon-kit",
    version="v1.1.3",
    sum="h1:fEi9OnU6FKANW8/+zhbG+Rx/e7USsFreNRDOB52hIIE=",
    program="./cmd/beacond",
    tags="netgo,pebbledb,blst,bls12381,ckzg,cgo",
    # -checklinkname: sonic 1.12.6 reaches into encoding/json, which Go 1.23 and later forbid
    ldflags="-w -s -checklinkname=0 -X github.com/cosmos/cosmos-sdk/version.Name=beacon"
    " -X github.com/cosmos/cosmos-sdk/version.AppName=beacond"
    " -X github.com/cosmos/cosmos-sdk/version.Version=v1.1.3",
    newer={  # v0.3.13, which it asks for, is not taken by Go 1.24 and later
        "github.com/supranational/blst": (
            "v0.3.16-0.20250831170142-f48500c1fdbe",
            "h1:nbdqkIGOGfUAD54q1s2YBcBz/WcsxCO9HUQ4aGV5hUw=",
            "h1:jZJtfjgudtNl4en1tzwPIV3KjUnQUvG3/j+w+fVonLw=",
        )
    },
    files=(f"testing/files/{TRUSTED_SETUP}", f"testing/files/{BEGINNING}"),
)
MODULES = (GETH, BEACOND)


@dataclass(frozen=True, slots=True)
class Engine:
    """Where the programs and their files are."""

    folder: Path

    @property
    def geth(self) -> Path:
        """What runs the contracts and answers gateways."""
        return self.folder / GETH.name

    @property
    def beacond(self) -> Path:
        """What agrees with the other validators on each block."""
        return self.folder / BEACOND.name

    @property
    def trusted_setup(self) -> Path:
        """Points that blobs are committed with; there are none here, and it asks all the same."""
        return self.folder / TRUSTED_SETUP

    @property
    def beginning(self) -> Path:
        """A genesis of an execution chain that beacond can work with."""
        return self.folder / BEGINNING


def build(folder: Path, progress: Progress) -> Engine:
    """Both programs, in `folder`. Raises CannotBuild."""
    stamp = {"go": go_version(), "modules": {one.asked: one.sum for one in MODULES}}
    engine, path = Engine(folder), folder / STAMP
    if path.exists() and json.loads(path.read_bytes()) == stamp:
        return engine
    if shutil.which("gcc") is None and shutil.which("clang") is None:
        raise CannotBuild("a C compiler is needed beside Go: install gcc")
    folder.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    for module in MODULES:
        progress(f"building {module.name} {module.version}, minutes the first time")
        build_module(module, folder)
    path.write_text(json.dumps(stamp, indent=1) + "\n", "utf-8")
    return engine


def go_version() -> str:
    """Of the Go on this machine. Raises CannotBuild where it is missing or too old."""
    oldest = ".".join(map(str, OLDEST_GO))
    if shutil.which("go") is None:
        raise CannotBuild(f"Go {oldest} or later is needed, and no `go` is on the PATH")
    told = _go(["version"], Path.cwd()).strip()
    if not new_enough(told):
        raise CannotBuild(f"Go {oldest} or later is needed; here is: {told}")
    return told


def new_enough(told: str) -> bool:
    """Whether that is a Go that can build both. told: by `go version`."""
    found = re.search(r"\bgo(\d+)\.(\d+)", told)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_GO


def build_module(module: Module, folder: Path) -> None:
    """One program, in `folder`. Raises CannotBuild."""
    source = _download(module, folder)
    if module.added:
        source = _with_added(module, source, folder / f"{module.name}-source")
    mod = folder / f"{module.name}.mod"
    mod.write_bytes((source / "go.mod").read_bytes())
    sums = (source / "go.sum").read_text("utf-8")
    mod.with_suffix(".sum").write_text(with_newer(sums, module), "utf-8")
    for path, (version, *_) in module.newer.items():
        _go(["mod", "edit", f"-require={path}@{version}", str(mod)], folder)
    command = ["build", "-C", str(source), f"-modfile={mod}", "-mod=readonly", "-trimpath"]
    command += ["-buildvcs=false", "-tags", module.tags, "-ldflags", module.ldflags]
    _go([*command, "-o", str(folder / module.name), module.program], folder)
    for name in module.files:
        (folder / Path(name).name).write_bytes((source / name).read_bytes())


def _with_added(module: Module, source: Path, copy: Path) -> Path:
    """A copy of its source with ours in it: what was downloaded stays as it is."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy, copy_function=shutil.copyfile)
    for one in [copy, *copy.rglob("*")]:
        if one.is_dir():
            one.chmod(0o755)  # what was downloaded may not be written to
    for name, path in module.added.items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy / name)
    return copy


def with_newer(sums: str, module: Module) -> str:
    """A `go.sum` with the lines of what is taken newer."""
    lines = [
        f"{path} {version} {content}\n{path} {version}/go.mod {described}\n"
        for path, (version, content, described) in module.newer.items()
    ]
    return sums + "".join(lines)


def _download(module: Module, folder: Path) -> Path:
    """Where its source is. Raises CannotBuild where it is not what was pinned."""
    found = json.loads(_go(["mod", "download", "-json", module.asked], folder))
    if found.get("Sum") != module.sum:
        text = f"{module.asked} is not what was pinned: {found.get('Sum')}, not {module.sum}"
        raise CannotBuild(text)
    return Path(found["Dir"])


def _go(arguments: list[str], folder: Path) -> str:
    """Never a Go that it fetches itself, never a workspace of somebody's. Raises CannotBuild."""
    env = os.environ | {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "1"}
    done = subprocess.run(
        ["go", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        text = f"go {' '.join(arguments[:2])} failed:\n{(done.stderr or done.stdout)[-2000:]}"
        raise CannotBuild(text)
    return done.stdout
