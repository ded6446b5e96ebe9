"""What an audit can find: codes (append-only), severities, texts and remedies for people."""

from ledger.audit.case_codes import CASE_CODES
from ledger.audit.finance_codes import FINANCE_CODES
from ledger.audit.finding_code import FindingCode
from ledger.audit.incomplete_codes import TILES_MISSING
from ledger.audit.item_codes import ITEM_CODES
from ledger.audit.opening_codes import OPENING_CODES
from ledger.audit.service_codes import SERVICE_CODES

__all__ = ["CODES"]

CODES: dict[str, FindingCode] = {
    "contract-not-ours": FindingCode(
        "error",
        {
            "zh": "登记在册的合约代码不是随软件发布的代码。",
            "en": "The code of a registered contract is not what ships with this software.",
        },
        {
            "zh": "核查由谁表决登记，核对其源代码后再采信。",
            "en": "Look at the vote that registered it, and at its source before you believe it.",
        },
    ),
    "contract-not-known": FindingCode(
        "warning",
        {
            "zh": "该角色的合约不在本软件的已知之列，其内容未核对。",
            "en": "This software does not know the contract of this role; what it holds was "
            "not checked.",
        },
        {
            "zh": "使用支持该角色的软件版本重放。",
            "en": "Replay with a version of the software that knows the role.",
        },
    ),
    "contract-replaced": FindingCode(
        "warning",
        {
            "zh": "该角色已由另一合约接管。",
            "en": "Another contract took over this role.",
        },
        {
            "zh": "核对接管的表决、时间和新合约的代码。",
            "en": "Look at the vote, the time and the code of the new contract.",
        },
    ),
    "key-recovered": FindingCode(
        "warning",
        {
            "zh": "该密钥由表决植入，不是成员自己登记的。",
            "en": "This key was planted by a vote, not registered by the member itself.",
        },
        {
            "zh": "与该成员核实；不是其本意的，由其治理密钥撤销。",
            "en": "Ask the member; if it did not want it, any of its GOVERN keys revokes it.",
        },
    ),
    "endpoint-not-a-url": FindingCode(
        "warning",
        {
            "zh": "成员的地址不是单纯的网址，或其中夹有文字，不予读取。",
            "en": "The endpoint of a member is no plain URL, or holds other text; it is not read.",
        },
        {
            "zh": "由成员登记正确的地址；链上的文字无法删除。",
            "en": "The member must set a right one; what is on the chain cannot be deleted.",
        },
    ),
    "vote-signature-invalid": FindingCode(
        "error",
        {
            "zh": "表决或提案的签名与所记密钥不符。",
            "en": "The signature of a vote or proposal is not by the key that the event names.",
        },
        {
            "zh": "核查 Consortium 合约与节点。",
            "en": "Look into the Consortium contract and the nodes.",
        },
    ),
    "vote-signature-not-seen": FindingCode(
        "warning",
        {
            "zh": "在交易中未见表决或提案的签名（经由其他合约转发），无法重新核对。",
            "en": "The signature of a vote or proposal is not seen in its transaction (sent "
            "through another contract); it was not checked again.",
        },
        {
            "zh": "请发送方提供原始调用数据。",
            "en": "Ask whoever sent it for the call that it made.",
        },
    ),
    "anchor-unknown-log": FindingCode(
        "error",
        {
            "zh": "存证了未登记的日志。",
            "en": "A log that nobody registered was anchored.",
        },
        {
            "zh": "核查 LogAnchor 合约。",
            "en": "Look into the LogAnchor contract.",
        },
    ),
    "anchor-out-of-turn": FindingCode(
        "error",
        {
            "zh": "合约在未担任该角色时接受了存证，不予采信。",
            "en": "A contract took an anchor while it did not hold the role; it does not count.",
        },
        {
            "zh": "核查该合约。",
            "en": "Look into that contract.",
        },
    ),
    "anchor-discontinuous": FindingCode(
        "error",
        {
            "zh": "存证没有从上一个大小继续。",
            "en": "An anchor does not go on from the one before.",
        },
        {
            "zh": "核查 LogAnchor 合约。",
            "en": "Look into the LogAnchor contract.",
        },
    ),
    "anchor-key-not-valid": FindingCode(
        "error",
        {
            "zh": "存证的签名密钥当时无效，该区间的回执不成立。",
            "en": "The anchor's key was not valid at its block; receipts of that range do not "
            "hold.",
        },
        {
            "zh": "由成员重新存证或开立后继日志。",
            "en": "Vote a successor of the log.",
        },
    ),
    "anchor-key-disputed": FindingCode(
        "error",
        {
            "zh": "存证的签名密钥当时可能已泄露。",
            "en": "The anchor's key is held to be stolen at its block.",
        },
        {
            "zh": "表决开立后继日志，并写明可信大小。",
            "en": "Vote a successor that names the last size to be trusted.",
        },
    ),
    "anchor-signature-invalid": FindingCode(
        "error",
        {
            "zh": "存证的签名不是所记密钥所作。",
            "en": "The anchor's signature is not by the key that the event names.",
        },
        {
            "zh": "核查 LogAnchor 合约与节点。",
            "en": "Look into the LogAnchor contract and the nodes.",
        },
    ),
    "anchor-signature-not-seen": FindingCode(
        "warning",
        {
            "zh": "在交易中未见存证的签名（经由其他合约转发），无法重新核对。",
            "en": "The anchor's signature is not seen in its transaction (sent through another "
            "contract); it was not checked again.",
        },
        {
            "zh": "请成员提供所签的检查点。",
            "en": "Ask the member for the checkpoint that it signed.",
        },
    ),
    "anchor-while-suspended": FindingCode(
        "error",
        {
            "zh": "成员被暂停或退出期间仍有存证。",
            "en": "A member anchored while it was suspended or retired.",
        },
        {
            "zh": "核查 LogAnchor 合约。",
            "en": "Look into the LogAnchor contract.",
        },
    ),
    "anchor-after-close": FindingCode(
        "error",
        {
            "zh": "日志关闭后仍有存证。",
            "en": "A closed log was anchored.",
        },
        {
            "zh": "核查 LogAnchor 合约。",
            "en": "Look into the LogAnchor contract.",
        },
    ),
    "anchor-beyond-trusted": FindingCode(
        "warning",
        {
            "zh": "存证超出可信大小。",
            "en": "The anchor lies beyond the last trusted size.",
        },
        {
            "zh": "其中的记录应由后继日志重新登记（replaces）。",
            "en": "Log its records again in the successor (replaces).",
        },
    ),
    "root-mismatch": FindingCode(
        "error",
        {
            "zh": "公开的条目算不出链上的根：成员出示的日志与存证的不同。",
            "en": "The public entries do not give the root on the chain: the member shows "
            "another log than it anchored.",
        },
        {
            "zh": "要求其恢复原日志。",
            "en": "Demand the original.",
        },
    ),
    "entry-altered": FindingCode(
        "error",
        {
            "zh": "出示的条目不是存证过的那一条：由链上的根证明的叶子哈希与之不同。",
            "en": "An entry that is served is not the one that was anchored: the root on the chain "
            "proves another leaf.",
        },
        {
            "zh": "要求其恢复原条目；其他省的镜像可能存有。",
            "en": "Demand the original; mirrors of other provinces may have it.",
        },
    ),
    "tile-mismatch": FindingCode(
        "error",
        {
            "zh": "哈希瓦片与条目不符。",
            "en": "A hash tile is not that of the entries.",
        },
        {
            "zh": "由成员重建瓦片。",
            "en": "The member must rebuild its tiles.",
        },
    ),
    "bundle-malformed": FindingCode(
        "error",
        {
            "zh": "条目包格式错误，其后无法重放。",
            "en": "An entry bundle cannot be read, nor what follows it.",
        },
        {
            "zh": "由成员修复。",
            "en": "The member must mend it.",
        },
    ),
    TILES_MISSING: FindingCode(
        "error",
        {
            "zh": "成员未提供瓦片，无法核对。",
            "en": "The member does not serve its tiles, nothing can be checked.",
        },
        {
            "zh": "稍后重试，或用 --mirror 指定镜像；仍无则视为隐瞒。",
            "en": "Try again, name a mirror with --mirror; if none has them, they are withheld.",
        },
    ),
    "checkpoint-invalid": FindingCode(
        "error",
        {
            "zh": "公开的检查点不是日志所有者签的，或不属于该日志。",
            "en": "The public checkpoint is not of this log, or not signed by its owner.",
        },
        {
            "zh": "由成员更正。",
            "en": "The member must mend it.",
        },
    ),
    "checkpoint-behind": FindingCode(
        "error",
        {
            "zh": "公开的检查点小于已存证的大小。",
            "en": "The public checkpoint is smaller than what was anchored.",
        },
        {
            "zh": "成员可能丢失了数据，由其核查。",
            "en": "The member may have lost data and must look into it.",
        },
    ),
    "checkpoint-differs": FindingCode(
        "error",
        {
            "zh": "公开的检查点与链上的根不同：成员出示了另一个日志。",
            "en": "The public checkpoint has another root than the chain: the member shows "
            "another log.",
        },
        {
            "zh": "要求其恢复原日志。",
            "en": "Demand the original.",
        },
    ),
    "entry-malformed": FindingCode(
        "error",
        {
            "zh": "条目不是规范格式或过长。",
            "en": "An entry is not canonical or too long.",
        },
        {
            "zh": "由成员用更正记录取代。",
            "en": "The member must log it anew.",
        },
    ),
    "entry-foreign-log": FindingCode(
        "error",
        {
            "zh": "条目属于别的日志，不能作为本日志的记录使用。",
            "en": "An entry names another log; it counts for nothing here.",
        },
        {
            "zh": "由成员在本日志重新登记。",
            "en": "The member must log it anew, for this log.",
        },
    ),
    "entry-duplicate": FindingCode(
        "error",
        {
            "zh": "同一承诺登记了两次；此处是后存证的一次。",
            "en": "The same commitment stands in the logs twice; this is the one that was "
            "anchored later.",
        },
        {
            "zh": "成员核查其受理流程；同一承诺不构成新的记录。",
            "en": "The member must look into its intake; the same commitment is no new record.",
        },
    ),
    "issuer-not-a-province": FindingCode(
        "error",
        {
            "zh": "存证时日志所有者不是省级成员，其中的记录无效。",
            "en": "The owner of the log was not a province at the anchor; records in it do not "
            "count.",
        },
        {
            "zh": "由有权的省级成员登记。",
            "en": "Only a province may log records.",
        },
    ),
    "type-not-in-catalogue": FindingCode(
        "error",
        {
            "zh": "记录类型在存证时及之前 72 小时内不在该地区的目录中。",
            "en": "The type was not in the catalogue of the region at the anchor, nor within "
            "72 hours before.",
        },
        {
            "zh": "目录外的信息不得记录，应撤销。",
            "en": "What is outside the list may not be recorded; withdraw it.",
        },
    ),
    "period-granularity": FindingCode(
        "warning",
        {
            "zh": "期间的精度与目录规定不同。",
            "en": "The period is not as exact or coarse as the catalogue says.",
        },
        {
            "zh": "成员核查设置。",
            "en": "The member must look at its settings.",
        },
    ),
    "period-in-future": FindingCode(
        "error",
        {
            "zh": "认定日期晚于存证时间。",
            "en": "The period lies after the anchor.",
        },
        {
            "zh": "成员核查记录。",
            "en": "The member must look into the record.",
        },
    ),
    "corrects-dangling": FindingCode(
        "error",
        {
            "zh": "所更正的记录不在该成员的任何日志中。",
            "en": "The record that is said to be corrected stands in no log of the member.",
        },
        {
            "zh": "成员核查记录编号，重新登记更正。",
            "en": "The member must look at the record id and log the correction anew.",
        },
    ),
    "replaces-not-stranded": FindingCode(
        "error",
        {
            "zh": "所取代的记录并未在该成员已关闭的日志中搁浅，或不是最初的一条。",
            "en": "The record that is said to be replaced was not stranded in a closed log of "
            "the member, or is not the first in its chain.",
        },
        {
            "zh": "成员撤销该记录；只有搁浅的记录可以重新登记。",
            "en": "The member must withdraw the record; only what was stranded is logged again.",
        },
    ),
} | (CASE_CODES | OPENING_CODES | FINANCE_CODES | SERVICE_CODES | ITEM_CODES)
