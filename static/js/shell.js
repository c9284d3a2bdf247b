/* The frame: navigation, menus, theme, copy buttons, local times. Every page works without it. */
"use strict";

(() => {
  const YEAR = 365 * 24 * 3600;

  const keep = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `zantara_${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  };

  const announce = (text) => {
    const announcer = document.getElementById("announcer");
    announcer.textContent = "";
    requestAnimationFrame(() => { announcer.textContent = text; });
  };
  document.addEventListener("zantara:announce", (event) => announce(event.detail));

  /* --- navigation on narrow pages --- */

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-nav-toggle]");
    if (!toggle) return;
    const open = document.getElementById("navigation").toggleAttribute("data-open");
    toggle.setAttribute("aria-expanded", String(open));
  });

  /* --- on wide ones: words, or icons alone; the same cookie that the server reads --- */

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-sidebar-toggle]");
    if (!toggle) return;
    const sidebar = document.documentElement.dataset.sidebar === "narrow" ? "wide" : "narrow";
    document.documentElement.dataset.sidebar = sidebar;
    keep("sidebar", sidebar);
    toggle.setAttribute("aria-pressed", String(sidebar === "narrow"));
    announce(sidebar === "narrow" ? "Navigation as icons" : "Navigation with words");
  });

  /* --- the account menu closes on Escape and on a click elsewhere --- */

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  /* --- theme: the same cookie that the server reads --- */

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    keep("theme", theme);
    document.documentElement.dataset.theme = theme;
    for (const button of event.target.querySelectorAll("button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    document.dispatchEvent(new CustomEvent("zantara:theme"));
    announce(`Theme: ${theme}`);
  });

  /* --- copying --- */

  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? undefined : Promise.reject(new Error("refused"));
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy, [data-copy-from]");
    if (!button) return;
    const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    try {
      await copy(from ? from.textContent : button.dataset.copy);
      button.setAttribute("data-copied", "");
      setTimeout(() => button.removeAttribute("data-copied"), 2000);
      announce("Copied");
    } catch {
      announce("Copying is not allowed here; select the text instead");
    }
  });

  /* --- times in the reader's own zone --- */

  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  const localTimes = () => {
    for (const time of document.querySelectorAll("time[datetime]:not([data-local])")) {
      time.title = format.format(new Date(time.dateTime));
      time.dataset.local = "";
    }
  };
  localTimes();
  document.addEventListener("zantara:swapped", localTimes);

  document.querySelector("[data-autofocus]")?.focus();
})();
