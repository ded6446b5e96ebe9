"""The browser that tests of pages drive: Chromium as npm's `@sparticuz/chromium` packs it.

    python scripts/browser.py       unpack it into build/browser and print where it is

It runs without root. Fonts are those of the machine, and one for Chinese from a package of ours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from filelock import FileLock
from pylopdf_fonts_zh_cn import sans_path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
FOLDER = ROOT / "build" / "browser"
UNPACK = """
const fs = require("node:fs"), zlib = require("node:zlib");
const { pipeline } = require("node:stream/promises");
const [from, to] = process.argv.slice(1);
pipeline(fs.createReadStream(from), zlib.createBrotliDecompress(), fs.createWriteStream(to))
  .catch((error) => { console.error(error); process.exit(1); });
"""
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--no-zygote", "--disable-dev-shm-usage", "--hide-scrollbars"),
)
"""It calls nobody at its start; in a container it has no sandbox of its own to make."""


def unpacked() -> Path:
    """The program, unpacked the first time."""
    version: str = json.loads((PACKAGE / "package.json").read_text("utf-8"))["version"]
    folder = FOLDER / version
    program = folder / "chromium"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with FileLock(FOLDER / "lock", timeout=600):
        if not (folder / "done").exists():
            folder.mkdir(exist_ok=True)
            _unpack("chromium.br", program)
            program.chmod(0o755)
            for name in ("al2023", "fonts"):
                packed = folder / f"{name}.tar"
                _unpack(f"{name}.tar.br", packed)
                with tarfile.open(packed) as archive:
                    archive.extractall(folder, filter="data")
                packed.unlink()
            (folder / "fonts.conf").write_text(_fonts(folder), "utf-8")
            (folder / "done").touch()
    return program


def environment(program: Path) -> dict[str, str]:
    """What it is started with: its fonts, and where the machine has them not its libraries."""
    found = os.environ | {"FONTCONFIG_FILE": str(program.parent / "fonts.conf")}
    command = [str(program), "--version"]
    alone = subprocess.run(command, env=found, capture_output=True, check=False)
    if alone.returncode:
        found["LD_LIBRARY_PATH"] = str(program.parent / "lib")
        subprocess.run(command, env=found, capture_output=True, check=True)
    return found


def _unpack(name: str, to: Path) -> None:
    source = PACKAGE / "bin" / name
    subprocess.run([_node(), "-e", UNPACK, str(source), str(to)], check=True, cwd=ROOT)


def _node() -> str:
    """That of the machine, or of the environment."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("node") or shutil.which("node", path=beside)
    if found is None:
        sys.exit("browser: there is no node; run make setup-dev")
    return found


def _fonts(folder: Path) -> str:
    places = (folder / "fonts", Path(sans_path()).parent, "/usr/share/fonts")
    dirs = "".join(f"<dir>{place}</dir>" for place in places)
    cache = folder / "cache"
    return f'<?xml version="1.0"?><fontconfig>{dirs}<cachedir>{cache}</cachedir></fontconfig>\n'


if __name__ == "__main__":
    print(unpacked())
    sys.exit(0)
