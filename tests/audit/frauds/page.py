"""The book as a page for auditors, in both languages.

python -m tests.audit.frauds.page     write docs/audit/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ledger.audit.codes import CODES
from ledger.core.texts import Text
from tests.audit.frauds.book import BOOK
from tests.audit.frauds.elsewhere import ELSEWHERE
from tests.audit.frauds.fraud import FAMILIES, REPLAY, Family, Fraud

PAGES: Final[Mapping[str, str]] = {
    "en": "docs/audit/frauds.md",
    "zh": "docs/audit/frauds.zh-CN.md",
}
_ROOT: Final = Path(__file__).resolve().parent.parent.parent.parent

_HEAD: Final[Text] = {
    "en": """# Frauds and faults that an audit finds

中文版见 [frauds.zh-CN.md](frauds.zh-CN.md). Written out of the tests by
`python -m tests.audit.frauds.page`; do not edit it by hand.

A test plants each of these {count} frauds and faults, by itself, in one honest run: a real chain of
seven members with logs, cases, acts, acknowledgements, authorisations, answers, uses, a product,
outcomes, sums, a list of a day, a draw and copies. What an audit tells then is the code that is
named here, once, and nothing else but what the last column lists; of the honest run it tells
nothing. There are {codes} codes among them.

- **Found as** is the code in the report, with its severity where that is not an error. What each
  code says, and what to do: [protocol.md](../protocol.md), section 25. How to run an audit:
  [auditing.md](../operators/auditing.md).
- **With it** come codes of other findings (what only a contract with other code can do is always
  found with that contract), and *open*: what could not be looked at then.
- What an audit cannot see: decisions [49](../decisions/0049-cases-as-an-auditor-sees-them.md) and
  [58](../decisions/0058-finance-as-an-auditor-sees-it.md).
- The tests are in `tests/audit/frauds/`.
""",
    "zh": """# 审计所能发现的舞弊与差错

English: [frauds.md](frauds.md)。由 `python -m tests.audit.frauds.page` 按测试写成，请勿手工修改。

以下 {count} 种舞弊与差错，由测试逐一植入同一次诚实的运行：一条真实的链，七个成员，有日志、案件、
状态行为、确认、授权、答复、使用、产品、成效、汇总、当日名单、抽查和副本。此时审计恰好报告此处所列
代码一次，除末列所列外别无其他；对诚实的运行则什么也不报告。其中共有 {codes} 种代码。

- **代码**：报告中的代码；不是错误的，注明级别。各代码的含义和处理办法见
  [protocol.md](../protocol.md) 第 25 节；如何审计见
  [auditing.zh-CN.md](../operators/auditing.zh-CN.md)。
- **并见**：同时出现的其他问题（只有代码不同的合约才做得到的，总是与该合约一并发现）；
  “未查”为当时未能查看的内容。
- 审计看不到什么：决定 [49](../decisions/0049-cases-as-an-auditor-sees-them.md) 和
  [58](../decisions/0058-finance-as-an-auditor-sees-it.md)。
- 测试在 `tests/audit/frauds/`。
""",
}
_COLUMNS: Final[Text] = {
    "en": "| what somebody does | found as | with it |\n| --- | --- | --- |",
    "zh": "| 做了什么 | 代码 | 并见 |\n| --- | --- | --- |",
}
_OPEN: Final[Text] = {"en": "open: {codes}", "zh": "未查：{codes}"}
_SEVERITY: Final[Mapping[str, Text]] = {
    "warning": {"en": " (warning)", "zh": "（警示）"},
    "note": {"en": " (note)", "zh": "（待核实）"},
}
_NOBODY: Final[Text] = {
    "en": " (not checked: nobody is accused)",
    "zh": "（未能核对，不归咎于任何人）",
}
_ELSEWHERE: Final[Text] = {
    "en": """## Codes that other tests plant

What could not be looked at, what is not due yet, and what takes a network of its own.

| command | code | test |
| --- | --- | --- |""",
    "zh": """## 由其他测试植入的代码

未能查看的、尚未到期的，以及需要另建网络的。

| 命令 | 代码 | 测试 |
| --- | --- | --- |""",
}


def render(language: str) -> str:
    """The whole page. language: of `PAGES`."""
    return "\n".join(_lines(language)) + "\n"


def _lines(language: str) -> Iterator[str]:
    codes = len({(fraud.by.command, fraud.code) for fraud in BOOK})
    yield _HEAD[language].format(count=len(BOOK), codes=codes)
    for family, title in FAMILIES.items():
        yield f"## {title[language]}\n"
        yield _COLUMNS[language]
        yield from (_row(fraud, language) for fraud in _of(family))
        yield ""
    yield _ELSEWHERE[language]
    for command, tests in ELSEWHERE.items():
        for code, test in tests.items():
            yield f"| `{command}` | `{code}` | `{test}` |"


def _of(family: Family) -> Iterator[Fraud]:
    return (fraud for fraud in BOOK if fraud.family == family)


def _row(fraud: Fraud, language: str) -> str:
    text = {"en": fraud.en, "zh": fraud.zh}[language]
    mark = "。" if language == "zh" else "."
    follows = [f"`{code}`" for code in fraud.follows]
    gaps = [f"`{code}`" for code in fraud.gaps if code != fraud.code]
    left = [_OPEN[language].format(codes=", ".join(gaps))] if gaps else []
    found = f"`{fraud.code}`{_weight(fraud, language)}"
    return f"| {text.removesuffix(mark)} | {found} | {', '.join([*follows, *left])} |"


def _weight(fraud: Fraud, language: str) -> str:
    """How much it weighs, where that is not an error."""
    if fraud.accuses_nobody:
        return _NOBODY[language]
    severity = CODES[fraud.code].severity if fraud.by is REPLAY else "error"
    return _SEVERITY[severity][language] if severity in _SEVERITY else ""


def main() -> None:
    """Write both."""
    for language, page in PAGES.items():
        path = _ROOT / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(language), "utf-8")


if __name__ == "__main__":
    main()
