"""Every text file of ours, and what none of them may hold.

What a user has not committed yet is read too, so that nobody commits it: all files but those that
.gitignore names by folder or ending.
"""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

# Dots and slashes are escaped or bracketed, so that no pattern finds itself.
HOSTS = re.compile(
    r"registry\.npmjs\.|registry\.yarnpkg\.|npmmirror\.|files\.pythonhosted\.|(?<!\w)pypi\.org"
    r"|(?:deb|security|snapshot)\.debian\.|(?:archive|security)\.ubuntu\.|(?:proxy|sum)\.golang\."
    r"|goproxy\.|static\.crates\.|index\.crates\.|mirrors\.(?:aliyun|tuna|ustc)",
    re.IGNORECASE,
)
MACHINES = re.compile(
    r"(?<![\w.)}>*])[/](?:work|root|home/\w+|Users/\w+|opt/\w+|tmp/(?:wt|brief))(?![\w.])"
)
TOOLS = re.compile(r"[.]library\b")
UNFINISHED = re.compile(r"vm\.skip\(|\b(?:TO[D]O|FIX[M]E)\b")
RULES = (
    (HOSTS, "names a registry's host; the user's own settings choose it"),
    (MACHINES, "names a path of somebody's machine"),
    (TOOLS, "names a tool that is no part of this project"),
    (UNFINISHED, "finish it instead"),
)


def ignored(root: Path) -> list[str]:
    """What .gitignore names."""
    lines = (root / ".gitignore").read_text("utf-8").split()
    return [".git", *(line.strip("/") for line in lines)]


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Path and content of every text file of ours; what is not UTF-8 is data."""
    names = ignored(root)

    def ours(name: str) -> bool:
        return not any(fnmatch(name, pattern) for pattern in names)

    for folder, folders, files in os.walk(root):
        folders[:] = sorted(filter(ours, folders))
        for name in sorted(filter(ours, files)):
            path = Path(folder, name)
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
            yield str(path.relative_to(root)), text


def forbidden(path: str, text: str) -> Iterator[str]:
    """Hosts, paths of machines, unfinished places."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, why in RULES:
            if found := pattern.search(line):
                yield f"{path}:{number}: {why}: {found[0]}"
