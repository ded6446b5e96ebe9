"""What a question is asked for, in words: banks ask by them, and statements name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.cli.auth_words import PURPOSES
from ledger.core.authorisation import PURPOSES as ALL_PURPOSES
from ledger.core.texts import Text

OF_GOVERNMENT: Final[Mapping[str, Text]] = {
    "regulation": {"zh": "行政监管", "en": "regulation"},
    "relocation": {"zh": "跨区域迁移", "en": "relocation"},
    "procurement": {"zh": "政府采购", "en": "procurement"},
    "funding": {"zh": "财政资金安排", "en": "public funding"},
    "listing": {"zh": "上市核查", "en": "listing"},
    "approval": {"zh": "行政审批", "en": "approval"},
    "bidding": {"zh": "招标投标", "en": "bidding"},
}
PURPOSES_SHOWN: Final[Mapping[str, Text]] = {
    name: text for name, text in {**PURPOSES, **OF_GOVERNMENT}.items() if name in ALL_PURPOSES
}
