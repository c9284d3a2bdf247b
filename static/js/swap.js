/* Links, forms and searches that change a part of the page without losing place or focus.

   The server always answers with a whole page; this takes from it what changed. Without it, the
   same links and forms load that page. */
"use strict";

(() => {
  const main = () => document.getElementById("main");
  const say = (text) => document.dispatchEvent(new CustomEvent("zantara:announce", { detail: text }));
  const here = () => location.pathname + location.search;
  let last = 0;
  let shown = here();

  const load = async (url, options) => {
    const response = await fetch(url, { credentials: "same-origin", ...options });
    const type = response.headers.get("Content-Type") || "";
    if (!type.startsWith("text/html")) throw new Error(`The server answered ${response.status}.`);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return { response, page };
  };

  const sameShell = (page) => page.getElementById("navigation") && page.getElementById("main");

  /* Regions are elements with an id and data-region. In a form that is being filled in, the one
     that holds the focus stays as it is; elsewhere what had the focus gets it back. */
  const replaceRegions = (page, quiet) => {
    const old = [...document.querySelectorAll("[data-region][id]")];
    if (!old.length || old.some((region) => !page.getElementById(region.id))) return false;
    const focused = document.activeElement;
    for (const region of old) {
      const holds = region.contains(focused);
      const filled = region.closest("[data-live-form]") && focused.matches("input, select");
      if (holds && (quiet || filled)) continue;
      region.replaceWith(document.adoptNode(page.getElementById(region.id)));
    }
    if (!focused.isConnected && focused.id) document.getElementById(focused.id)?.focus({ preventScroll: true });
    return true;
  };

  const replaceMain = (page) => {
    main().replaceWith(document.adoptNode(page.getElementById("main")));
  };

  const settle = (page, focusId) => {
    document.title = page.title || document.title;
    const wanted = focusId && document.getElementById(focusId);
    if (wanted) wanted.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("zantara:swapped"));
  };

  const problem = (error) => {
    const notice = document.createElement("div");
    notice.className = "notices";
    notice.dataset.notices = "";
    notice.innerHTML = '<div class="notice notice-error" role="alert"><span></span></div>';
    const text = error instanceof TypeError ? "The server did not answer." : error.message;
    notice.querySelector("span").textContent = `${text} Nothing on this page has changed; try again.`;
    document.querySelectorAll("[data-notices]").forEach((old) => old.remove());
    main().prepend(notice);
    document.dispatchEvent(new CustomEvent("zantara:failed"));
  };

  /* --- addresses: filters, chips, pages, ranges --- */

  const visit = async (url, { push = true, whole = false, quiet = false, focusId = "" } = {}) => {
    const mine = ++last;
    if (!quiet) main().setAttribute("aria-busy", "true");
    try {
      const { response, page } = await load(url);
      if (mine !== last) return;
      if (!response.ok || !sameShell(page)) {
        location.assign(url);
        return;
      }
      if (whole || !replaceRegions(page, quiet)) replaceMain(page);
      if (push) {
        history.pushState({ swapped: true }, "", response.redirected ? response.url : url);
        shown = here();
      }
      settle(page, focusId);
      const count = quiet ? null : main().querySelector("[data-announce]");
      if (count) say(count.textContent.trim());
    } catch (error) {
      problem(error);
    } finally {
      main().removeAttribute("aria-busy");
    }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const clears = link.closest("#results");
    const address = new URL(link.getAttribute("href"), location.href).href; // of an SVG link too
    visit(address, { whole: Boolean(clears), focusId: clears ? "main" : link.id });
    if (link.closest(".pages")) scrollTo(0, 0);
  });

  /* A link into the page moves in the history as well, but what is shown stays. */
  addEventListener("popstate", () => {
    if (here() === shown) return;
    shown = here();
    visit(location.href, { push: false, whole: true });
  });

  document.addEventListener("zantara:refresh", () => visit(location.href, { push: false, quiet: true }));

  document.addEventListener("zantara:visit", (event) => visit(event.detail.url, event.detail));

  /* --- the filter form: as one types, and on a choice --- */

  const addressOf = (form, submitter) => {
    const data = new FormData(form);
    if (submitter?.name) data.set(submitter.name, submitter.value);
    const filled = [...data].filter(([, value]) => value);
    return `${form.getAttribute("action")}?${new URLSearchParams(filled)}`;
  };

  let pause;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.matches("[data-live-form]")) return;
    clearTimeout(pause);
    pause = setTimeout(() => visit(addressOf(form)), event.target.matches("input[type=search], input[type=text]") ? 300 : 0);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-live-form], [data-swap-get]")) return;
    event.preventDefault();
    clearTimeout(pause);
    visit(addressOf(event.target, event.submitter), { focusId: event.submitter?.id });
  });

  /* --- actions: confirm, say that it is under way, show what came of it --- */

  const ask = (form) => {
    const dialog = document.getElementById(form.dataset.confirm);
    const inner = dialog.querySelector("form");
    inner.action = form.action;
    inner.dataset.focusId = form.querySelector("button").id;
    for (const slot of dialog.querySelectorAll("[data-slot]")) {
      slot.textContent = form.dataset[slot.dataset.slot];
    }
    dialog.showModal();
  };

  const busy = (form) => {
    const button = form.querySelector("[data-busy]");
    const label = button?.querySelector("[data-label]");
    if (!label) return () => {};
    const before = label.textContent;
    label.textContent = button.dataset.busy;
    button.setAttribute("aria-disabled", "true");
    return () => {
      label.textContent = before;
      button.removeAttribute("aria-disabled");
    };
  };

  const post = async (form) => {
    const done = busy(form);
    const focusId = form.dataset.focusId || document.activeElement?.id;
    form.dataset.pending = "";
    last += 1;
    try {
      const { response, page } = await load(form.getAttribute("action"), { method: "POST", body: new FormData(form) });
      form.closest("dialog")?.close();
      if (!sameShell(page)) {
        location.assign(response.redirected ? response.url : location.href);
        return;
      }
      replaceMain(page);
      settle(page, focusId);
      const notices = [...main().querySelectorAll("[data-notices] .notice")];
      say(notices.map((notice) => (notice.querySelector("[data-said]") || notice).textContent.trim()).join(" "));
      notices[0]?.scrollIntoView({ block: "nearest" });
    } catch (error) {
      form.closest("dialog")?.close();
      problem(error);
    } finally {
      delete form.dataset.pending;
      done();
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-swap]")) return;
    event.preventDefault();
    if ("pending" in form.dataset) return;
    if (form.dataset.confirm) ask(form);
    else post(form);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    if (event.target.closest('button[aria-disabled="true"]')) event.preventDefault();
  });
})();
