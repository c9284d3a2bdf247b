/* Without a connection: say so, and keep what was typed instead of leading to the browser's error page. */
"use strict";

(() => {
  const banner = document.getElementById("offline");
  if (!banner) return;
  const show = () => { banner.hidden = navigator.onLine; };

  addEventListener("offline", show);
  addEventListener("online", show);
  document.addEventListener("zantara:failed", show);
  document.addEventListener("submit", (event) => {
    if (navigator.onLine || event.target.method === "dialog") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    banner.hidden = true;
    requestAnimationFrame(show);
  }, true);
  show();
})();
