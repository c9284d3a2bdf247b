/* Where the palette's entries come from: the page itself, and one index that the server keeps. */
"use strict";

globalThis.zantara ??= {};

(() => {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const RECENT = "zantara:recent";
  const KEPT = 8;

  const entry = (label, fields, more = "") => ({ label, key: label.toLowerCase(), more: more.toLowerCase(), ...fields });
  const iconOf = (element) => element.querySelector("use")?.getAttribute("href").split("#")[1] ?? "chevron-right";

  /* --- the page --- */

  const pages = () => [...document.querySelectorAll("#navigation a")].map((link) => entry(link.textContent.trim(), {
    icon: iconOf(link), url: link.href, keys: link.dataset.go ? ["g", link.dataset.go] : [],
  }));

  const reason = (element) => {
    const why = document.getElementById(element.getAttribute("aria-describedby"));
    return why ? why.textContent.replace(/\s+/g, " ").trim() : "You may not do this";
  };

  /* Those of the page itself before those of the frame. The rows of a list have too many. */
  const controls = () => ["#main [data-palette]:not(.cards *, tbody *)", "[data-palette]:not(#main *)"]
    .flatMap((where) => [...document.querySelectorAll(where)])
    .filter((element) => element.hidden || getComputedStyle(element).display !== "none");

  const actions = () => controls().map((element) => {
    const refused = element.getAttribute("aria-disabled") === "true";
    return entry(element.dataset.palette, {
      icon: iconOf(element), element, refused,
      hint: refused ? reason(element) : element.dataset.paletteNeeds ?? "",
      keys: element.dataset.paletteKey ? [element.dataset.paletteKey] : [],
    });
  });

  const docs = () => [...palette.querySelectorAll("[data-palette-doc]")].map((link) => entry(link.dataset.paletteDoc, {
    icon: iconOf(link), url: link.href, keys: [],
  }));

  /* --- the index --- */

  const fill = (pattern, value) => pattern.replace("{}", encodeURIComponent(value));

  const plugins = (index) => index.plugins.map((each) => entry(each.name, {
    icon: each.icon, url: fill(index.plugin_url, each.name), hint: each.description, status: each.status, keys: [],
  }, [each.category, ...each.tags, ...each.aliases, each.description].join(" ")));

  const tags = (index) => {
    const counts = new Map();
    for (const each of index.plugins) for (const tag of each.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([tag, count]) => entry(tag, {
      icon: "tag", url: fill(index.tag_url, tag), hint: count === 1 ? "1 plugin" : `${count} plugins`, keys: [],
    }));
  };

  const execution = (index) => (id) => entry(id, index.execution_url
    ? { icon: "activity", url: fill(index.execution_url, id), hint: "Open this execution", keys: [] }
    : { icon: "lock", refused: true, hint: `Needs permission ${index.execution_permission}`, keys: [] });

  /* --- what was looked at; shown only where the index still has it --- */

  const remembered = () => {
    try {
      const names = JSON.parse(localStorage.getItem(RECENT));
      return Array.isArray(names) ? names : [];
    } catch {
      return [];
    }
  };

  const remember = () => {
    const { plugins: root } = palette.dataset;
    if (!location.pathname.startsWith(root)) return;
    const name = decodeURIComponent(location.pathname.slice(root.length).split("/")[0]);
    if (!name || !document.querySelector("h1")?.textContent.includes(name)) return;
    try {
      localStorage.setItem(RECENT, JSON.stringify([name, ...remembered().filter((each) => each !== name)].slice(0, KEPT)));
    } catch {
      /* Storage is full or refused: then nothing is recent. */
    }
  };
  remember();
  document.addEventListener("zantara:swapped", remember);

  const recent = (known) => {
    const here = decodeURIComponent(location.pathname);
    const byName = new Map(known.map((each) => [each.label, each]));
    return remembered().map((name) => byName.get(name)).filter((each) => each && !here.includes(`/${each.label}/`));
  };

  const favourites = () => {
    const names = new Set(index.favourites);
    return known.filter((each) => names.has(each.label));
  };

  /* --- together --- */

  const EMPTY = { plugins: [], favourites: [], execution_url: "", execution_permission: "" };
  let index = EMPTY;
  let known = [];
  let knownTags = [];

  /** The browser keeps the answer and asks with its ETag; what did not change is not sent again. */
  const load = async () => {
    const response = await fetch(palette.dataset.index, { credentials: "same-origin" });
    const type = response.headers.get("Content-Type") || "";
    if (!response.ok || !type.startsWith("application/json")) {
      throw new Error(response.redirected ? "You are logged out: reload the page" : `The server answered ${response.status}`);
    }
    index = await response.json();
    known = plugins(index);
    knownTags = tags(index);
  };

  const sources = () => ({
    plugins: known, tags: knownTags, recent: recent(known), favourites: favourites(),
    actions: actions(), pages: pages(), docs: docs(), execution: execution(index),
  });

  zantara.paletteEntries = { load, sources };
})();
