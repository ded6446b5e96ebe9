"""Titles of problems of authorisations, queries, products, reports and webhooks, by code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.core.texts import Text

OF_FINANCE: Final[Mapping[str, tuple[int, Text]]] = {
    "authorisation-unknown": (
        403,
        {
            "zh": "本成员不知道该授权：请核对编号（auth list），或向保管者索取文件后收下"
            "（auth take）",
            "en": "This authorisation is not known here: check its name (`auth list`), or have its"
            " custodian write it and take the file (`auth take`)",
        },
    ),
    "authorisation-expired": (
        403,
        {
            "zh": "授权不在有效期内（早于 from 或晚于 until）；到期的请主体另行签署",
            "en": "The authorisation does not count on this day (before `from`, or after `until`);"
            " of one that is over have the subject sign another",
        },
    ),
    "authorisation-revoked": (
        403,
        {
            "zh": "授权已被撤回：如仍须查询，请主体另行签署",
            "en": "The authorisation was taken back: to ask again, have the subject sign another",
        },
    ),
    "type-out-of-scope": (
        403,
        {
            "zh": "所查类别不在授权或该用途的范围之内；请只查授权所列的类别（auth show）",
            "en": "A family asked for lies outside of the authorisation, or of the purpose; ask for"
            " those that it names (`auth show`)",
        },
    ),
    "too-many-records": (
        422,
        {
            "zh": "该主体的记录超过一次答复的上限，请按类别分次查询",
            "en": "The subject has more records than one answer states; ask family by family",
        },
    ),
    "authorisation-missing": (
        403,
        {
            "zh": "查询此类记录须有信用主体的授权；请以 authorisation 指明",
            "en": "Records of these families are given on authorisation only; name yours as"
            " `authorisation`",
        },
    ),
    "authorisation-other-purpose": (
        403,
        {
            "zh": "授权的用途与所问不同；请按授权所载用途查询（auth show），或请主体另行签署",
            "en": "The authorisation is for another purpose; ask for its own (`auth show`), or have"
            " the subject sign another",
        },
    ),
    "authorisation-other-subject": (
        403,
        {
            "zh": "授权的主体与所问不同；请核对代码，或用该主体自己的授权（auth list --subject）",
            "en": "The authorisation is about another subject; check the code, or name one of this"
            " subject (`auth list --subject`)",
        },
    ),
    "not-the-grantee": (
        403,
        {
            "zh": "该授权不是给本成员的；请在被授权成员的节点收下",
            "en": "This authorisation was made for another member; it is taken at that one's node",
        },
    ),
    "not-the-custodian": (
        403,
        {"zh": "该授权由其他成员保管", "en": "Another member keeps this authorisation"},
    ),
    "not-a-custodian": (
        403,
        {
            "zh": "只有省级成员或征信机构可以保管授权",
            "en": "Only a province or a bureau keeps authorisations",
        },
    ),
    "subject-invalid": (
        422,
        {"zh": "主体的统一社会信用代码有误", "en": "The USCC of the subject is wrong"},
    ),
    "grantee-unknown": (
        422,
        {"zh": "没有此成员，或其已停用", "en": "There is no such active member"},
    ),
    "grantee-unfit": (
        422,
        {"zh": "不能授权给保管者自己", "en": "The custodian can not be the grantee"},
    ),
    "type-unknown": (
        422,
        {"zh": "没有此类记录", "en": "There is no such type of record"},
    ),
    "region-unknown": (
        422,
        {"zh": "没有该地区的省级成员", "en": "No active province has this region"},
    ),
    "purpose-unknown": (
        422,
        {"zh": "没有此用途", "en": "There is no such purpose"},
    ),
    "purpose-needs-none": (
        422,
        {"zh": "此用途无须主体授权", "en": "This purpose needs no consent of the subject"},
    ),
    "term-invalid": (
        422,
        {"zh": "授权期限的终止早于起始", "en": "The term ends before it begins"},
    ),
    "term-past": (422, {"zh": "授权期限已过", "en": "The term is over already"}),
    "term-too-long": (
        422,
        {"zh": "授权期限过长", "en": "The term is longer than an authorisation may last"},
    ),
    "idempotency-key-invalid": (
        422,
        {"zh": "Idempotency-Key 不合格", "en": "The Idempotency-Key is not right"},
    ),
    "idempotency-differs": (
        409,
        {
            "zh": "该 Idempotency-Key 已用于内容不同的请求",
            "en": "Something else was asked for under this Idempotency-Key",
        },
    ),
    "too-many-subjects": (
        409,
        {
            "zh": "关注的主体过多，请先取消一些，或请运维调高 webhooks.subjects_a_night",
            "en": "Too many subjects are followed: give some up, or have the operator raise"
            " `webhooks.subjects_a_night`",
        },
    ),
    "webhook-target": (
        422,
        {
            "zh": "不向该地址发送：须为 https，主机名可解析，且为公网地址或运维列明的网段"
            "（webhooks.private_networks）",
            "en": "Nothing is sent there: the URL must be https, its name known, and its addresses"
            " public or of a network that the operator named (`webhooks.private_networks`)",
        },
    ),
    "webhook-lost": (
        410,
        {
            "zh": "其密钥已无法打开，请移除后重新添加",
            "en": "Its secret opens no more: remove it and add it anew",
        },
    ),
    "too-many-webhooks": (
        409,
        {
            "zh": "接收地址过多，请先移除一些",
            "en": "There are too many endpoints; remove some first",
        },
    ),
    "report-unknown": (
        404,
        {
            "zh": "无此报告，或核验码不对",
            "en": "There is no such report, or the code is another",
        },
    ),
    "too-many-followed": (
        409,
        {
            "zh": "一个接收地址关注的记录过多，请另加一个",
            "en": "One endpoint names too many records; add another one",
        },
    ),
    "product-taken": (
        409,
        {
            "zh": "此编号已登记为另一种类或方法的产品",
            "en": "This id is registered with another kind or method",
        },
    ),
    "product-retired": (
        409,
        {"zh": "产品已停用", "en": "The product is retired and has no more versions"},
    ),
    "product-key-missing": (
        409,
        {
            "zh": "本节点没有 PRODUCT 密钥，不能发布产品；省级成员或征信机构请用"
            " keys rotate PRODUCT 登记一把",
            "en": "This node holds no PRODUCT key, with which products are signed; a province or a"
            " bureau registers one with `keys rotate PRODUCT`",
        },
    ),
    "user-unknown": (
        422,
        {
            "zh": "链上没有此成员；请核对成员代码",
            "en": "The chain knows no member of that code; check it",
        },
    ),
    "not-an-input": (
        404,
        {"zh": "该记录不是此版本的输入", "en": "The record did not go into this version"},
    ),
    "manifest-missing": (
        409,
        {
            "zh": "本节点没有此版本的清单；请向发布者索取后收下（product take）",
            "en": "The manifest of this version is not here: ask its maker for it, and take it"
            " (`product take`)",
        },
    ),
    "manifest-malformed": (
        422,
        {
            "zh": "不是清单文件，或被改动过；请向发布者索取原件（product hand）",
            "en": "This is no manifest, or it was changed; get the original from its maker"
            " (`product hand`)",
        },
    ),
    "manifest-false": (
        422,
        {
            "zh": "清单与链上登记的版本不符",
            "en": "The manifest is not that of the version on the chain",
        },
    ),
    "not-an-institution": (
        409,
        {
            "zh": "本成员不是金融机构，不报送成效",
            "en": "This member is no institution, and only these report outcomes",
        },
    ),
    "outcomes-file": (422, {"zh": "不是可读取的 CSV 文件", "en": "This is no readable CSV file"}),
    "outcomes-header": (422, {"zh": "表头缺少列", "en": "The header lacks columns"}),
    "outcomes-too-many": (
        422,
        {
            "zh": "一个文件不得超过 5000 行，请分成几个文件",
            "en": "A file has at most 5,000 rows; send it as several",
        },
    ),
    "not-a-province-here": (
        403,
        {
            "zh": "只有省级成员出具专项信用报告，本成员不是",
            "en": "Special credit reports are made by provinces, and this member is none",
        },
    ),
    "report-period": (
        422,
        {
            "zh": "所涉期间须起止有序、不晚于今天、不超过五年",
            "en": "The period must end after it begins, not after today, and span at most five"
            " years",
        },
    ),
    "report-field-unknown": (
        422,
        {
            "zh": "领域清单中没有该领域；代号见报告或领域清单",
            "en": "The list of fields has no such field; a report without --fields shows their ids",
        },
    ),
    "report-elsewhere": (
        421,
        {
            "zh": "这份报告由另一成员出具，请到其网址核验；持有 PDF 的可在任一省份核验",
            "en": "Another member made this report; ask there. With the PDF it is verified at any"
            " province",
        },
    ),
    "report-gone": (
        410,
        {
            "zh": "报告的内容已不再提供：其中有记录已关闭或删除，请重新出具",
            "en": "The content of the report is given no more: one of its records was closed or"
            " erased; ask for a new one",
        },
    ),
    "report-tries": (
        429,
        {
            "zh": "一小时内尝试的次数过多，请稍后再试",
            "en": "Tried too often within an hour; try later",
        },
    ),
    "share-unknown": (
        404,
        {
            "zh": "没有这样的分享，或已到期、已撤回",
            "en": "There is no such share, or it has ended or was withdrawn",
        },
    ),
    "share-scope": (
        422,
        {
            "zh": "分享的范围须是报告中的领域或行号，至少一个",
            "en": "A share shows fields or lines of the report, at least one",
        },
    ),
    "share-term": (
        422,
        {
            "zh": "分享的期限须自今天起，最长 365 天",
            "en": "A share lasts from today on for at most 365 days",
        },
    ),
    "too-many-changes": (
        409,
        {
            "zh": "同一查询的结果更改次数已达上限",
            "en": "What came of this question was changed as often as it may be",
        },
    ),
    "months-too-many": (
        422,
        {
            "zh": "月份范围过长或次序颠倒，请缩短范围，分几次汇总",
            "en": "Too many months, or the last before the first: ask for fewer at a time",
        },
    ),
    "outcomes-full": (
        422,
        {
            "zh": "该成员同一月份的报送条数已达上限，或月份过早",
            "en": "The member has reported as much about that month as is kept, or it is too old",
        },
    ),
    "too-many-shares": (
        409,
        {
            "zh": "这份报告有效的分享过多，请先撤回一些",
            "en": "The report has too many open shares; withdraw some first",
        },
    ),
    "not-drawn": (
        403,
        {
            "zh": "该日没有抽中这条记录，或该日已过 31 天",
            "en": "That day did not draw this record, or it is more than 31 days past",
        },
    ),
}
"""Append-only."""
