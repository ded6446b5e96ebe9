"use strict";
// Unseals the copy of a report with the key in the fragment, which browsers send to nobody.
//   copy  = nonce (12 bytes) ‖ AES-256-GCM of JSON, additional data = the number of the report
//   proof = HKDF-SHA-256 of the key: by it the copy is given, and nobody comes back to the key

const NONCE = 12;
const PROOF = "credit-ledger/report-copy@1";
const WORDS = {
  "records": ["查见", "known"],
  "none-known": ["未查见", "none known"],
  "not-supplied": ["无单位报送，不作结论", "nobody has supplied anything"],
  "unknown": ["没有这份报告，或二维码中的密钥不对。",
    "There is no such report, or the key in the QR code is another."],
  "later": ["暂时无法读取，请稍后再试。", "It cannot be read just now; try later."],
  "broken": ["二维码中的密钥打不开这份报告。", "The key in the QR code does not open this report."],
  "changed-since": ["真实，但此后有变化：有记录标注异议，或有新的记录。请重新出具。",
    "Genuine, but changed since: a record is disputed, or another one has come. Ask for a new report."],
  "tries": ["一小时内尝试的次数过多，请稍后再试。", "Tried too often within an hour; try later."],
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

function facts(report) {
  const table = document.createElement("table");
  const add = (zh, en, text) => row(table, heading(zh, en), element("td", text));
  add("信用主体", "Subject", report.subject.name || "—");
  add("统一社会信用代码", "USCC", report.subject.code);
  add("所涉期间", "Period", report.period.from + " — " + report.period.to);
  add("出具时间", "Made at", report.at);
  add("有效期至", "Until", report.until);
  add("出具机构", "Issuer", report.issuer);
  return table;
}

function lineOf(line) {
  const cell = element("td", `${line.line}. ${line.title.zh}`, `${line.line}. ${line.title.en}`);
  cell.className = "line";
  const mark = line.disputed ? said("【异议处理中】", "disputed") : "";
  const told = [line.document, line.authority, line.decided, mark].filter((text) => text);
  const second = element("td", told.join(" · "));
  second.append(document.createElement("br"));
  second.append(element("code", said("记录号：", "Record: ") + line.record));
  return [cell, second];
}

function fields(report) {
  const table = document.createElement("table");
  for (const field of report.fields) {
    const [zh, en] = WORDS[field.state];
    const through = field.through ? field.through.first + " … " + field.through.last : "—";
    const state = element("td", zh, en);
    state.append(" · " + field.sources + " · " + through);
    row(table, heading(field.title.zh, field.title.en), state);
    for (const line of field.lines) row(table, ...lineOf(line));
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

function tell(what) {
  const place = document.getElementById("problem");
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
  if (answer.headers.get("Credit-Ledger-State") !== "genuine") tell("changed-since");
  const copy = new Uint8Array(await answer.arrayBuffer());
  try {
    show(await unseal(copy, fragment, number));
  } catch {
    tell("broken");
  }
}

if (typeof document === "undefined") {
  module.exports = { prove, unseal };
} else {
  start();
}
