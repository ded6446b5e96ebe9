"""What an audit can find about items that were put into the catalogue: codes (append-only), texts
and remedies for people."""

from __future__ import annotations

from ledger.audit.finding_code import FindingCode

__all__ = ["ITEM_CODES"]

ITEM_CODES: dict[str, FindingCode] = {
    "item-without-vote": FindingCode(
        "error",
        {
            "zh": "目录的全国项目称系表决写入，而没有相应的已通过提案。",
            "en": "A national item of the catalogue is said to be put by vote, and no such "
            "proposal was passed.",
        },
        {
            "zh": "核查 Catalogue 合约；由各省表决登记正确的合约并写入正确的项目。",
            "en": "Look into the Catalogue contract; the provinces register the right one, and put "
            "the right item, by vote.",
        },
    ),
    "item-not-allowed": FindingCode(
        "error",
        {
            "zh": "合约写入了本应拒绝的地方补充项目：非本地区、非省级成员、已有全国项目，或版本不"
            "衔接。",
            "en": "A contract took a regional supplement to the catalogue that it had to refuse: "
            "of another region, by no ACTIVE province, beside a national item, or out of order.",
        },
        {
            "zh": "核查 Catalogue 合约。",
            "en": "Look into the Catalogue contract.",
        },
    ),
    "item-key-not-valid": FindingCode(
        "error",
        {
            "zh": "地方补充项目的签名密钥当时无效，或用途不符。",
            "en": "The key of a supplement was not valid at its block, or is for something else.",
        },
        {
            "zh": "核查 Catalogue 合约。",
            "en": "Look into the Catalogue contract.",
        },
    ),
    "item-key-disputed": FindingCode(
        "warning",
        {
            "zh": "地方补充项目的签名密钥当时可能已泄露；该项目仍在目录中。",
            "en": "The key of a supplement is held to be stolen at its block; the item stays in "
            "the catalogue.",
        },
        {
            "zh": "由该省核实；不是其本意的，写入下一版本。",
            "en": "The province says whether it wants it; if not, it puts the next version.",
        },
    ),
    "item-signature-invalid": FindingCode(
        "error",
        {
            "zh": "地方补充项目的签名不是事件所述密钥所作。",
            "en": "The signature of a supplement is not by the key that the event names.",
        },
        {
            "zh": "核查 Catalogue 合约。",
            "en": "Look into the Catalogue contract.",
        },
    ),
    "item-signature-not-seen": FindingCode(
        "warning",
        {
            "zh": "地方补充项目的签名在其交易中不可见（经另一合约发送），未能重新核对。",
            "en": "The signature of a supplement is not seen in its transaction (sent through "
            "another contract); it was not checked again.",
        },
        {
            "zh": "由该省核实；不是其本意的，写入下一版本。",
            "en": "The province says whether it wants it; if not, it puts the next version.",
        },
    ),
}
