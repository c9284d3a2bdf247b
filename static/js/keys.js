/* Keys of one character, and the dialog that lists them and switches them off. */
"use strict";

(() => {
  const dialog = document.getElementById("shortcuts");
  if (!dialog) return;
  const COOKIE = "zantara_keys";
  const YEAR = 365 * 24 * 3600;
  const PATIENCE = 1500;
  const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable], [role=textbox], [role=combobox]";
  const ROWS = "#main .cards > li, #main tbody tr, #main [data-rows] > *";
  const LINKS = "h2 a[href], h3 a[href], th a[href], .open a[href], a[href]";

  /* --- the switch --- */

  const isOn = () => !document.cookie.split("; ").includes(`${COOKIE}=off`);
  const box = dialog.querySelector("[data-keys-switch]");
  box.addEventListener("change", () => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${COOKIE}=${box.checked ? "on" : "off"}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  });

  const show = () => {
    if (document.querySelector("dialog[open]")) return;
    box.checked = isOn();
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shortcuts-open]")) show();
    if (event.target === dialog) dialog.close();
  });

  /* --- lists: the link of a row takes the focus, so that Enter opens it --- */

  const rows = () => [...document.querySelectorAll(ROWS)].filter((row) => row.checkVisibility() && link(row));
  const link = (row) => {
    for (const selector of LINKS.split(", ")) {
      const found = row.querySelector(selector);
      if (found) return found;
    }
    return null;
  };
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    link(all[next]).focus();
  };
  const select = () => document.activeElement?.closest(ROWS)?.querySelector("input[type=checkbox]:not([disabled])")?.click();

  const search = () => {
    const field = document.querySelector('#main [aria-keyshortcuts~="/"], #main input[type=search], #main #searchbar');
    if (field?.checkVisibility()) {
      field.focus();
      field.select();
    } else {
      document.getElementById("palette-button")?.click();
    }
  };

  const narrow = () => document.querySelector("[data-sidebar-toggle]").click();

  const KEYS = { "/": search, "?": show, j: () => move(1), k: () => move(-1), x: select, "[": narrow };

  /* --- g, then where --- */

  let going = 0;
  const go = (key) => {
    going = 0;
    document.querySelector(`#navigation [data-go="${CSS.escape(key)}"]`)?.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat && event.key === "g") return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (!isOn() || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    if (going && event.timeStamp - going < PATIENCE) {
      event.preventDefault();
      go(event.key);
    } else if (event.key === "g") {
      going = event.timeStamp;
    } else if (KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  /* --- Alt+S saves the form that has the focus --- */

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyS") return;
    const form = document.activeElement?.closest("#main form");
    if (form?.method !== "post") return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[name=_save], button[type=submit].button-primary"));
  });
})();
