// What pages gain with a script; each works without it. No part of it is for one page alone.
"use strict";

(() => {
  // Of series, as `.legend` in web.css has them: the small build of echarts draws no legend.
  const COLOURS = ["#8f1d1d", "#2f5d8a", "#b8860b", "#3f7d4e", "#6b4a8a", "#557a8c", "#9a9a9a"];

  // A chart: the figures stand in the element, the table beside it says the same.
  const draw = async (figure) => {
    if (figure.classList.contains("drawn")) return;
    figure.classList.add("drawn");
    await load(document.querySelector("meta[name=echarts]")?.content);
    const data = JSON.parse(figure.dataset.chart);
    const canvas = figure.querySelector(".canvas");
    const chart = window.echarts.init(canvas, null, { renderer: "canvas" });
    chart.setOption({
      animation: false,
      color: COLOURS,
      aria: { enabled: false },
      tooltip: { trigger: "axis", renderMode: "richText" },
      grid: { left: 8, right: 8, bottom: 8, top: 36, containLabel: true },
      xAxis: { type: "category", data: data.labels },
      yAxis: { type: "value", name: data.unit || "", minInterval: data.kind === "line" ? 0 : 1 },
      series: data.series.map((one) => ({ name: one.name, type: data.kind || "bar", data: one.values })),
    });
    new ResizeObserver(() => chart.resize()).observe(canvas);
  };

  const loaded = new Map();
  const load = (address) => {
    if (!loaded.has(address)) {
      loaded.set(address, new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = address;
        script.onload = done;
        script.onerror = failed;
        document.head.append(script);
      }));
    }
    return loaded.get(address);
  };
  window.loadScript = load;

  const begin = (root) => {
    for (const figure of root.querySelectorAll("figure.chart")) draw(figure);
    for (const button of root.querySelectorAll("[data-copy]")) {
      if (!navigator.clipboard) continue;  // a page that is not by https has none
      button.hidden = false;
      button.onclick = async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        say(document.getElementById("said").dataset.copied);
        mark(button);
      };
    }
    // What is shown once came by a form: to load the page again must not send that form again.
    const stays = root.querySelector("[data-stay]");
    if (stays) history.replaceState(null, "", stays.dataset.stay);
    for (const button of root.querySelectorAll("[data-print]")) {
      button.hidden = false;
      button.onclick = () => window.print();
    }
  };
  // A button that has done its work looks so for a moment.
  const mark = (button) => {
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 2000);
  };

  // What a part that comes anew says, to whoever does not see it come. The part itself is another
  // element each time, of which screen readers say nothing, or all: one element of the frame stays,
  // and says what is new in it.
  const say = (text) => { document.getElementById("said").textContent = text; };
  const aloud = (part) => [...part.querySelectorAll("[role=status], [role=alert], [data-aloud]")]
    .map((one) => one.textContent.replace(/\s+/g, " ").trim()).filter(Boolean);
  const heard = new Map();
  const hear = (part) => {
    if (!part?.id || part.id === "main") return;
    const before = heard.get(part.id), now = aloud(part);
    heard.set(part.id, now);
    const told = before && now.filter((one) => !before.includes(one));
    if (told?.length) say(told.join(" "));
  };
  document.addEventListener("DOMContentLoaded", () => {
    for (const part of document.querySelectorAll("[hx-get][id]")) hear(part);
  });
  document.addEventListener("htmx:load", (event) => hear(event.detail.elt));
  // What came in place of the whole page is read from its answer on, or from what was wrong.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "main" && event.target.id !== "main") return;
    const main = document.getElementById("main");
    const first = main.querySelector(".answer, [role=alert]:not([hidden])") || main;
    if (first !== main) first.tabIndex = -1;
    first.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  });
  // A link that looks like a button, and is told as one, is pressed as one.
  document.addEventListener("keydown", (event) => {
    const link = event.key === " " && event.target instanceof Element && event.target.closest("a[role=button]");
    if (!link) return;
    event.preventDefault();
    link.click();
  });
  // One click is one sending, and it is said that it is under way.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-once]");
    if (!form) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const told = form.querySelector(".sending");
    if (told) told.hidden = false;
  });
  // Back from the next page, a form may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) {
      delete form.dataset.sent;
      const told = form.querySelector(".sending");
      if (told) told.hidden = true;
    }
  });
  document.addEventListener("DOMContentLoaded", () => begin(document));
  document.addEventListener("htmx:load", (event) => begin(event.detail.elt));
})();
