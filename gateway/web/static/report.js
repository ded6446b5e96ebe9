"use strict";
// Unseals the copy of a report with the key in the fragment, which browsers send to nobody.
//   copy  = nonce (12 bytes) ‖ AES-256-GCM of JSON, additional data = the number of the report
//   proof = HKDF-SHA-256 of the key: by it the copy is given, and nobody comes back to the key

const NONCE = 12;
const PROOF = "credit-ledger/report-copy@1";
const WORDS = {
  "none-known": ["未查见", "none known"],
  "genuine": ["真实：本机构出具过这份报告，其中的记录至今没有变化。",
    "Genuine: this report was made here, and its records stand as they stood."],
  "unknown": ["没有这份报告，或二维码中的密钥不对。",
    "There is no such report, or the key in the QR code is another."],
  "later": ["暂时无法读取，请稍后再试。", "It cannot be read just now; try later."],
  "broken": ["二维码中的密钥打不开这份报告。", "The key in the QR code does not open this report."],
  "changed-since": ["真实，但此后有变化：有记录标注异议，或有新的记录。请重新出具。",
    "Genuine, but changed since: a record is disputed, or another one has come. Ask for a new report."],
  "tries": ["尝试的次数过多，请一小时后再试。", "Tried too often; try again in an hour."],
  "gone": ["此后有变化，内容已不再提供，请重新出具。",
    "Changed since: its content is given no more; ask for a new report."],
};

function bytesOf(text) {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) throw new Error("key");
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/") + "=");
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

async function prove(fragment) {
  const key = await crypto.subtle.importKey("raw", bytesOf(fragment), "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(PROOF);
  const params = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info };
  const bits = new Uint8Array(await crypto.subtle.deriveBits(params, key, 256));
  return btoa(String.fromCharCode(...bits)).replaceAll("+", "-").replaceAll("/", "_").slice(0, 43);
}

async function unseal(copy, fragment, number) {
  const key = await crypto.subtle.importKey("raw", bytesOf(fragment), "AES-GCM", false, ["decrypt"]);
  const additionalData = new TextEncoder().encode(number);
  const params = { name: "AES-GCM", iv: copy.slice(0, NONCE), additionalData };
  const plain = await crypto.subtle.decrypt(params, key, copy.slice(NONCE));
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain));
}

function said(zh, en) {
  return en === undefined || document.documentElement.lang.startsWith("zh") ? zh : en;
}

function element(name, zh, en) {
  const made = document.createElement(name);
  made.textContent = said(zh, en);
  return made;
}

function heading(zh, en) {
  const made = element("th", zh, en);
  made.scope = "row";
  return made;
}

function row(table, ...cells) {
  const made = document.createElement("tr");
  made.append(...cells);
  table.append(made);
}

function dated(text, style) {
  const language = said("zh-CN", "en-GB");
  const at = new Date(text.includes("T") ? text : text + "T00:00:00+08:00");
  return new Intl.DateTimeFormat(language, { ...style, timeZone: "Asia/Shanghai" }).format(at);
}

function day(text) {
  return dated(text, { dateStyle: "long" });
}

function days(first, last) {
  return first === last ? day(first) : `${day(first)} – ${day(last)}`;
}

function facts(report) {
  const table = document.createElement("table");
  table.className = "report";
  const add = (zh, en, text) => row(table, heading(zh, en), element("td", text));
  add("信用主体", "Subject", report.subject.name || "—");
  add("统一社会信用代码", "USCC", report.subject.code);
  add("所涉期间", "Period", days(report.period.from, report.period.to));
  add("出具时间", "Made at", dated(report.at, { dateStyle: "medium", timeStyle: "medium" }));
  add("有效期至", "To be relied on until", day(report.until));
  add("出具机构", "Issued by", document.querySelector("[data-issuer]").dataset.issuer);
  return table;
}

function lineOf(line) {
  const cell = heading(`第 ${line.line} 条`, `Line ${line.line}`);
  const mark = line.disputed ? said("【异议处理中】", "disputed") : "";
  const title = said(line.title.zh, line.title.en);
  const decided = line.decided && day(line.decided);
  const told = [title, line.document, line.authority, decided, mark].filter((text) => text);
  const second = element("td", told.join(" · "));
  second.append(document.createElement("br"));
  second.append(element("code", said("记录号：", "Record: ") + line.record));
  return [cell, second];
}

function fields(report) {
  const table = document.createElement("table");
  table.className = "report";
  for (const field of report.fields.filter((one) => one.sources)) {
    const count = field.lines.length;
    const [zh, en] = count ? [`查见 ${count} 条`, `known: ${count}`] : WORDS["none-known"];
    const through = days(field.through.first, field.through.last);
    const state = element("td",
      `${zh}；${field.sources} 个单位报送，数据截至 ${through}`,
      `${en}; units: ${field.sources}; supplied through ${through}`);
    row(table, heading(field.title.zh, field.title.en), state);
    for (const line of field.lines) row(table, ...lineOf(line));
  }
  const silent = report.fields.filter((one) => !one.sources);
  if (silent.length) {
    row(table,
      heading(`无单位报送，不作结论（${silent.length} 个领域）`,
        `Nobody has supplied anything; nothing is said of them (${silent.length})`),
      element("td", silent.map((one) => one.title.zh).join("、"),
        silent.map((one) => one.title.en).join(", ")));
  }
  return table;
}

function show(report) {
  const place = document.getElementById("report");
  const words = "对任何一条有异议的，可凭其记录号在任一省份的信用服务窗口提出。";
  const english = "To object to a line, name its record number at the counter of any province.";
  place.replaceChildren(facts(report), fields(report), element("p", words, english));
  place.hidden = false;
}

function tell(what, kind = "open") {
  const place = document.getElementById("problem");
  place.className = `told ${kind}`;
  place.replaceChildren(element("p", WORDS[what][0], WORDS[what][1]));
  place.hidden = false;
}

async function start() {
  const { number } = document.querySelector("[data-number]").dataset;
  const fragment = location.hash.slice(1);
  if (!fragment) return;
  const elsewhere = document.querySelector("[data-elsewhere]");
  if (elsewhere) {  // the key goes on with whoever follows; nobody is asked here
    elsewhere.href += `#${encodeURIComponent(fragment)}`;
    return;
  }
  let proof;
  try {
    proof = await prove(fragment);
  } catch {
    tell("broken");
    return;
  }
  const answer = await fetch("../v1/report-copies", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ number, proof }),
  });
  if (!answer.ok) {
    tell({ 404: "unknown", 410: "gone", 429: "tries" }[answer.status] || "later");
    return;
  }
  const genuine = answer.headers.get("Credit-Ledger-State") === "genuine";
  const copy = new Uint8Array(await answer.arrayBuffer());
  try {
    show(await unseal(copy, fragment, number));
    tell(genuine ? "genuine" : "changed-since", genuine ? "good" : "open");
  } catch {
    tell("broken");
  }
}

if (typeof document === "undefined") {
  module.exports = { prove, unseal };
} else {
  start();
}
