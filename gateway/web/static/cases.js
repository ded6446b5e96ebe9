// A report that was made, as a file.
"use strict";

(() => {
  // A long address of a file is taken as a file of its own, which no browser cuts.
  document.addEventListener("DOMContentLoaded", () => {
    const link = document.getElementById("report");
    if (!link) return;
    const [, data] = link.href.split(",", 2);
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  });
})();
