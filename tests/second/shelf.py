"""Hold the schema and rules files that can be had, by their digests."""

from pathlib import Path

from tests.second import rules, schema
from tests.second.codec import Malformed
from tests.second.curves import sha256
from tests.second.present import FileName

_LIMIT = 262_144


class Shelf:
    """Find files by the name that a payload gives them; of another format: not to be had."""

    def __init__(self, files: list[bytes]) -> None:
        """Take the files that can be had."""
        self.files = {sha256(data).hex(): data for data in files if len(data) <= _LIMIT}

    def schema_of_entry(self, named: str) -> schema.Schema | None:
        """Give the schema of the name and version that an entry gives."""
        for digest in self.files:
            found = self.schema(FileName("", 1, digest))
            if found is not None and f"{found.name}@{found.version}" == named:
                return found
        return None

    def schema(self, name: FileName) -> schema.Schema | None:
        """Give a schema, whatever name its file bears inside."""
        try:
            return schema.read(self.files[name.digest])
        except (KeyError, Malformed):
            return None

    def rules(self, name: FileName) -> rules.Rules | None:
        """Give a rules file; what name and version it goes by is for the catalogue (check 24)."""
        try:
            return rules.read(self.files[name.digest])
        except (KeyError, Malformed):
            return None


def of_folder(folder: Path) -> Shelf:
    """Take all files of a folder."""
    return Shelf([path.read_bytes() for path in sorted(folder.glob("*.json"))])
