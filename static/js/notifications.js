/* What actions came to, after it has left the page: the last ones of this window, in the account's
   menu. */
"use strict";

(() => {
  const box = document.querySelector("[data-notifications]");
  if (!box) return;
  const KEY = `zantara:notifications:${box.dataset.notifications}`;
  const MOST = 20;
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
  const seen = new WeakSet();

  const kept = () => {
    try {
      const found = JSON.parse(sessionStorage.getItem(KEY));
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  };

  const keep = (all) => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(all.slice(0, MOST)));
    } catch {
      /* Storage is full or refused: then they are gone with the page. */
    }
  };

  const line = ({ at, text, failed }) => {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = new Date(at).toISOString();
    time.textContent = clock.format(at);
    const said = document.createElement("span");
    said.textContent = failed ? `Failed: ${text}` : text;
    item.append(time, said);
    return item;
  };

  const draw = () => {
    const all = kept();
    box.hidden = !all.length;
    box.querySelector("ol").replaceChildren(...all.map(line));
  };

  const gather = () => {
    const found = [...document.querySelectorAll("#main [data-notices] .notice-text, #toasts .notice-text")]
      .filter((each) => !seen.has(each));
    found.forEach((each) => seen.add(each));
    const fresh = found.map((each) => ({
      at: Date.now(), text: each.textContent.trim(), failed: Boolean(each.closest(".notice-error")),
    }));
    if (fresh.length) keep([...fresh.reverse(), ...kept()]);
    draw();
  };

  box.querySelector("button").addEventListener("click", () => {
    keep([]);
    box.closest("details").querySelector("summary").focus();
    draw();
  });
  document.addEventListener("zantara:swapped", gather);
  gather();
})();
