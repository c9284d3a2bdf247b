/* The marketplace's filters: beneath the search on wide pages, a dialog over all on narrow ones.
   Without it they are always there. */
"use strict";

(() => {
  const narrow = matchMedia("(max-width: 640px)");
  const part = (id) => document.getElementById(id);
  const toggle = () => document.querySelector("[data-facets-toggle]");
  let open = false;

  const show = (wanted) => {
    open = wanted;
    part("facets")?.toggleAttribute("data-open", open);
    toggle()?.setAttribute("aria-expanded", String(open));
  };

  const home = () => {
    const facets = part("facets");
    if (facets) part("facets-dialog").before(facets);
    show(false);
    toggle()?.focus();
  };

  const over = () => {
    const dialog = part("facets-dialog");
    dialog.querySelector("[data-facets-here]").append(part("facets"));
    dialog.addEventListener("close", home, { once: true });
    show(true);
    dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-facets-toggle]")) return;
    if (narrow.matches) over();
    else show(!open);
  });

  narrow.addEventListener("change", () => {
    const dialog = part("facets-dialog");
    if (dialog?.open) dialog.close();
  });

  /* A link in the page may have brought all of it anew. */
  document.addEventListener("zantara:swapped", () => {
    if (!part("facets-dialog")?.open) show(open);
  });
})();
