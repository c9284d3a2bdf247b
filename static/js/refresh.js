/* Live: the regions of the page are loaded anew every so many seconds, while somebody looks. */
"use strict";

(() => {
  const IDLE_MS = 10 * 60 * 1000;
  let timer;
  let used = Date.now();

  const button = () => document.querySelector("[data-refresh]");
  const on = () => button()?.getAttribute("aria-pressed") === "true";

  const refresh = () => {
    if (Date.now() - used > IDLE_MS) set(false);
    else if (!document.hidden && !document.querySelector("dialog[open], details[data-menu][open]")) {
      document.dispatchEvent(new CustomEvent("zantara:refresh"));
    }
  };

  const set = (live) => {
    clearInterval(timer);
    button().setAttribute("aria-pressed", String(live));
    if (live) timer = setInterval(refresh, Number(button().dataset.refresh) * 1000);
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-refresh]")) set(!on());
  });
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { used = Date.now(); });
  }
  const shown = button();
  if (shown) shown.hidden = false;
})();
