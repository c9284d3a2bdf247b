/* The palette's dialog: a combobox over one listbox. The focus stays in the input. */
"use strict";

globalThis.zantara ??= {};

(() => {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = document.getElementById("palette-input");
  const list = document.getElementById("palette-list");
  const empty = document.getElementById("palette-empty");
  const status = document.getElementById("palette-status");
  const SVG = "http://www.w3.org/2000/svg";
  let sources = null;
  let options = [];
  let chosen = -1;
  let trouble = "";

  /* --- drawing --- */

  const make = (name, className, text = "") => {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    return element;
  };

  const icon = (name) => {
    const svg = document.createElementNS(SVG, "svg");
    const use = document.createElementNS(SVG, "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${palette.dataset.sprite}#${name}`);
    svg.append(use);
    return svg;
  };

  /** The words that were typed, marked; never as markup. */
  const marked = (className, text, words) => {
    const element = make("span", className);
    const parts = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pieces = parts.length ? text.split(new RegExp(`(${parts.join("|")})`, "i")) : [text];
    pieces.forEach((piece, place) => element.append(place % 2 ? make("mark", "", piece) : piece));
    return element;
  };

  const badge = ({ word, icon: name, tone }) => {
    const element = make("span", `badge badge-${tone}`);
    element.append(icon(name), word);
    return element;
  };

  const keys = (names) => {
    const element = make("span", "palette-keys");
    names.forEach((name) => element.append(make("kbd", "", name)));
    return element;
  };

  const option = (entry, words) => {
    const element = make("div", "palette-option");
    element.id = `palette-option-${options.length}`;
    element.setAttribute("role", "option");
    element.setAttribute("aria-selected", "false");
    if (entry.refused) element.setAttribute("aria-disabled", "true");
    const text = make("span", "palette-text");
    text.append(marked("palette-label", entry.label, words));
    if (entry.hint) text.append(" ", marked("palette-hint", entry.hint, words));
    element.append(icon(entry.icon), text);
    if (entry.status) element.append(badge(entry.status));
    if (entry.keys?.length) element.append(keys(entry.keys));
    options.push({ entry, element });
    return element;
  };

  const section = ({ label, entries }, place, words) => {
    const element = make("div", "palette-group");
    const head = make("div", "palette-group-head", label);
    head.id = `palette-group-${place}`;
    head.setAttribute("role", "presentation");
    element.setAttribute("role", "group");
    element.setAttribute("aria-labelledby", head.id);
    element.append(head, ...entries.map((entry) => option(entry, words)));
    return element;
  };

  const told = (groups, hint) => {
    if (hint) return hint;
    const total = groups.reduce((sum, each) => sum + each.total, 0);
    const count = total === 1 ? "1 result" : `${total.toLocaleString()} results`;
    return total > options.length ? `${count}, ${options.length} shown` : count;
  };

  const nothing = (text) => {
    empty.hidden = options.length > 0;
    if (options.length) return;
    empty.replaceChildren(make("p", "", text.trim() ? `Nothing fits “${text.trim()}”.` : "Nothing here."));
  };

  const draw = () => {
    const { groups, words, hint } = zantara.paletteSearch(input.value.trimStart(), sources);
    options = [];
    list.replaceChildren(...groups.map((each, place) => section(each, place, words)));
    list.hidden = !options.length;
    input.setAttribute("aria-expanded", String(options.length > 0));
    list.scrollTop = 0;
    choose(options.length ? 0 : -1);
    nothing(input.value);
    status.textContent = [told(groups, hint), trouble].filter(Boolean).join(". ");
  };

  const choose = (place) => {
    options[chosen]?.element.setAttribute("aria-selected", "false");
    chosen = place;
    const now = options[chosen]?.element;
    if (!now) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    now.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", now.id);
    if (chosen === 0) list.scrollTop = 0;
    else now.scrollIntoView({ block: "nearest" });
  };

  /* --- opening --- */

  const refresh = async () => {
    try {
      await zantara.paletteEntries.load();
      trouble = "";
    } catch (error) {
      trouble = error instanceof TypeError ? "The server did not answer, so plugins are missing" : error.message;
    }
    if (!palette.open) return;
    const held = chosen > 0 ? options[chosen].entry.label : null;
    sources = zantara.paletteEntries.sources();
    draw();
    const again = options.findIndex(({ entry }) => entry.label === held);
    if (again > 0 && !input.value) choose(again);
  };

  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    input.value = "";
    sources = zantara.paletteEntries.sources();
    palette.showModal();
    draw();
    refresh();
  };

  /* --- doing --- */

  const run = ({ entry }, elsewhere) => {
    if (entry.refused) return;
    palette.close();
    if (!entry.element) {
      if (elsewhere) globalThis.open(entry.url, "_blank", "noopener");
      else location.assign(entry.url);
      return;
    }
    if (entry.element.checkVisibility()) entry.element.focus();
    entry.element.click();
  };

  const MOVES = {
    ArrowDown: () => (chosen + 1) % options.length,
    ArrowUp: () => (chosen - 1 + options.length) % options.length,
    Home: () => 0,
    End: () => options.length - 1,
    PageDown: () => Math.min(chosen + 8, options.length - 1),
    PageUp: () => Math.max(chosen - 8, 0),
  };

  input.addEventListener("keydown", (event) => {
    if (event.isComposing || !options.length) return;
    if (MOVES[event.key] && !event.shiftKey) {
      event.preventDefault();
      choose(MOVES[event.key]());
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(options[chosen], event.ctrlKey || event.metaKey);
    }
  });
  input.addEventListener("input", draw);

  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const found = options.find(({ element }) => element.contains(event.target));
    if (found) run(found, event.ctrlKey || event.metaKey);
  });

  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
    const prefix = event.target.closest("[data-prefix]");
    if (!prefix) return;
    input.value = prefix.dataset.prefix + input.value.replace(/^[>@#!]/, "");
    input.focus();
    draw();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (palette.open) palette.close();
    else open();
  });
})();
