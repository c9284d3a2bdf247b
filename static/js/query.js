/* Completion in the search box of executions: keys, then their values. What may stand there is read
   from the page's own filters. Without it the box is an ordinary search field. */
"use strict";

(() => {
  const MOST = 8;
  const TIMES = { after: ["today", "yesterday", "1h", "24h", "7d"], before: ["1h", "24h", "today"] };
  const DURATIONS = [">1s", ">5s", ">30s", "<100ms"];
  let options = [];
  let active = -1;

  const input = () => document.getElementById("run-query");
  const list = () => document.getElementById("run-completions");

  const controls = () => [...document.querySelectorAll(".run-controls [id^=filter-]")];

  const valuesOf = (key) => {
    const control = document.getElementById(`filter-${key}`);
    const listed = control && (control.options || control.list?.options);
    if (listed) return [...listed].map((option) => option.value).filter(Boolean);
    if (key === "duration") return DURATIONS;
    return TIMES[key] || [];
  };

  const keys = () => [...controls().map((control) => control.name), ...Object.keys(TIMES)];

  /* The token that the caret stands at the end of: where it begins, and what it may become. */
  const wanted = () => {
    const before = input().value.slice(0, input().selectionStart);
    const [, token] = /(?:^|\s)([^\s"]*)$/.exec(before) || [];
    if (token === undefined) return { from: 0, found: [] };
    const from = before.length - token.length;
    const colon = token.indexOf(":");
    if (colon < 0) {
      const found = token ? keys().filter((key) => key.startsWith(token.toLowerCase())) : [];
      return { from, found: found.map((key) => `${key}:`) };
    }
    const key = token.slice(0, colon).toLowerCase();
    const part = token.slice(colon + 1).toLowerCase();
    const near = valuesOf(key).filter((value) => value.toLowerCase().includes(part) && value.toLowerCase() !== part);
    near.sort((a, b) => b.toLowerCase().startsWith(part) - a.toLowerCase().startsWith(part));
    return { from, found: near.slice(0, MOST).map((value) => `${key}:${value}`) };
  };

  const close = () => {
    options = [];
    active = -1;
    list().hidden = true;
    input().setAttribute("aria-expanded", "false");
    input().removeAttribute("aria-activedescendant");
  };

  const mark = (index) => {
    active = index;
    [...list().children].forEach((each, n) => each.setAttribute("aria-selected", String(n === index)));
    if (index < 0) input().removeAttribute("aria-activedescendant");
    else input().setAttribute("aria-activedescendant", `completion-${index}`);
  };

  const open = () => {
    const { found } = wanted();
    if (!found.length) {
      close();
      return;
    }
    options = found;
    list().replaceChildren(...found.map((text, n) => {
      const option = document.createElement("li");
      option.id = `completion-${n}`;
      option.setAttribute("role", "option");
      option.textContent = text;
      return option;
    }));
    list().hidden = false;
    input().setAttribute("aria-expanded", "true");
    mark(-1);
  };

  const take = (text) => {
    const box = input();
    const { from } = wanted();
    const rest = box.value.slice(box.selectionStart).trimStart();
    const start = box.value.slice(0, from) + text + (text.endsWith(":") ? "" : " ");
    box.value = start + rest;
    box.setSelectionRange(start.length, start.length);
    box.focus();
    if (text.endsWith(":")) open();
    else close();
  };

  const start = () => {
    const box = input();
    if (!box || box.getAttribute("role") === "combobox") return;
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", "run-completions");
    box.setAttribute("aria-expanded", "false");
  };

  document.addEventListener("input", (event) => {
    if (event.target === input()) open();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== input()) return;
    if (event.key === "ArrowDown" && !options.length) open();
    if (!options.length) return;
    if (event.key === "ArrowDown") mark((active + 1) % options.length);
    else if (event.key === "ArrowUp") mark((active <= 0 ? options.length : active) - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) take(options[active]);
    else return;
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("#run-completions [role=option]");
    if (option) {
      event.preventDefault();
      take(option.textContent);
    } else if (options.length && event.target !== input()) close();
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === input() && options.length) close();
  });
  /* Before others read the form. */
  document.addEventListener("submit", (event) => {
    if (!event.target.contains(input())) return;
    input().value = input().value.trim();
    if (options.length) close();
  }, true);
  document.addEventListener("zantara:swapped", start);
  start();
})();
