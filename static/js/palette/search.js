/* What the palette offers for what was typed, best first. Knows nothing of the page. */
"use strict";

globalThis.zantara ??= {};

(() => {
  const PREFIXES = { ">": "actions", "@": "plugins", "#": "tags", "!": "executions" };
  const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
  const FEW = 8;
  const MANY = 50;

  /* --- how well an entry fits: 0 is not at all --- */

  const inLabel = (label, word) => {
    const at = label.indexOf(word);
    if (at < 0) return 0;
    if (label === word) return 100;
    if (at === 0) return 60;
    return /[\s._:-]/.test(label[at - 1]) ? 40 : 20;
  };

  const score = (entry, words) => {
    let sum = 0;
    for (const word of words) {
      const found = inLabel(entry.key, word) || (entry.more.includes(word) ? 5 : 0);
      if (!found) return 0;
      sum += found;
    }
    return sum;
  };

  const matching = (entries, words) => {
    if (!words.length) return entries;
    const found = [];
    for (const entry of entries) {
      const points = score(entry, words);
      if (points) found.push({ entry, points });
    }
    found.sort((a, b) => b.points - a.points || a.entry.key.length - b.entry.key.length);
    return found.map(({ entry, points }) => ({ ...entry, points }));
  };

  const group = (label, entries, limit) => ({ label, total: entries.length, entries: entries.slice(0, limit) });

  /* --- one id --- */

  const executions = (typed, sources) => {
    const id = typed.toUpperCase();
    if (ULID.test(id)) return { groups: [group("Execution", [sources.execution(id)], 1)], hint: "" };
    const list = sources.pages.filter((each) => each.key === "executions");
    const hint = typed ? `An id has 26 characters; these are ${typed.length}` : "Type or paste an execution id";
    return { groups: list.length ? [group("Executions", list, 1)] : [], hint };
  };

  /* --- everything --- */

  const overview = ({ recent, favourites, actions, pages, docs, plugins }) => [
    group("Recent", recent, 5),
    group("Favourites", favourites, FEW),
    group("On this page", actions, 12),
    group("Pages", pages, 20),
    group("Help", docs, 5),
    group("Plugins", recent.length || favourites.length || actions.length ? [] : plugins, FEW),
  ];

  const all = (words, { actions, pages, docs, plugins }) => [
    group("Plugins", matching(plugins, words), FEW),
    group("On this page", matching(actions, words), FEW),
    group("Pages", matching(pages, words), FEW),
    group("Help", matching(docs, words), FEW),
  ].sort((a, b) => (b.entries[0]?.points ?? 0) - (a.entries[0]?.points ?? 0));

  const ONLY = {
    actions: (words, sources) => [group("On this page", matching(sources.actions, words), MANY)],
    plugins: (words, sources) => [group("Plugins", matching(sources.plugins, words), MANY)],
    tags: (words, sources) => [group("Tags", matching(sources.tags, words), MANY)],
  };

  /** text -> { groups: [{ label, total, entries }], words, hint } */
  zantara.paletteSearch = (text, sources) => {
    const only = PREFIXES[text[0]];
    const typed = (only ? text.slice(1) : text).trim();
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    if (only === "executions" || ULID.test(typed.toUpperCase())) return { ...executions(typed, sources), words: [] };
    const groups = only ? ONLY[only](words, sources) : words.length ? all(words, sources) : overview(sources);
    return { groups: groups.filter((each) => each.entries.length), words, hint: "" };
  };
})();
