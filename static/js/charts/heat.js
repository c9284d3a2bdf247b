/* The strip of errors: a row for each plugin, a cell for each time. The higher and the warmer a
   cell, the larger the share that failed. */
"use strict";

globalThis.zantara ??= {};

(() => {
  const ROW = 18;
  const AXIS = 22;
  const CLASSES = [
    { label: "No errors", below: 0.000001, tone: "ok", height: 0.2 },
    { label: "Below 5 %", below: 5, tone: "warn", height: 0.4 },
    { label: "5 to 25 %", below: 25, tone: "chart-2", height: 0.7 },
    { label: "25 % and more", below: Infinity, tone: "error", height: 1 },
  ];
  const classOf = (value) => (value == null ? null : CLASSES.find((each) => value < each.below));

  const cell = (pen, kind, x, y, width, height) => {
    if (!kind) return;
    pen.fillStyle = zantara.token(kind.tone);
    const tall = Math.max(2, height * kind.height);
    pen.fillRect(x, y + height - tall, width, tall);
  };

  const clock = (data) => new Intl.DateTimeFormat(undefined, new Date(data.until) - new Date(data.since) > 36 * 3600e3
    ? { month: "short", day: "numeric" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  const layout = (canvas, data) => {
    const width = canvas.parentElement.clientWidth;
    const names = Math.min(190, Math.round(width * 0.36));
    return { width, names, step: (width - names - 4) / data.times.length, height: AXIS + data.series.length * ROW };
  };

  const shortened = (pen, text, room) => {
    let shown = text;
    while (shown.length > 4 && pen.measureText(shown).width > room) shown = `${shown.slice(0, -2)}…`;
    return shown;
  };

  const axis = (pen, data, { names, step }) => {
    pen.fillStyle = zantara.token("muted");
    pen.textAlign = "left";
    const every = Math.ceil(64 / step);
    data.times.forEach((at, n) => {
      if (n % every === 0 && n + every / 2 < data.times.length) pen.fillText(clock(data).format(new Date(at)), names + n * step, 12);
    });
  };

  const row = (pen, series, n, { names, step }) => {
    const y = AXIS + n * ROW;
    pen.fillStyle = zantara.token("text");
    pen.textAlign = "left";
    pen.fillText(shortened(pen, series.label, names - 10), 0, y + 12);
    series.values.forEach((value, column) => {
      const x = names + column * step;
      pen.fillStyle = zantara.token("sunken");
      pen.fillRect(x, y + 2, Math.max(1, step - 1), ROW - 4);
      cell(pen, classOf(value), x, y + 2, Math.max(1, step - 1), ROW - 4);
    });
  };

  const frame = (pen, data, place, { names, step }) => {
    const x = names + (place % data.times.length) * step;
    const y = AXIS + Math.floor(place / data.times.length) * ROW;
    pen.strokeStyle = zantara.token("focus");
    pen.lineWidth = 2;
    pen.strokeRect(x - 0.5, y + 1, step, ROW - 2);
  };

  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const clamp = (value, last) => Math.min(Math.max(value, 0), last);

  const heat = (canvas, data, { pick = null } = {}) => {
    const columns = data.times.length;
    let cursor = null;
    const draw = () => {
      const place = layout(canvas, data);
      const sharp = devicePixelRatio || 1;
      canvas.width = place.width * sharp;
      canvas.height = place.height * sharp;
      canvas.style.width = `${place.width}px`;
      canvas.style.height = `${place.height}px`;
      const pen = canvas.getContext("2d");
      pen.scale(sharp, sharp);
      pen.font = `12px ${zantara.token("font")}`;
      axis(pen, data, place);
      data.series.forEach((series, n) => row(pen, series, n, place));
      if (cursor != null) frame(pen, data, cursor, place);
    };
    const at = (event) => {
      const { names, step } = layout(canvas, data);
      const column = Math.floor((event.offsetX - names) / step);
      const line = Math.floor((event.offsetY - AXIS) / ROW);
      const inside = column >= 0 && column < columns && line >= 0 && line < data.series.length;
      return inside ? line * columns + column : null;
    };
    const hover = (event) => {
      const place = at(event);
      canvas.title = place == null ? "" : zantara.heatReading(data, place);
      canvas.style.cursor = pick && place != null ? "pointer" : "";
    };
    const click = (event) => { if (pick && at(event) != null) pick(at(event)); };
    const resized = new ResizeObserver(draw);
    resized.observe(canvas.parentElement);
    canvas.addEventListener("mousemove", hover);
    canvas.addEventListener("click", click);
    draw();
    return {
      places: columns * data.series.length,
      point(index) {
        cursor = index ?? null;
        draw();
        if (cursor == null) return;
        const y = AXIS + Math.floor(cursor / columns) * ROW;
        const box = canvas.parentElement;
        if (y < box.scrollTop || y + ROW > box.scrollTop + box.clientHeight) box.scrollTop = y - box.clientHeight / 2;
      },
      step(key, from) {
        if (from == null) return 0;
        const [down, right] = MOVES[key];
        const line = clamp(Math.floor(from / columns) + down, data.series.length - 1);
        return line * columns + clamp((from % columns) + right, columns - 1);
      },
      show() {},
      destroy() {
        resized.disconnect();
        canvas.removeEventListener("mousemove", hover);
        canvas.removeEventListener("click", click);
      },
    };
  };

  const swatch = (kind) => {
    const canvas = document.createElement("canvas");
    canvas.width = 44;
    canvas.height = 24;
    canvas.setAttribute("aria-hidden", "true");
    const pen = canvas.getContext("2d");
    pen.fillStyle = zantara.token("sunken");
    pen.fillRect(8, 0, 28, 24);
    cell(pen, kind, 8, 0, 28, 24);
    return canvas;
  };

  zantara.painters = { heat };
  zantara.heatLegend = () => [...CLASSES, null].map((kind) => {
    const item = document.createElement("span");
    item.append(swatch(kind), kind ? kind.label : "No calls");
    return item;
  });
  zantara.heatReading = (data, index) => {
    const series = data.series[Math.floor(index / data.times.length)];
    const column = index % data.times.length;
    const told = series.texts[column];
    return `${series.label}, ${zantara.placeOf(data, column)}: ${told === "n/a" ? "no calls" : `${told} failed`}`;
  };
})();
