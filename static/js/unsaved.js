/* Leaving a form that was changed asks first. */
"use strict";

(() => {
  const form = document.querySelector("form[data-guard]");
  if (!form) return;
  const entered = () => new URLSearchParams(new FormData(form)).toString();
  const first = entered();
  let leaving = false;
  form.addEventListener("submit", () => (leaving = true));
  // The page may come back from the browser's memory, with its form as it was left.
  window.addEventListener("pageshow", () => (leaving = false));
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && entered() !== first) event.preventDefault();
  });
})();
