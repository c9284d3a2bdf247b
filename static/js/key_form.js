/* While patterns of plugins are typed, how many plugins they name. */
"use strict";

(() => {
  const told = document.querySelector("[data-matches]");
  const input = document.getElementById("id_plugins");
  if (!told || !input) return;
  const WAIT = 300;
  let timer = 0;
  let last = 0;

  const words = ({ count, names }) => {
    if (!count) return "Matches no plugin now";
    const more = count > names.length ? ` and ${count - names.length} more` : "";
    return `Now ${count} ${count === 1 ? "plugin" : "plugins"}: ${names.join(", ")}${more}`;
  };

  const look = async () => {
    const mine = ++last;
    const address = `${told.dataset.matches}?${new URLSearchParams({ plugins: input.value })}`;
    try {
      const response = await fetch(address, { credentials: "same-origin" });
      if (!response.ok) return;
      const found = await response.json();
      if (mine === last) told.textContent = words(found);
    } catch {
      // Offline: the server says it again when the form is sent.
    }
  };

  told.setAttribute("role", "status");
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });
})();
