"""Titles of problems: status and text in Chinese and English by code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.http.titles_of_finance import OF_FINANCE
from ledger.core.texts import Text

TITLES: Final[Mapping[str, tuple[int, Text]]] = {
    "token-missing": (401, {"zh": "缺少访问令牌", "en": "A bearer token is needed"}),
    "token-unknown": (
        401,
        {"zh": "访问令牌无效或已吊销", "en": "This token is unknown or revoked"},
    ),
    "scope-missing": (403, {"zh": "令牌没有此项权限", "en": "The token lacks the scope for this"}),
    "form-foreign": (
        403,
        {
            "zh": "表单不是从本站当前会话的页面提交的，请重新打开页面再提交",
            "en": "The form was not sent from a page of this site in this session; open the page"
            " anew and send it again",
        },
    ),
    "authority-not-yours": (
        403,
        {"zh": "令牌不代表该机关", "en": "The token does not file for this authority"},
    ),
    "department-not-yours": (
        403,
        {
            "zh": "只能为本部门签发令牌；中心的令牌可为任何部门签发",
            "en": "Tokens are issued for one's own department; the centre issues them for any",
        },
    ),
    "not-a-province": (
        403,
        {"zh": "本成员不是省级节点，不接收记录", "en": "This member is no province: no records"},
    ),
    "content-closed": (
        403,
        {
            "zh": "该记录已修复、更正、撤销、终止、屏蔽或待删除，内容停止提供；仅认定机关可以查阅",
            "en": "This record was repaired, corrected, withdrawn, ended, shielded or is to be"
            " erased: its content is closed, to all but its determining authority",
        },
    ),
    "method-not-allowed": (405, {"zh": "不支持此方法", "en": "This method is not offered here"}),
    "not-found": (404, {"zh": "没有此资源", "en": "There is nothing here"}),
    "content-erased": (
        410,
        {"zh": "记录内容已依法删除", "en": "The content of this record was erased"},
    ),
    "content-archived": (
        409,
        {
            "zh": "该记录所在月份的内容已按保存期限移入档案，本节点暂不提供；"
            "记录的登记、存证与回执不受影响。需要内容的，请本成员的运行人员从档案调回",
            "en": "The content of this record was taken into the archive with its month and is not"
            " given here now; its entry, its anchor and its receipt stand. The operator of this"
            " member can bring the content back",
        },
    ),
    "not-erased": (
        404,
        {
            "zh": "该记录的内容未被删除，或删除尚未完成",
            "en": "The content of this record was not erased, or not to the end yet",
        },
    ),
    "conflict": (
        409,
        {"zh": "同一文号已有内容不同的记录", "en": "Another record holds this document number"},
    ),
    "stranded": (
        409,
        {
            "zh": "该条目位于已关闭日志的末尾之后，其记录尚未重新登记；"
            "除内容已删除或无法再登记者外，重新登记后会有新的叶值",
            "en": "This entry stands beyond the end of a closed log, and its record was not logged"
            " again yet; it will have another leaf, unless its content was erased or can no longer"
            " be logged",
        },
    ),
    "replaced": (
        410,
        {"zh": "其记录已以另一叶值重新登记", "en": "Its record was logged again as another leaf"},
    ),
    "not-the-owner": (403, {"zh": "记录由其他成员管理", "en": "The record is another member's"}),
    "same-person": (
        403,
        {"zh": "提出与放行须由两人办理", "en": "Who proposed a decision can not release it"},
    ),
    "issued-by-party": (
        403,
        {
            "zh": "提出与放行的两个令牌，一个由另一个的持有人签发：请由令牌另有来源的人放行，"
            "或由运维为其签发（gateway token add）",
            "en": "Of the two tokens one was issued by whoever holds the other: have somebody"
            " release it whose token came from elsewhere, such as the operator"
            " (`gateway token add`)",
        },
    ),
    "same-issuer": (
        403,
        {
            "zh": "两个令牌由同一人签发，而本节点要求来源不同（tokens.issuers_apart）：请由运维"
            "为其中一人签发（gateway token add）",
            "en": "One person issued both tokens, and this node demands two (`tokens"
            ".issuers_apart`): have the operator issue one of them (`gateway token add`)",
        },
    ),
    "record-unknown": (404, {"zh": "没有此记录", "en": "There is no such record"}),
    "not-anchored": (
        409,
        {"zh": "记录尚未存证，请待存证后再办", "en": "The record is not anchored yet; try later"},
    ),
    "minimum-not-reached": (
        409,
        {"zh": "最短公示期未满", "en": "The minimum of publicity has not passed"},
    ),
    "already-so": (
        409,
        {
            "zh": "记录的状态不容此项决定（可能已是如此）",
            "en": "The record's status does not allow this decision; it may be so already",
        },
    ),
    "by-vote-only": (
        409,
        {"zh": "该状态由表决设定，只能经表决变更", "en": "A vote set this; only a vote changes it"},
    ),
    "stale-version": (
        409,
        {"zh": "记录的状态已有变动，请重新查看", "en": "The record's status has moved; look again"},
    ),
    "deadline-unknown": (
        409,
        {"zh": "期限无法计算", "en": "The day on which this is possible is not known"},
    ),
    "correction-unfit": (
        409,
        {
            "zh": "所指记录不能代替被更正的记录",
            "en": "The record that is named cannot stand for the one that is corrected",
        },
    ),
    "case-closed": (409, {"zh": "案件已办结", "en": "The case is closed"}),
    "case-moved": (409, {"zh": "案件有新的步骤", "en": "The case has another step"}),
    "cannot-follow": (
        409,
        {"zh": "案件当前状态下不能办理此步骤", "en": "This step cannot follow as the case stands"},
    ),
    "not-a-party": (
        403,
        {"zh": "该步骤不由此成员办理", "en": "This step is not this member's to make"},
    ),
    "nothing-proposed": (
        409,
        {"zh": "没有待放行的决定", "en": "There is no decision to be released"},
    ),
    "not-looked-up": (
        409,
        {
            "zh": "文件的各行仍在查找（或等待存证），请查看结果后再放行",
            "en": "Rows of the file are still being looked up, or wait for their anchor; look at"
            " what was found, then release it",
        },
    ),
    "nothing-to-sign": (409, {"zh": "没有待签名的事项", "en": "There is nothing to be signed"}),
    "decision-signature-invalid": (
        422,
        {
            "zh": "签名无效，或不是本成员有效的决定密钥所签",
            "en": "The signature is wrong, or not by a valid DECIDE key of this member",
        },
    ),
    "class-required": (422, {"zh": "须写明失信程度", "en": "The class must be stated"}),
    "class-milder": (
        409,
        {
            "zh": "失信程度不得低于记录所载",
            "en": "A repair states no milder class than its record",
        },
    ),
    "document-required": (422, {"zh": "须附书面材料", "en": "A document is needed"}),
    "document-type": (422, {"zh": "材料须为 PDF 或 JPG", "en": "Documents are PDF or JPG"}),
    "document-executable": (422, {"zh": "不接收程序文件", "en": "Programs are not taken"}),
    "document-name": (422, {"zh": "材料文件名不合格", "en": "A document's name is not right"}),
    "document-too-large": (413, {"zh": "材料过大", "en": "A document is too large"}),
    "too-many-documents": (413, {"zh": "材料过多", "en": "There are too many documents"}),
    "too-slow": (408, {"zh": "等待正文超时", "en": "The body did not arrive in time"}),
    "too-large": (413, {"zh": "请求过大", "en": "The request is too large"}),
    "target-too-long": (414, {"zh": "请求地址过长", "en": "The address is too long"}),
    "header-too-large": (431, {"zh": "请求头过大", "en": "The request header is too large"}),
    "wrong-content-type": (415, {"zh": "不支持此内容类型", "en": "This content type is not taken"}),
    "encoding": (422, {"zh": "正文不是 UTF-8", "en": "The body is not UTF-8"}),
    "schema-invalid": (
        422,
        {"zh": "正文不符合格式", "en": "The body does not have the right form"},
    ),
    "field-unknown": (
        422,
        {"zh": "该类记录没有此字段，或此记录未填写", "en": "Records of this type lack this field"},
    ),
    "rejected": (422, {"zh": "记录未通过校验", "en": "The record was rejected"}),
    "too-many-requests": (
        429,
        {"zh": "请求过多，请稍后再试", "en": "Too many requests, try later"},
    ),
    "signature-missing": (
        401,
        {"zh": "请求须按 RFC 9421 签名", "en": "A request must be signed (RFC 9421)"},
    ),
    "signature-several": (
        401,
        {"zh": "请求只能有一个签名", "en": "A request has exactly one signature"},
    ),
    "signature-form": (
        401,
        {
            "zh": "签名的标签、组成或参数不符合规定（design-2 13）",
            "en": "Label, components or parameters of the signature are not those of design-2 13",
        },
    ),
    "signature-early": (
        401,
        {
            "zh": "签名时间在未来，请校准时钟",
            "en": "The signature was made in the future; set your clock",
        },
    ),
    "signature-lifetime": (
        401,
        {
            "zh": "签名有效期不得超过 60 秒",
            "en": "A signature may be valid for 60 seconds at most",
        },
    ),
    "signature-expired": (
        401,
        {"zh": "签名已过期，请重新签名", "en": "The signature has expired; sign anew"},
    ),
    "signature-invalid": (401, {"zh": "签名不成立", "en": "The signature does not hold"}),
    "signature-replayed": (
        401,
        {
            "zh": "该请求已处理过，请以新的随机数重新签名",
            "en": "This request was taken before; sign anew with another nonce",
        },
    ),
    "digest-differs": (
        401,
        {"zh": "正文与 Content-Digest 不符", "en": "The body is not that of Content-Digest"},
    ),
    "request-key-unknown": (
        401,
        {
            "zh": "签名密钥不是任何成员的 REQUEST 密钥",
            "en": "No member has registered this REQUEST key",
        },
    ),
    "request-key-not-valid": (
        401,
        {
            "zh": "REQUEST 密钥已吊销、失窃或不在有效期内",
            "en": "This REQUEST key was revoked or stolen, or is not valid now",
        },
    ),
    "member-not-active": (
        401,
        {"zh": "该成员已被暂停或退出", "en": "The member is suspended or retired"},
    ),
    "other-member": (
        401,
        {
            "zh": "请求不是发给本成员的（Credit-Ledger-To）",
            "en": "This request is for another member (Credit-Ledger-To)",
        },
    ),
    "centre-only": (
        403,
        {
            "zh": "仅限中心（不带机关、不带部门的令牌）",
            "en": "For the centre alone (a token without authorities or department)",
        },
    ),
    "not-another-province": (
        422,
        {
            "zh": "只能交给另一个在册的省级成员",
            "en": "It is handed to another province that is active, and to nobody else",
        },
    ),
    "list-unknown": (
        404,
        {
            "zh": "没有此名单（GET /v1/lists 列出全部名单）",
            "en": "There is no such list (GET /v1/lists tells which there are)",
        },
    ),
    "list-too-large": (
        422,
        {
            "zh": "名单条目过多，一个文件放不下",
            "en": "The list has more entries than one file holds",
        },
    ),
    "day-to-come": (422, {"zh": "该日尚未到来", "en": "That day has not come yet"}),
    "not-granted": (403, {"zh": "不予提供", "en": "Not granted"}),
    "not-the-issuer": (
        403,
        {
            "zh": "成员只能递交自己的声明",
            "en": "A member hands over its own statements only",
        },
    ),
    "opening-false": (
        422,
        {
            "zh": "开启件不成立：声明、条目或承诺互不一致",
            "en": "The opening does not hold: statement, entry or promise disagree",
        },
    ),
    "internal": (500, {"zh": "服务内部错误", "en": "An error inside the service"}),
    "not-ready": (503, {"zh": "服务尚未就绪，请稍后再试", "en": "Not ready yet, try later"}),
    **OF_FINANCE,
}
"""Every code a problem may carry, with its status and title. Codes are append-only."""
