"""What stands on a special credit report, in Chinese with an English line."""

from __future__ import annotations

from typing import Final

Words = tuple[str, str]

TITLE: Final[Words] = ("专项信用报告", "Special credit report")
LABELS: Final[dict[str, Words]] = {
    "number": ("报告编号", "Number"),
    "code": ("核验码", "Code for the counter"),
    "subject": ("信用主体", "Subject"),
    "uscc": ("统一社会信用代码", "USCC"),
    "period": ("所涉期间（决定日期）", "Period, by day of decision"),
    "made": ("出具时间", "Made at"),
    "until": ("有效期至", "To be relied on until"),
    "issuer": ("出具机构", "Issuer"),
}
STATES: Final[dict[str, Words]] = {
    "none-known": ("未查见", "none known"),
    "not-supplied": ("无单位报送，不作结论", "nobody has supplied anything; nothing is stated"),
}
RECORDS: Final[Words] = ("查见 {count} 条", "{count} known")
THROUGH: Final[Words] = (
    "{sources} 个单位报送，数据截至 {first} 至 {last}",
    "units: {sources}; supplied through {first} … {last}",
)
THROUGH_ONE: Final[Words] = (
    "{sources} 个单位报送，数据截至 {last}",
    "units: {sources}; supplied through {last}",
)
LINE: Final[Words] = ("第 {line} 条", "Line {line}")
NO_DOCUMENT: Final = "（无文书号）"
DISPUTED: Final[Words] = ("异议处理中", "disputed")
RECORD: Final[Words] = ("记录号", "Record")
NONE_AT_ALL: Final[Words] = (
    "所列领域在所涉期间内未查见应当载入本报告的信息。",
    "In these fields and this period nothing is known that belongs into this report.",
)
SCAN: Final[Words] = ("扫码查看全文", "scan to read it all")
FOOT: Final[tuple[str, ...]] = (
    "核验：在任一省份的窗口凭报告编号和核验码核验，或扫描二维码；本 PDF 内附报告全文、登记开启件"
    "和每条记录的回执，可用 credit-ledger verify 核验。印出的文字与附件不一致的，以附件为准。",
    "To check it: at any counter by number and code, by the QR code, or by `credit-ledger verify`"
    " on this PDF, which holds the report, its opening and a receipt of each record as attachments."
    " Where print and attachments differ, the attachments count.",
    "异议：对任何一条信息有异议的，可凭其记录号在任一省份的信用服务窗口提出；受理后该记录即标注异议。",
    "To object to a line: at the counter of any province, by its record number; the record is then"
    " marked as disputed.",
    "“未查见”指所列单位截至所列日期报送的数据中没有应当载入的信息，不证明不存在其他信息。",
    "“None known” means that what these units supplied through these days holds nothing that"
    " belongs in here; it does not prove that there is nothing else.",
)
PAGE: Final = "{number}    {page} / {{nb}}"
