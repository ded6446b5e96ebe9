// What forms with documents gain: one click is one sending, and it is said that it is under way.
"use strict";

(() => {
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
  // A long address of a file is taken as a file of its own, which no browser cuts.
  document.addEventListener("DOMContentLoaded", () => {
    const link = document.getElementById("report");
    if (!link) return;
    const [, data] = link.href.split(",", 2);
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  });
})();
