/* Live mode: asks now and then how many runs are new, and says so by a button. It never moves a
   row. It rests while the page is hidden, and after ten minutes in which nobody did anything. */
"use strict";

(() => {
  const EVERY = 5000;
  const IDLE = 10 * 60 * 1000;
  const MISSED = 3;
  let timer = 0;
  let failures = 0;
  let touched = Date.now();

  const say = (text) => document.dispatchEvent(new CustomEvent("zantara:announce", { detail: text }));
  const toggle = () => document.querySelector("[data-live]");
  const wanted = () => new URLSearchParams(location.search).has("live");
  const part = (name) => document.querySelector(`[data-live-${name}]`);

  const state = (text, late = false) => {
    const line = part("state");
    if (!line) return;
    line.hidden = !text;
    line.textContent = text;
    line.toggleAttribute("data-late", late);
  };

  const news = (count, more) => {
    const box = part("news");
    if (!box) return;
    const words = `${more ? "More than " : ""}${count.toLocaleString()} new ${count === 1 ? "run" : "runs"}`;
    const changed = !box.hidden && part("words").textContent === `${words} — Show`;
    box.hidden = count <= 0;
    if (count <= 0 || changed) return;
    part("words").textContent = `${words} — Show`;
    say(words);
  };

  const clock = () => new Date().toLocaleTimeString();

  const ask = async () => {
    const button = toggle();
    if (!button || !wanted()) return;
    if (Date.now() - touched > IDLE) {
      state("Live is resting: nobody was here for ten minutes. Press Live twice to go on.", true);
      return;
    }
    try {
      const response = await fetch(button.dataset.liveUrl, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      const answer = await response.json();
      if (button !== toggle() || !wanted()) return;
      failures = 0;
      news(answer.count - Number(button.dataset.liveKnown), answer.more);
      state(`Updated ${clock()}`);
    } catch {
      failures += 1;
      if (failures >= MISSED) state(`No answer since ${failures} attempts; still trying.`, true);
    }
    plan();
  };

  const plan = (soon = EVERY) => {
    clearTimeout(timer);
    if (wanted() && toggle() && !document.hidden) timer = setTimeout(ask, soon);
  };

  const show = () => {
    const button = toggle();
    if (!button) return;
    button.setAttribute("aria-pressed", String(wanted()));
    if (!wanted()) {
      clearTimeout(timer);
      state("");
      news(0);
      return;
    }
    state("Live: waiting for new runs");
    plan(0);
  };

  const remember = (on) => {
    const address = new URL(location.href);
    if (on) address.searchParams.set("live", "1");
    else address.searchParams.delete("live");
    history.replaceState(history.state, "", address);
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-live]")) {
      touched = Date.now();
      remember(!wanted());
      show();
    }
    if (event.target.closest("[data-live-fetch]")) {
      const address = new URL(toggle().dataset.liveShow, location.href);
      address.searchParams.set("live", "1");
      document.dispatchEvent(new CustomEvent("zantara:visit", { detail: { url: address.href, focusId: "live" } }));
    }
  });

  for (const kind of ["keydown", "pointerdown", "scroll"]) {
    addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else plan(0);
  });
  document.addEventListener("zantara:swapped", show);
  show();
})();
