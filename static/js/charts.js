/* The charts of one plugin, from its series; colours come from the tokens of the page. */
"use strict";

(() => {
  const drawn = [];
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const duration = (ms) => (ms < 9.95 ? `${ms.toFixed(1)} ms` : ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

  const CALLS = [
    { key: "succeeded", label: "Succeeded", colour: "--chart-1" },
    { key: "cached", label: "From the cache", colour: "--chart-3", stripes: 1 },
    { key: "failed", label: "Failed", colour: "--chart-2", stripes: 2 },
    { key: "timed_out", label: "Timed out", colour: "--chart-4", stripes: 3 },
    { key: "cancelled", label: "Cancelled", colour: "--chart-5", optional: true },
  ];
  const LATENCY = [
    { key: "p50_ms", label: "p50", colour: "--chart-1", dash: [], point: "circle" },
    { key: "p95_ms", label: "p95", colour: "--chart-2", dash: [7, 4], point: "rectRot" },
    { key: "p99_ms", label: "p99", colour: "--chart-4", dash: [2, 3], point: "triangle" },
  ];

  /* Stripes tell the parts of a bar apart without their colours. */
  const fill = (colour, stripes) => {
    if (!stripes) return colour;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = token("--surface");
    pen.lineWidth = 1.5;
    pen.beginPath();
    if (stripes !== 2) { pen.moveTo(-2, 6); pen.lineTo(6, -2); pen.moveTo(2, 10); pen.lineTo(10, 2); }
    if (stripes !== 1) { pen.moveTo(-2, 2); pen.lineTo(6, 10); pen.moveTo(2, -2); pen.lineTo(10, 6); }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  };

  const clock = (points, range) => {
    const long = range === "7d" || range === "30d";
    const format = new Intl.DateTimeFormat(undefined, long
      ? { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
      : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return points.map((point) => format.format(new Date(point.at)));
  };

  const options = (extra) => {
    const muted = token("--muted");
    const font = { family: token("--font"), size: 12 };
    const grid = { color: token("--line"), drawTicks: false };
    const border = { display: false };
    return {
      animation: reduced.matches ? false : { duration: 250 },
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: {
        legend: {
          position: "bottom",
          align: "start",
          labels: {
            color: muted,
            font,
            padding: 14,
            boxWidth: 12,
            boxHeight: 10,
            usePointStyle: extra.lines,
            pointStyleWidth: 30,
            generateLabels: (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart)
              .map((label) => (extra.lines ? { ...label, pointStyle: "line", lineWidth: 2, lineDash: LATENCY[label.datasetIndex].dash } : label)),
          },
        },
        tooltip: {
          backgroundColor: token("--text"),
          titleColor: token("--surface"),
          bodyColor: token("--surface"),
          titleFont: font,
          bodyFont: font,
          padding: 10,
          callbacks: { label: (item) => ` ${item.dataset.label}: ${extra.format(item.parsed.y)}` },
        },
      },
      scales: {
        x: {
          stacked: !extra.lines,
          grid: { display: false },
          border,
          ticks: { color: muted, font, maxRotation: 0, autoSkipPadding: 24 },
        },
        y: {
          stacked: !extra.lines,
          beginAtZero: true,
          grid,
          border,
          ticks: { color: muted, font, padding: 8, maxTicksLimit: 5, precision: extra.lines ? undefined : 0, callback: extra.format },
        },
      },
    };
  };

  const callsChart = (canvas, data) => {
    const shown = CALLS.filter((part) => !part.optional || data.points.some((point) => point[part.key]));
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: clock(data.points, data.range),
        datasets: shown.map((part) => ({
          label: part.label,
          data: data.points.map((point) => point[part.key]),
          backgroundColor: fill(token(part.colour), part.stripes),
          borderColor: token(part.colour),
          borderRadius: 2,
          barPercentage: 0.9,
          categoryPercentage: 0.95,
          maxBarThickness: 24,
        })),
      },
      options: options({ lines: false, format: (value) => value.toLocaleString() }),
    });
  };

  const latencyChart = (canvas, data) => new Chart(canvas, {
    type: "line",
    data: {
      labels: clock(data.points, data.range),
      datasets: LATENCY.map((line) => ({
        label: line.label,
        data: data.points.map((point) => point[line.key]),
        borderColor: token(line.colour),
        backgroundColor: token(line.colour),
        borderDash: line.dash,
        borderWidth: 2,
        pointStyle: line.point,
        pointRadius: 3,
        pointHoverRadius: 5,
        spanGaps: false,
      })),
    },
    options: options({ lines: true, format: duration }),
  });

  const DRAW = { calls: callsChart, latency: latencyChart };

  const draw = (box) => {
    for (const canvas of box.querySelectorAll("canvas[data-chart]")) {
      Chart.getChart(canvas)?.destroy();
      drawn.push(DRAW[canvas.dataset.chart](canvas, box.series));
      const words = box.series.summary[canvas.dataset.chart];
      canvas.setAttribute("aria-label", words);
      box.querySelector(`[data-summary="${canvas.dataset.chart}"]`).textContent = words;
    }
    box.dataset.drawn = "";
  };

  const fail = (box, text) => {
    box.querySelector("[data-chart-problem]").textContent = text;
    box.querySelector("[data-chart-error]").hidden = false;
  };

  const load = async (box) => {
    box.setAttribute("aria-busy", "true");
    box.querySelector("[data-chart-error]").hidden = true;
    try {
      const response = await fetch(box.dataset.charts, { headers: { Accept: "application/json" } });
      if (!response.ok) {
        fail(box, `The numbers could not be loaded (${response.status}). Request id: ${response.headers.get("X-Request-Id")}.`);
        return;
      }
      box.series = await response.json();
      draw(box);
    } catch {
      fail(box, "The numbers could not be loaded: the server did not answer.");
    } finally {
      box.removeAttribute("aria-busy");
    }
  };

  const start = () => {
    for (const chart of drawn.splice(0)) {
      if (!chart.canvas?.isConnected) chart.destroy();
      else drawn.push(chart);
    }
    for (const box of document.querySelectorAll("[data-charts]:not([data-drawn])")) load(box);
  };

  const redraw = () => document.querySelectorAll("[data-charts][data-drawn]").forEach(draw);

  start();
  document.addEventListener("zantara:swapped", start);
  document.addEventListener("zantara:theme", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("click", (event) => {
    const retry = event.target.closest("[data-chart-retry]");
    if (retry) load(retry.closest("[data-charts]"));
  });
})();
