"""Visibility of records as the catalogue writes it: the number of each name of the schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.chain.contracts.structs import GOVERNMENT, ON_AUTHORISATION, PUBLIC
from ledger.records.schema_parts import Visibility

VISIBILITY_OF: Final[Mapping[Visibility, int]] = {
    "public": PUBLIC,
    "authorisation": ON_AUTHORISATION,
    "government": GOVERNMENT,
}
"""The stricter the higher."""
