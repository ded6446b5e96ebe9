"""Copy what pages load of other projects out of node_modules, with licences.

    python scripts/vendor.py            write gateway/web/static/vendor
    python scripts/vendor.py --check    fail where a file there is not that of the pinned package

The packages are pinned in package.json; no file is changed, none is fetched by a page from
elsewhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "gateway" / "web" / "static" / "vendor"
FILES = {
    "pico.css": ("@picocss/pico", "css/pico.min.css"),
    "htmx.js": ("htmx.org", "dist/htmx.min.js"),
    "echarts.js": ("echarts", "dist/echarts.simple.min.js"),
    "jsqr.js": ("jsqr", "dist/jsQR.js"),
}
"""By the name that we give them: package and path in it."""
LICENCES = {
    "@picocss/pico": "LICENSE.md",
    "htmx.org": "LICENSE",
    "echarts": "LICENSE",
    "jsqr": "LICENSE",
}
"""The file in each package."""


def wanted() -> dict[str, bytes]:
    """What is to stand there, by name."""
    found = {name: (PACKAGES / of / path).read_bytes() for name, (of, path) in FILES.items()}
    lines = ["What stands beside this file is of other projects, unchanged.", ""]
    for name, (of, path) in FILES.items():
        told = json.loads((PACKAGES / of / "package.json").read_text("utf-8"))
        lines.append(f"{name}: {of} {told['version']}, {path}, {told['license']}")
        found[f"{name}.licence.txt"] = (PACKAGES / of / LICENCES[of]).read_bytes()
    found["README.txt"] = ("\n".join(lines) + "\n").encode()
    return found


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    files = wanted()
    there = {one.name: one.read_bytes() for one in VENDOR.iterdir()} if VENDOR.is_dir() else {}
    if check:
        wrong = sorted(name for name in files | there if files.get(name) != there.get(name))
        for name in wrong:
            print(f"{name}: not that of the pinned package; run scripts/vendor.py", file=sys.stderr)
        return 1 if wrong else 0
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (VENDOR / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
