/* The charts of a page: loading and its states, legend, cursor, table. What draws them is
   charts/paint.js; a chart whose kind has a painter of its own (charts/heat.js) is drawn by that. */
"use strict";

(() => {
  const charts = new Map();
  const part = (figure, name) => figure.querySelector(`[data-chart-${name}]`);
  const say = (text) => document.dispatchEvent(new CustomEvent("zantara:announce", { detail: text }));
  const element = (tag, text = "", attributes = {}) => {
    const made = Object.assign(document.createElement(tag), { textContent: text });
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  /* --- drawing --- */

  const pickOf = (state) => {
    const { data } = state;
    if (!data.executions || !data.times.length) return null;
    return (index) => {
      const from = new Date(data.times[index % data.times.length]);
      const plugin = data.kind === "heat" ? data.series[Math.floor(index / data.times.length)].key : data.plugin ?? "";
      const until = new Date(from.getTime() + data.bucket_seconds * 1000);
      location.assign(data.executions.replace("{plugin}", encodeURIComponent(plugin)).replace("{since}", encodeURIComponent(iso(from))).replace("{until}", encodeURIComponent(iso(until))));
    };
  };
  const iso = (moment) => moment.toISOString().replace(".000Z", "Z");

  const draw = (figure, state) => {
    state.drawing?.destroy();
    state.drawing = null;
    state.pick = pickOf(state);
    figure.dataset.kind = state.data.kind;
    part(figure, "empty").hidden = !state.data.empty;
    if (!state.data.empty) {
      const painter = zantara.painters?.[state.data.kind] ?? zantara.paint;
      state.drawing = painter(figure.querySelector("canvas"), state.data, state);
    }
    legend(figure, state);
    figure.dataset.drawn = "";
  };

  const fillIn = (figure, state) => {
    const { data } = state;
    const canvas = figure.querySelector("canvas");
    part(figure, "summary").textContent = data.summary;
    canvas.setAttribute("aria-label", data.summary);
    canvas.tabIndex = data.empty ? -1 : 0;
    part(figure, "keys").textContent = keysOf(data);
    part(figure, "log").hidden = !data.log_scale || data.empty;
    events(part(figure, "events"), data);
    if (part(figure, "more").open) table(figure, state);
    draw(figure, state);
  };

  const keysOf = (data) => {
    const keys = data.kind === "heat" ? "Arrow keys" : data.kind === "horizontal" ? "Up and down arrow keys" : "Left and right arrow keys";
    return `${keys} read the values.${data.executions && data.times.length ? " Enter shows the executions." : ""}`;
  };

  const events = (list, data) => {
    const told = [...data.annotations, ...data.events];
    list.replaceChildren(...told.map((each) => {
      const item = element("li");
      item.append(element("time", each.when, { datetime: each.at }), ` ${[each.label, each.detail].filter(Boolean).join(": ")}`);
      return item;
    }));
    list.hidden = !told.length;
    list.tabIndex = 0;
    list.setAttribute("aria-label", `Changes ${data.period}`);
  };

  /* --- legend: each name shows or hides its series --- */

  const legend = (figure, state) => {
    const { data } = state;
    const box = part(figure, "legend");
    if (data.kind === "heat" || data.empty) {
      box.replaceChildren(...(data.empty ? [] : zantara.heatLegend()));
      return;
    }
    box.replaceChildren(...data.series.map((series) => {
      const button = element("button", "", { type: "button", "data-series": series.key, "aria-pressed": String(!state.hidden.has(series.key)) });
      button.append(zantara.swatch(series), series.label);
      return button;
    }));
  };

  const toggle = (button) => {
    const state = charts.get(button.closest("[data-chart]"));
    const { series } = button.dataset;
    const visible = state.hidden.has(series);
    state.hidden[visible ? "delete" : "add"](series);
    state.drawing.show(series, visible);
    button.setAttribute("aria-pressed", String(visible));
  };

  /* --- table --- */

  const table = (figure, { data }) => {
    const grid = element("table");
    grid.append(element("caption", data.title, { class: "visually-hidden" }));
    const head = grid.createTHead().insertRow();
    head.append(element("th", data.label_title, { scope: "col" }));
    for (const column of data.columns) head.append(element("th", column, { scope: "col", class: "num" }));
    const body = grid.createTBody();
    for (const { label, cells } of data.rows) {
      const row = body.insertRow();
      row.append(element("th", label, { scope: "row" }));
      for (const cell of cells) row.append(element("td", cell, { class: "num" }));
    }
    const box = element("div", "", { class: "table-box", tabindex: "0", role: "region", "aria-label": `${data.title}, data` });
    box.append(grid);
    const left = data.labels.length || data.kind === "heat" ? [] : ["Times without anything to count are left out."];
    const note = element("p", [...left, ...data.notes].join(" "), { class: "chart-note" });
    part(figure, "table").replaceChildren(box, note);
  };

  /* --- cursor: the arrow keys read the values --- */

  const reading = ({ data, hidden }, index) => {
    if (data.kind === "heat") return zantara.heatReading(data, index);
    const told = data.series.filter((series) => !hidden.has(series.key))
      .map((series) => `${series.label} ${series.texts[index]}`);
    return `${zantara.placeOf(data, index)}: ${told.join(", ")}`;
  };

  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };
  const next = (state, key) => {
    const last = state.drawing.places - 1;
    if (key === "Home") return 0;
    if (key === "End") return last;
    const across = state.data.kind === "horizontal" ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
    if (state.drawing.step && key in STEPS) return state.drawing.step(key, state.cursor);
    if (!across.includes(key) && !(state.data.kind === "horizontal" && key in STEPS)) return null;
    if (state.cursor == null) return STEPS[key] > 0 ? 0 : last;
    return Math.min(Math.max(state.cursor + STEPS[key], 0), last);
  };

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-chart] canvas") || event.ctrlKey || event.metaKey || event.altKey) return;
    const figure = event.target.closest("[data-chart]");
    const state = charts.get(figure);
    if (!state?.drawing) return;
    if (event.key === "Enter" && state.pick && state.cursor != null) {
      state.pick(state.cursor);
      return;
    }
    const index = event.key === "Escape" ? undefined : next(state, event.key);
    if (index === null) return;
    event.preventDefault();
    state.cursor = index;
    state.drawing.point(index);
    part(figure, "reading").textContent = index == null ? "" : reading(state, index);
  });

  /* --- loading --- */

  const fail = (figure, text) => {
    part(figure, "problem").textContent = text;
    part(figure, "error").hidden = false;
  };

  const problemOf = async (response) => {
    const told = await response.json().then((body) => body.detail, () => "");
    return `The numbers could not be loaded: ${told || `the server answered ${response.status}.`} Request id: ${response.headers.get("X-Request-Id")}`;
  };

  const load = async (figure) => {
    const state = charts.get(figure) ?? { hidden: new Set(), log: false, cursor: null };
    charts.set(figure, state);
    figure.setAttribute("aria-busy", "true");
    part(figure, "error").hidden = true;
    try {
      const response = await fetch(figure.dataset.chart, { headers: { Accept: "application/json" } });
      if (!response.ok) {
        fail(figure, await problemOf(response));
        return;
      }
      state.data = await response.json();
      if (figure.isConnected) fillIn(figure, state);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      fail(figure, "The numbers could not be loaded: the server did not answer.");
    } finally {
      figure.removeAttribute("aria-busy");
    }
  };

  /* Charts below the edge of the window are loaded when they come near it. */
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      load(target);
    }
  }, { rootMargin: "600px" });

  const start = () => {
    for (const [figure, state] of charts) {
      if (figure.isConnected) continue;
      state.drawing?.destroy();
      charts.delete(figure);
    }
    const fresh = [...document.querySelectorAll("[data-chart]:not([data-seen])")];
    for (const figure of fresh) {
      figure.dataset.seen = "";
      near.observe(figure);
    }
    if (!fresh.length) return;
    setTimeout(() => {
      if (document.querySelector("[data-chart][aria-busy]")) say("Loading charts");
    }, 300);
  };

  const redraw = () => {
    for (const [figure, state] of charts) if (state.data) draw(figure, state);
  };

  start();
  document.addEventListener("zantara:swapped", start);
  document.addEventListener("zantara:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.("[data-chart-more]") || !event.target.open) return;
    const figure = event.target.closest("[data-chart]");
    const state = charts.get(figure);
    if (state?.data) table(figure, state);
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-chart] button");
    if (!button) return;
    const figure = button.closest("[data-chart]");
    if (button.matches("[data-chart-retry]")) load(figure);
    if (button.matches("[data-series]")) toggle(button);
    if (button.matches("[data-chart-log]")) {
      const state = charts.get(figure);
      state.log = !state.log;
      button.setAttribute("aria-pressed", String(state.log));
      draw(figure, state);
    }
  });
})();
