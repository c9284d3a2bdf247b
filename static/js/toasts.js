/* What an action came to floats where it is seen, long enough to be read. Failures, and results that
   are more than a sentence, stay in the page. */
"use strict";

(() => {
  const toasts = document.getElementById("toasts");
  if (!toasts) return;
  const STAY = 8000;
  const MOST = 4;

  const leave = (toast) => {
    const held = toast.contains(document.activeElement);
    toast.remove();
    if (held) document.getElementById("main").focus({ preventScroll: true });
  };

  /** It waits while somebody points at it, has the focus in it, or looks at another window. */
  const wait = (toast) => setTimeout(() => {
    if (toast.matches(":hover, :focus-within") || document.hidden) wait(toast);
    else leave(toast);
  }, STAY);

  const float = (notice) => {
    notice.removeAttribute("role");
    notice.classList.add("toast");
    toasts.append(notice);
    while (toasts.children.length > MOST) toasts.firstElementChild.remove();
    wait(notice);
  };

  const gather = () => {
    for (const notices of document.querySelectorAll("#main [data-notices]")) {
      notices.querySelectorAll(":scope > .notice:not(.notice-error):has(> .notice-text)").forEach(float);
      if (!notices.children.length) notices.remove();
    }
  };

  document.addEventListener("click", (event) => {
    const notice = event.target.closest("[data-dismiss]")?.closest(".notice");
    if (!notice) return;
    const around = notice.parentElement;
    notice.remove();
    if (around !== toasts && !around.children.length) around.remove();
    document.getElementById("main").focus({ preventScroll: true });
  });
  toasts.addEventListener("keydown", (event) => {
    const toast = event.target.closest(".toast");
    if (event.key === "Escape" && toast) leave(toast);
  });

  document.addEventListener("zantara:swapped", gather);
  /* A live region tells only what comes into it after the page was read. */
  requestAnimationFrame(gather);
})();
