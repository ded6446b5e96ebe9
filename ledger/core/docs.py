"""Documents that a statement names without showing them: `docs` of cases and authorisations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.canonical import MAX_INTEGER, b64u_encode, hex32
from ledger.core.errors import Malformed
from ledger.core.ids import Digest, doc
from ledger.core.read import bounded, digest, salt, within

__all__ = ["MAX_DOCS", "MAX_NAME", "Doc", "docs_of"]

MAX_DOCS = 16
MAX_NAME = 200  # characters of a document's name
_MEMBERS = frozenset({"name", "salt", "sha256", "size"})


@dataclass(frozen=True, kw_only=True)
class Doc:
    """A document: it is named on the chain by `digest`, which tells nothing of it.

    salt: 32 random bytes. sha256: of the file. size: its bytes.
    """

    name: str
    salt: bytes
    sha256: bytes
    size: int

    @property
    def digest(self) -> Digest:
        """The `doc` of an act that rests on it (design 4)."""
        return doc(self.salt, self.sha256)

    def to_json(self) -> dict[str, Any]:
        """The object in `docs`."""
        return {
            "name": self.name,
            "salt": b64u_encode(self.salt),
            "sha256": hex32(self.sha256),
            "size": self.size,
        }


def docs_of(value: Any) -> tuple[Doc, ...]:
    """The documents in the `docs` of a statement; Malformed where it is no such list."""
    if not isinstance(value, list) or len(value) > MAX_DOCS:
        raise Malformed("docs", f"is not a list of at most {MAX_DOCS}")
    return tuple([_parse(item) for item in value])


def _parse(value: Any) -> Doc:
    if not isinstance(value, Mapping) or value.keys() != _MEMBERS:
        raise Malformed("docs", "members missing or unknown")
    return Doc(
        name=bounded(value, "name", 1, MAX_NAME),
        salt=salt(value, "salt"),
        sha256=digest(value, "sha256"),
        size=within(value, "size", 0, MAX_INTEGER),
    )
