"""Records of today and of weeks ago, so that timeliness shows both answers. Synthetic firms."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ledger.records import uscc

AGES = (0, 1, 2, 30, 60)
"""Days between the decision and today: three on time, two late."""
PLACES = {"110000": "110101", "120000": "120101", "130000": "130102", "140000": "140105"}


def write_file(path: Path, code: str) -> Path:
    """One penalty per age, as NDJSON."""
    rows = [penalty(code, number, now() - timedelta(days=age)) for number, age in enumerate(AGES)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def now() -> date:
    """The day in China."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def penalty(code: str, number: int, decided: date) -> dict[str, Any]:
    """A warning with a fine of 2 000 yuan; publicity ends after a year."""
    ends = decided + timedelta(days=365)
    authority = complete(f"11{PLACES[code]}", "MADEMA01")
    fields = {
        "CF_XDR_MC": f"合成样例今日{code}{number}号有限公司",
        "CF_XDR_LB": "法人及非法人组织",
        "CF_XDR_SHXYM": complete(f"91{PLACES[code]}", f"MATADAY{number}"),
        "CF_FRDB": "样例人",
        "CF_WSH": f"样今罚〔{decided.year}〕{decided:%m%d}{number}号",
        "CF_WFXW": "未按规定公示年度报告",
        "CF_SY": "经查，当事人未按规定公示年度报告（合成样例）。",
        "CF_YJ": "《企业信息公示暂行条例》第十七条",
        "CF_CFLB": ["警告", "罚款"],
        "CF_NR": "警告、罚款",
        "CF_NR_FK": "0.2",
        "CF_JDRQ": decided.isoformat(),
        "CF_YXQ": ends.isoformat(),
        "CF_GSJZQ": ends.isoformat(),
        "CF_CFJG": f"合成样例{PLACES[code]}市场监督管理局",
        "CF_CFJGDM": authority,
        "CF_SJLY": f"合成样例{PLACES[code]}市场监督管理局",
        "CF_SJLYDM": authority,
    }
    return {"type": "penalty", "schema": "1", "class": "general", "fields": fields}


def complete(place: str, organisation: str) -> str:
    """A USCC: 8 characters of authority, class and place, 8 of the firm, both checks."""
    first = place + organisation + uscc.organisation_character(organisation)
    return first + uscc.check_character(first)
