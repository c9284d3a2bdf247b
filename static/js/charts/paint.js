/* Draws a chart from its JSON, with Chart.js. Colours come from the tokens of the page; stripes and
   dashes tell apart what colour alone would. */
"use strict";

globalThis.zantara ??= {};

(() => {
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [1, 4]];
  const POINTS = ["circle", "rectRot", "triangle", "rect", "star"];

  const duration = (ms) => {
    if (ms < 9.95) return `${Number(ms.toFixed(1))} ms`;
    if (ms < 999.5) return `${Math.round(ms)} ms`;
    return ms < 59_995 ? `${Number((ms / 1000).toFixed(2))} s` : `${Number((ms / 60_000).toFixed(1))} min`;
  };
  const FORMATS = {
    count: (value) => value.toLocaleString(),
    percent: (value) => `${Number(value.toFixed(1))} %`,
    ms: duration,
  };

  /* --- stripes --- */

  const LINES = {
    1: [[-2, 6, 6, -2], [2, 10, 10, 2]],
    2: [[-2, 2, 6, 10], [2, -2, 10, 6]],
    3: [[-2, 6, 6, -2], [2, 10, 10, 2], [-2, 2, 6, 10], [2, -2, 10, 6]],
    4: [[0, 4, 8, 4]],
  };
  const fill = (colour, pattern) => {
    if (!pattern) return colour;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = token("surface");
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const [x, y, toX, toY] of LINES[pattern]) {
      pen.moveTo(x, y);
      pen.lineTo(toX, toY);
    }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  };

  /* --- times --- */

  const clocks = (data) => {
    const long = new Date(data.until) - new Date(data.since) > 36 * 3600e3;
    const day = { month: "short", day: "numeric" };
    const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    return {
      tick: new Intl.DateTimeFormat(undefined, long ? { ...day, ...hour } : hour),
      whole: new Intl.DateTimeFormat(undefined, { ...day, ...hour }),
      end: new Intl.DateTimeFormat(undefined, hour),
    };
  };
  const place = (data, index) => {
    if (!data.times.length) return data.labels[index];
    const { whole, end } = clocks(data);
    const from = new Date(data.times[index]);
    return `${whole.format(from)} to ${end.format(new Date(from.getTime() + data.bucket_seconds * 1000))}`;
  };

  /* --- data sets --- */

  const bar = (series, data) => ({
    type: "bar",
    backgroundColor: fill(token(series.tone), series.pattern),
    borderColor: token("surface"),
    borderWidth: data.kind === "bands" ? 0 : { top: 1 },
    barPercentage: data.kind === "bands" ? 1 : 0.92,
    categoryPercentage: data.kind === "bands" ? 1 : 0.94,
    maxBarThickness: data.kind === "bands" ? undefined : 32,
    order: 2,
  });

  const line = (series, data) => {
    const colour = token(series.tone);
    const alone = (index) => series.values[index - 1] == null && series.values[index + 1] == null;
    const dots = (context) => (alone(context.dataIndex) ? 3 : 0);
    const pale = (context) => (series.few[context.dataIndex] ? token("off-bg") : colour);
    return {
      type: "line",
      borderColor: colour,
      backgroundColor: series.mark === "area" ? `${colour}33` : pale,
      fill: series.mark === "area" ? "origin" : false,
      borderDash: DASHES[series.pattern],
      borderWidth: series.previous ? 1.5 : 2,
      segment: { borderColor: (context) => (series.few[context.p1DataIndex] ? token("control") : undefined) },
      stepped: data.kind === "area" ? "middle" : false,
      pointStyle: POINTS[series.pattern],
      pointRadius: dots,
      pointHoverRadius: 5,
      pointBorderColor: colour,
      spanGaps: false,
      order: 1,
    };
  };

  const dataset = (series, data) => ({
    label: series.label,
    data: series.values,
    [data.kind === "horizontal" ? "xAxisID" : "yAxisID"]: series.right ? "right" : "value",
    ...(series.mark === "bar" ? bar(series, data) : line(series, data)),
  });

  /* --- axes --- */

  const font = () => ({ family: token("font"), size: 12 });
  const unitOf = (data, right) => data.series.find((series) => series.right === right)?.unit;

  const valueAxis = (data, { right = false, log = false } = {}) => {
    const unit = unitOf(data, right) ?? "count";
    const flat = data.kind === "horizontal";
    return {
      type: log && !right ? "logarithmic" : "linear",
      position: flat ? "bottom" : right ? "right" : "left",
      stacked: !right && ["stacked", "bands", "horizontal"].includes(data.kind),
      beginAtZero: true,
      max: unit === "percent" && right ? 100 : data.kind === "bands" ? 100 : undefined,
      display: data.kind !== "bands",
      grid: { color: token("line"), drawTicks: false, drawOnChartArea: !right },
      border: { display: false },
      ticks: {
        color: token("muted"),
        font: font(),
        padding: 8,
        maxTicksLimit: log ? 7 : 5,
        precision: unit === "count" ? 0 : undefined,
        callback: (value) => FORMATS[unit](value),
      },
    };
  };

  const placeAxis = (data) => ({
    type: "category",
    position: data.kind === "horizontal" ? "left" : "bottom",
    stacked: true,
    offset: true,
    grid: { display: false },
    border: { display: false },
    ticks: { color: token("muted"), font: font(), maxRotation: 0, autoSkip: data.kind !== "horizontal", autoSkipPadding: 20 },
  });

  const scales = (data, log) => {
    const [places, values] = data.kind === "horizontal" ? ["y", "x"] : ["x", "value"];
    const axes = { [places]: placeAxis(data), [values]: valueAxis(data, { log }) };
    if (values === "x") axes.value = { ...axes.x, axis: "x" };
    if (values === "x") delete axes.x;
    if (data.series.some((series) => series.right)) axes.right = valueAxis(data, { right: true });
    return axes;
  };

  /* --- what is drawn over it: limits, changes, the cursor --- */

  const overlay = (data) => ({
    id: "overlay",
    afterDatasetsDraw(chart) {
      const { ctx: pen, chartArea: area } = chart;
      pen.save();
      pen.font = `600 11px ${token("font")}`;
      for (const each of data.lines) limit(chart, pen, area, each);
      data.annotations.forEach((each, n) => change(chart, pen, area, each, n + 1));
      if (chart.cursor != null) cursor(chart, pen, area);
      pen.restore();
    },
  });

  const stroke = (pen, from, to, colour, dash) => {
    pen.beginPath();
    pen.setLineDash(dash);
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
    pen.setLineDash([]);
  };

  const limit = (chart, pen, area, { at, label, upright }) => {
    const colour = token("error");
    pen.fillStyle = colour;
    if (upright) {
      const x = placeX(chart, at);
      stroke(pen, [x, area.top], [x, area.bottom], colour, [6, 4]);
      pen.textAlign = x > (area.left + area.right) / 2 ? "right" : "left";
      pen.fillText(label, x + (pen.textAlign === "right" ? -5 : 5), area.top + 10);
      return;
    }
    const y = chart.scales.value.getPixelForValue(at);
    if (y < area.top || y > area.bottom) return;
    stroke(pen, [area.left, y], [area.right, y], colour, [6, 4]);
    pen.textAlign = "right";
    pen.fillText(label, area.right - 2, y - 4);
  };

  const placeX = (chart, at) => {
    const scale = chart.scales.x;
    const first = scale.getPixelForValue(0);
    const step = chart.data.labels.length > 1 ? scale.getPixelForValue(1) - first : 0;
    return first + (at - 0.5) * step;
  };

  const change = (chart, pen, area, { place: at }, number) => {
    const x = Math.min(Math.max(placeX(chart, at), area.left + 8), area.right - 8);
    stroke(pen, [x, area.top + 8], [x, area.bottom], token("text"), [2, 3]);
    pen.fillStyle = token("text");
    pen.beginPath();
    pen.arc(x, area.top + 3, 8, 0, 7);
    pen.fill();
    pen.fillStyle = token("surface");
    pen.textAlign = "center";
    pen.fillText(String(number), x, area.top + 7);
  };

  const cursor = (chart, pen, area) => {
    if (chart.options.indexAxis === "y") {
      const y = chart.scales.y.getPixelForValue(chart.cursor);
      stroke(pen, [area.left, y], [area.right, y], token("focus"), []);
      return;
    }
    const x = chart.scales.x.getPixelForValue(chart.cursor);
    stroke(pen, [x, area.top], [x, area.bottom], token("focus"), []);
  };

  /* --- the whole --- */

  const tooltip = (data) => ({
    backgroundColor: token("text"),
    titleColor: token("surface"),
    bodyColor: token("surface"),
    titleFont: font(),
    bodyFont: font(),
    padding: 10,
    boxPadding: 4,
    usePointStyle: data.kind === "lines",
    filter: (item) => data.series[item.datasetIndex].values[item.dataIndex] !== 0 || data.series.length < 3,
    callbacks: {
      title: ([item]) => (item ? place(data, item.dataIndex) : ""),
      label: (item) => ` ${item.dataset.label}: ${data.series[item.datasetIndex].texts[item.dataIndex]}`,
    },
  });

  /* `pick` is called with the index of a place that was clicked. */
  const paint = (canvas, data, { log = false, hidden = new Set(), pick = null } = {}) => {
    const flat = data.kind === "horizontal";
    const { tick } = clocks(data);
    const chart = new Chart(canvas, {
      type: "bar",
      data: {
        labels: data.times.length ? data.times.map((at) => tick.format(new Date(at))) : data.labels,
        datasets: data.series.map((series) => ({ ...dataset(series, data), hidden: hidden.has(series.key) })),
      },
      options: {
        animation: reduced.matches ? false : { duration: 250 },
        responsive: true,
        maintainAspectRatio: false,
        indexAxis: flat ? "y" : "x",
        interaction: { mode: "index", intersect: false, axis: flat ? "y" : "x" },
        layout: { padding: { top: data.annotations.length ? 10 : 4 } },
        onClick: (event, elements) => pick && elements.length && pick(elements[0].index),
        onHover: (event, elements) => { canvas.style.cursor = pick && elements.length ? "pointer" : ""; },
        plugins: { legend: { display: false }, tooltip: tooltip(data) },
        scales: scales(data, log),
      },
      plugins: [overlay(data)],
    });
    return {
      places: chart.data.labels.length,
      point(index) { chart.cursor = index; chart.draw(); },
      show(key, visible) {
        chart.setDatasetVisibility(data.series.findIndex((series) => series.key === key), visible);
        chart.update();
      },
      destroy: () => chart.destroy(),
    };
  };

  /* A piece of the series as the legend shows it. */
  const swatch = (series) => {
    const canvas = document.createElement("canvas");
    canvas.width = 44;
    canvas.height = 24;
    canvas.setAttribute("aria-hidden", "true");
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    if (series.mark === "bar") {
      pen.fillStyle = fill(token(series.tone), series.pattern);
      pen.fillRect(3, 1, 16, 10);
      return canvas;
    }
    pen.strokeStyle = token(series.tone);
    pen.lineWidth = 2;
    pen.setLineDash(DASHES[series.pattern]);
    pen.beginPath();
    pen.moveTo(0, 6);
    pen.lineTo(22, 6);
    pen.stroke();
    return canvas;
  };

  zantara.paint = paint;
  zantara.swatch = swatch;
  zantara.placeOf = place;
  zantara.token = token;
})();
