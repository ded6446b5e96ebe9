"""Hold the schema and rules files that can be had, by their digests."""

from pathlib import Path

from tests.second import rules, schema
from tests.second.codec import Malformed
from tests.second.curves import sha256
from tests.second.present import FileName

_LIMIT = 262_144


class Library:
    """Find files by the name that a payload gives them; of another format: not to be had."""

    def __init__(self, files: list[bytes]) -> None:
        """Take the files that can be had."""
        self.files = {sha256(data).hex(): data for data in files if len(data) <= _LIMIT}

    def schema(self, name: FileName) -> schema.Schema | None:
        """Give a schema, whatever name its file bears inside."""
        try:
            return schema.read(self.files[name.digest])
        except (KeyError, Malformed):
            return None

    def rules(self, name: FileName) -> rules.Rules | None:
        """Give a rules file that bears the name and version by which it is named."""
        try:
            found = rules.read(self.files[name.digest])
        except (KeyError, Malformed):
            return None
        return found if (found.name, found.version) == (name.name, name.version) else None


def of_folder(folder: Path) -> Library:
    """Take all files of a folder."""
    return Library([path.read_bytes() for path in sorted(folder.glob("*.json"))])
