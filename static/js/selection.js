/* Selecting plugins on several pages, and asking in a dialog before something is done to them.
   Without it, checkboxes and buttons of one form lead to a page that asks the same. */
"use strict";

(() => {
  const picked = new Set();
  let seen = null;
  let anchor = null;

  const bar = () => document.getElementById("bulk");
  const boxes = () => [...document.querySelectorAll("[data-pick]")];
  const all = () => bar()?.querySelector("[data-bulk-all]");

  const count = () => {
    const here = boxes().filter((box) => box.checked).length;
    const away = picked.size - here;
    return `${picked.size} selected${away ? `, ${away} of them on other pages` : ""}`;
  };

  const paint = () => {
    for (const box of boxes()) box.checked = picked.has(box.value);
    const page = document.querySelector("[data-pick-page]");
    if (page) {
      page.checked = boxes().every((box) => box.checked);
      page.indeterminate = !page.checked && boxes().some((box) => box.checked);
    }
    if (!bar()) return;
    if (!picked.size && all()) all().checked = false;
    bar().toggleAttribute("data-some", picked.size > 0);
    bar().querySelector("[data-bulk-count]").textContent = all()?.checked ? "All selected" : count();
  };

  const pick = (chosen, on) => {
    for (const box of chosen) {
      if (on) picked.add(box.value);
      else picked.delete(box.value);
    }
    paint();
  };

  /* What failed stays selected; otherwise what was selected before, also on other pages. */
  const restore = () => {
    const outcome = document.getElementById("outcome");
    if (outcome && outcome !== seen) {
      picked.clear();
      outcome.dataset.ticked.split(" ").filter(Boolean).forEach((name) => picked.add(name));
    }
    seen = outcome;
    paint();
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-pick]");
    if (box) {
      const list = boxes();
      const ends = [list.indexOf(anchor), list.indexOf(box)].sort((a, b) => a - b);
      const range = event.shiftKey && ends[0] >= 0 ? list.slice(ends[0], ends[1] + 1) : [box];
      anchor = box;
      pick(range, box.checked);
    }
    if (event.target.closest("[data-pick-page]")) pick(boxes(), event.target.checked);
    if (event.target.closest("[data-bulk-page]")) pick(boxes(), true);
    if (event.target.closest("[data-bulk-all]")) paint();
    if (event.target.closest("[data-bulk-none]")) {
      picked.clear();
      paint();
      boxes()[0]?.focus();
    }
    const cancel = event.target.closest("[data-bulk-cancel]");
    if (cancel?.closest("dialog")) {
      event.preventDefault();
      cancel.closest("dialog").close();
    }
  });

  /* --- asking --- */

  const addressOf = (form, submitter) => {
    const data = new FormData(form);
    const params = new URLSearchParams();
    if (submitter?.name) params.set(submitter.name, submitter.value);
    if (data.get("all")) {
      for (const [name, value] of data) if (name !== "name") params.append(name, value);
    } else {
      params.set("names", [...picked].join(" "));
      params.set("next", data.get("next"));
    }
    return `${submitter?.getAttribute("formaction") || form.getAttribute("action")}?${params}`;
  };

  const ask = async (url, form) => {
    form.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const question = page.getElementById("bulk-form");
      const dialog = document.getElementById("bulk-dialog");
      if (!question || !dialog) throw new Error("another page");
      dialog.replaceChildren(document.adoptNode(question));
      dialog.showModal();
    } catch {
      location.assign(url);
    } finally {
      form.removeAttribute("aria-busy");
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-bulk]")) return;
    event.preventDefault();
    const url = addressOf(form, event.submitter);
    if (event.submitter?.matches("[data-bulk-export]")) location.assign(url);
    else ask(url, form);
  });

  for (const box of boxes()) if (box.checked) picked.add(box.value);
  restore();
  document.addEventListener("zantara:swapped", restore);
})();
