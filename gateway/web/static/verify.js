// What the page gains with a script: files dropped on it, how far they are, and QR codes. A picture
// and what the camera sees stay in the browser; no code leads to another host by itself.
"use strict";

(() => {
  const WIDEST = [1600, 900, 3200];  // pixels; what is too coarse or too fine at one is read at another
  // Of a photograph of a whole page, in which the text beside the code leads astray: parts that
  // overlap, as shares of width and height.
  const PARTS = [[0.4, 0], [0, 0], [0.4, 0.4], [0, 0.4]];
  const PART = 0.6;
  const REPORT = /^(https?:\/\/[^\s#?]+)\/r\/([0-9A-Za-z][0-9A-Za-z._-]{0,63})#([A-Za-z0-9_-]{43})$/;
  let stop = null;

  const form = () => document.querySelector("form[data-verify]");
  const one = (name) => document.querySelector(`[${name}]`);

  const say = (what, fill) => {
    for (const element of document.querySelectorAll("[data-say]")) element.hidden = true;
    const found = what && document.querySelector(`[data-say="${what}"]`);
    if (!found) return;
    if (fill) fill(found);
    found.hidden = false;
    found.scrollIntoView({ block: "nearest" });
  };

  // ---- QR codes

  const read = (canvas, source, [left, top, width, height], widest) => {
    const scale = Math.min(1, widest / Math.max(width, height));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, left, top, width, height, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return [window.jsQR(data, canvas.width, canvas.height)?.data, scale];
  };

  const code = async (source, width, height) => {
    await window.loadScript(form().dataset.jsqr);
    const canvas = document.createElement("canvas");
    for (const widest of WIDEST) {
      const [found, scale] = read(canvas, source, [0, 0, width, height], widest);
      if (found) return found;
      if (scale === 1) return null;
    }
    return null;
  };

  const codeInPart = (source, width, height) => {
    const canvas = document.createElement("canvas");
    for (const widest of [1600, 800]) {
      for (const [left, top] of PARTS) {
        const part = [left * width, top * height, PART * width, PART * height];
        const [found] = read(canvas, source, part, widest);
        if (found) return found;
      }
    }
    return null;
  };

  const follow = (text) => {
    const { endpoint, reports } = form().dataset;
    const [, base, number, key] = REPORT.exec(text) || [];
    if (!number) {
      say("other-code", (place) => { place.querySelector("[data-text]").textContent = text; });
      return;
    }
    const here = `${reports}${number}#${key}`;
    if (base === endpoint || base === location.origin + reports.slice(0, -3)) {
      location.assign(here);
      return;
    }
    say("other-host", (place) => {
      place.querySelector("[data-text]").textContent = new URL(base).host;
      place.querySelector("[data-number]").textContent = number;
      place.querySelector("[data-go]").href = here;
    });
  };

  const scan = async (file) => {
    say(null);
    form().querySelector("input[type=file]").value = "";
    let picture;
    try {
      picture = await createImageBitmap(file);
    } catch {
      say("no-picture");
      return;
    }
    const { width, height } = picture;
    const text = (await code(picture, width, height)) || codeInPart(picture, width, height);
    if (text) follow(text);
    else say("no-code");
  };

  const film = async () => {
    say(null);
    const video = one("data-video");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      say("no-camera");
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    one("data-filming").hidden = false;
    one("data-camera-stop").hidden = false;
    one("data-camera").hidden = true;
    let going = true;
    stop = () => {
      going = false;
      stop = null;
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
      video.hidden = true;
      one("data-filming").hidden = true;
      one("data-camera-stop").hidden = true;
      one("data-camera").hidden = false;
    };
    await video.play();
    while (going) {
      const text = video.videoWidth ? await code(video, video.videoWidth, video.videoHeight) : null;
      if (!going) return;
      if (text) {
        stop();
        follow(text);
        return;
      }
      await new Promise((done) => setTimeout(done, 150));
    }
  };

  // ---- files

  const chosen = (input) => {
    say(null);
    const [file] = input.files;
    if (!file) return false;
    if (file.type.startsWith("image/")) {
      scan(file);
      return false;
    }
    if (file.size > Number(form().dataset.most)) {
      say("too-large");
      return false;
    }
    return true;
  };

  const of = (event) => event.target instanceof Element && event.target.closest("form[data-verify]");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!form()) return;
      event.preventDefault();  // a file dropped beside the form does not take its place
      form().classList.toggle("over", Boolean(of(event)));
    });
  }
  document.addEventListener("drop", (event) => {
    if (!form()) return;
    event.preventDefault();
    form().classList.remove("over");
    if (!of(event) || !event.dataTransfer.files.length) return;
    const input = form().querySelector("input[type=file]");
    input.files = event.dataTransfer.files;
    if (chosen(input)) form().requestSubmit();
  });
  document.addEventListener("change", (event) => {
    if (of(event) && event.target.type === "file") chosen(event.target);
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("[data-camera]")) film();
    if (event.target.closest("[data-camera-stop]") && stop) stop();
  });

  // ---- on its way: htmx sends the form and puts the answer in its place

  const progress = (event) => {
    const place = one("data-progress");
    if (!place || !of(event)) return;
    const { loaded, total } = event.detail;
    const sent = !total || loaded >= total;
    place.hidden = false;
    place.querySelector("[data-sending]").hidden = sent;
    place.querySelector("[data-judging]").hidden = !sent;
    const bar = place.querySelector("progress");
    if (sent) bar.removeAttribute("value");
    else bar.value = (100 * loaded) / total;
  };
  document.addEventListener("htmx:xhr:progress", progress);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!of(event)) return;
    if (!chosen(form().querySelector("input[type=file]"))) event.preventDefault();
    else if (stop) stop();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400 || !(xhr.getResponseHeader("Content-Type") || "").startsWith("text/html")) return;
    event.detail.shouldSwap = true;  // what was wrong stands on the page that came
    event.detail.isError = false;
  });
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, () => {
      const place = one("data-progress");
      if (place) place.hidden = true;
      say("not-sent");
    });
  }
  const begin = () => {
    for (const element of document.querySelectorAll("[data-with-script]")) element.hidden = false;
    for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;
    const camera = one("data-camera");
    if (camera) camera.hidden = !navigator.mediaDevices?.getUserMedia;
  };
  document.addEventListener("htmx:load", begin);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
