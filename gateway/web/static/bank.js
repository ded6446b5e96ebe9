// A form that is told what comes while it comes, where there is a script.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-live]")) {
    const live = document.createElement("input");
    live.type = "hidden";
    live.name = "live";
    live.value = "1";
    form.append(live);
  }
});
