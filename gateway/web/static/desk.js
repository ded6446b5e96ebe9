// Hands files in one by one, with progress. Without it the form does the same at once.
"use strict";

(() => {
  const send = (form, file, line) => new Promise((done) => {
    const words = form.dataset, bar = document.createElement("progress"), told = document.createElement("span");
    bar.max = 1;
    bar.setAttribute("aria-label", file.name);
    line.replaceChildren(file.name + " – ", told, bar);
    const end = (text, page, label, bad) => {
      bar.remove();
      told.textContent = text;
      told.className = bad ? "bad" : "";
      if (page) {
        const link = document.createElement("a");
        link.href = page;
        link.textContent = label;
        line.append(" ", link);
      }
      done(bad ? null : page);
    };
    if (file.size > Number(words.most)) return end(words.tooLarge, null, null, true);
    told.textContent = words.sending;
    const body = new FormData();
    for (const one of form.querySelectorAll("input[type=hidden], select")) {
      if (one.value) body.append(one.name, one.value);
    }
    body.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; };
    request.onerror = () => end(words.failed, null, null, true);
    request.onload = () => {
      const answer = request.response;
      if (answer?.login) return end(words.ended, answer.login, words.signIn, true);
      const one = answer?.files?.[0];
      if (one?.page) return end(words.taken, one.page, words.open, false);
      end(one?.problem || answer?.problem || answer?.text?.[document.documentElement.lang.slice(0, 2)] || words.failed, null, null, true);
    };
    request.send(body);
  });

  const begin = (form) => {
    if (form.classList.contains("scripted")) return;
    form.classList.add("scripted");
    const input = form.querySelector("input[type=file]"), drop = form.querySelector(".drop");
    const list = form.querySelector(".sending"), button = form.querySelector("button");
    const sendAll = async (files) => {
      button.disabled = input.disabled = true;
      list.replaceChildren();
      const pages = [];
      const lines = files.map((file) => {
        const line = document.createElement("li");
        line.textContent = file.name;
        list.append(line);
        return line;
      });
      for (const [at, file] of files.entries()) pages.push(await send(form, file, lines[at]));
      button.disabled = input.disabled = false;
      input.value = "";
      if (pages.length === 1 && pages[0]) location.assign(pages[0]);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.files.length) sendAll([...input.files]);
    });
    for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      const files = [...event.dataTransfer.files];
      if (files.length && !input.disabled) sendAll(input.multiple ? files : files.slice(0, 1));
    });
  };
  const all = (root) => { for (const form of root.querySelectorAll("form[data-upload]")) begin(form); };
  document.addEventListener("DOMContentLoaded", () => all(document));
  document.addEventListener("htmx:load", (event) => all(event.detail.elt));
})();
