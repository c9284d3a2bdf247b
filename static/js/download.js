/* A text of the page as a file. */
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-download]");
  if (!button) return;
  const text = document.getElementById(button.dataset.download).textContent;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = button.dataset.downloadName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
