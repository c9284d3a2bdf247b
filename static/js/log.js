/* The log of a run: wrapping, times, the way from match to match, and copying. The filters are a
   form that works without it. */
"use strict";

(() => {
  const viewer = document.querySelector("[data-log]");
  const say = (text) => document.dispatchEvent(new CustomEvent("zantara:announce", { detail: text }));
  const on = { wrap: true, times: true };
  let at = -1;

  const lines = () => viewer.querySelector(".log");
  const marks = () => [...viewer.querySelectorAll("mark")];

  const dress = () => {
    viewer.querySelectorAll("[data-log-switch]").forEach((each) => {
      each.hidden = false;
      each.setAttribute("aria-pressed", String(on[each.dataset.logSwitch]));
    });
    viewer.querySelectorAll("[data-log-full], [data-log-copy], [data-log-groups]").forEach((each) => {
      each.hidden = false;
    });
    viewer.querySelectorAll("[data-log-match]").forEach((each) => {
      each.hidden = !marks().length;
    });
    lines()?.toggleAttribute("data-wrap", on.wrap);
    lines()?.toggleAttribute("data-plain", !on.times);
    nameGroups();
  };

  /* --- to the end, to the line of the address, or to the first match --- */

  const show = (element) => {
    element.closest("details")?.setAttribute("open", "");
    const box = lines();
    const gap = element.getBoundingClientRect().top - box.getBoundingClientRect().top;
    box.scrollTop += gap - box.clientHeight / 2;
    box.scrollIntoView({ block: "nearest" });
  };

  const place = () => {
    const box = lines();
    if (!box) return;
    const target = /^#L\d+$/.test(location.hash) && viewer.querySelector(location.hash);
    if (target) show(target);
    else if (marks().length) go(1);
    else if (new URLSearchParams(location.search).get("line")) box.scrollTop = box.scrollHeight / 2;
    else box.scrollTop = box.scrollHeight;
  };

  const go = (step) => {
    const all = marks();
    all[at]?.removeAttribute("data-here");
    at = (at + step + all.length) % all.length;
    all[at].setAttribute("data-here", "");
    show(all[at]);
    say(`Match ${at + 1} of ${all.length}`);
  };

  /* --- attempts --- */

  const groups = () => [...viewer.querySelectorAll(".log details")];
  const nameGroups = () => {
    const button = viewer.querySelector("[data-log-groups]");
    if (button) button.textContent = groups().every((each) => each.open) ? "Collapse all" : "Expand all";
  };

  const copyAll = async (button) => {
    try {
      const response = await fetch(button.dataset.logCopy, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      await navigator.clipboard.writeText(await response.text());
      say("Copied");
    } catch {
      say("It could not be copied; download it instead");
    }
  };

  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const data = button.dataset;
    if ("logSwitch" in data) {
      on[data.logSwitch] = !on[data.logSwitch];
      dress();
    } else if ("logMatch" in data) go(Number(data.logMatch));
    else if ("logCopy" in data) copyAll(button);
    else if ("logFull" in data) {
      if (document.fullscreenElement) document.exitFullscreen();
      else viewer.requestFullscreen();
    } else if ("logGroups" in data) {
      const open = groups().some((each) => !each.open);
      groups().forEach((each) => each.toggleAttribute("open", open));
      nameGroups();
    }
  });
  viewer.addEventListener("toggle", nameGroups, true);
  document.addEventListener("fullscreenchange", () => {
    const button = viewer.querySelector("[data-log-full]");
    button.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen";
  });
  document.addEventListener("zantara:swapped", () => {
    at = -1;
    dress();
    place();
  });
  dress();
  place();
})();
