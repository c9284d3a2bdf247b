/* Forms whose work may take long: the server tells how far it is, line by line. It takes their
   submission before swap.js would. */
"use strict";

(() => {
  const panel = () => document.getElementById("progress");

  const tell = (text, told) => {
    panel().querySelector("[data-progress-text]").textContent = text;
    const bar = panel().querySelector("progress");
    if (told) {
      bar.max = told.total;
      bar.value = told.done;
    } else {
      bar.removeAttribute("value");
    }
  };

  const lines = async function* (response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) yield JSON.parse(part);
    }
  };

  const follow = async (form) => {
    const response = await fetch(form.getAttribute("action"), {
      method: "POST",
      body: new FormData(form),
      credentials: "same-origin",
      headers: { Accept: "application/x-ndjson" },
    });
    if (!response.ok || !response.headers.get("Content-Type").startsWith("application/x-ndjson")) {
      throw new Error(`The server answered ${response.status}.`);
    }
    for await (const told of lines(response)) {
      if (told.error) throw new Error(told.error);
      if (told.next) return told.next;
      tell(`${told.done} of ${told.total}: ${told.module}`, told);
    }
    throw new Error("The server stopped before it was done.");
  };

  const run = async (form) => {
    const focusId = form.dataset.focusId;
    const before = form.querySelector("[data-busy]").dataset.busy;
    form.dataset.pending = "";
    form.closest("dialog")?.close();
    panel().hidden = false;
    tell(before);
    try {
      const url = await follow(form);
      panel().hidden = true;
      const detail = { url, push: false, whole: true, focusId };
      document.dispatchEvent(new CustomEvent("zantara:visit", { detail }));
    } catch (error) {
      const text = error instanceof TypeError ? "The server did not answer." : error.message;
      tell(`${text} Load this page again to see how far it came.`);
      panel().querySelector("progress").hidden = true;
    } finally {
      delete form.dataset.pending;
    }
  };

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.matches("form[data-progress]") || !panel()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!("pending" in form.dataset)) run(form);
    },
    { capture: true },
  );
})();
