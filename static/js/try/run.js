/* Runs the call as any client would, and shows what came back. */
"use strict";

(() => {
  const { form, format, parse } = zantaraTry;
  if (!form) return;
  const panel = document.getElementById("result");
  const outcome = panel.querySelector("[data-outcome]");
  const run = form.querySelector("[data-run]");
  const label = run.querySelector("[data-label]");
  let panes = {};
  let pane = "data";
  let pending = null;
  let countdown;

  const bodyText = () => {
    const options = [];
    if (form.elements.use_cache && !form.elements.use_cache.checked) options.push('"use_cache": false');
    const seconds = Number(form.querySelector("[data-timeout]").value.replace(",", "."));
    if (seconds > 0) options.push(`"timeout_ms": ${Math.round(seconds * 1000)}`);
    return `{${[`"input_data": ${zantaraTry.input()}`, ...options].join(", ")}}`;
  };

  const duration = (ms) => (ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

  const show = (name) => {
    pane = name;
    panel.querySelector("[data-output]").textContent = panes[name] ?? "";
    for (const button of panel.querySelectorAll("[data-pane]")) {
      button.setAttribute("aria-pressed", String(button.dataset.pane === name));
    }
  };

  const idOf = (answer, response) => answer?.metadata?.execution_id
    || answer?.execution_id || (answer?.instance || "").split("/").filter(Boolean).at(-1) || (response && "");

  const settle = (text, answer, response) => {
    outcome.textContent = text;
    panel.querySelector("[data-nothing]").hidden = true;
    panel.querySelector("[data-result]").hidden = false;
    const id = idOf(answer, response);
    const line = panel.querySelector("[data-execution]");
    line.hidden = !id;
    if (id) {
      const link = line.querySelector("[data-execution-link]");
      link.textContent = id;
      link.href = `/admin/executions/${encodeURIComponent(id)}/`;
    }
    show(pane);
  };

  const wait = (seconds, what) => {
    clearInterval(countdown);
    let left = Math.ceil(seconds);
    run.setAttribute("aria-disabled", "true");
    const tick = () => {
      if (left <= 0) {
        clearInterval(countdown);
        run.removeAttribute("aria-disabled");
        label.textContent = "Run";
        outcome.textContent = "You can run it again.";
        return;
      }
      label.textContent = `Run in ${left} s`;
      left -= 1;
    };
    outcome.textContent = `${what} Retry in ${left} s.`;
    tick();
    countdown = setInterval(tick, 1000);
  };

  const explain = (response, answer, took) => {
    const status = response.status;
    if (response.ok) {
      const how = answer.metadata?.cached ? "from the cache" : "not cached";
      const word = answer.success ? "Succeeded" : "Failed";
      settle(`${word} · ${status} · ${duration(took)} · ${how}`, answer, response);
      return;
    }
    settle(`${answer.title || "Failed"} · ${status} · ${duration(took)}`, answer, response);
    const retry = Number(response.headers.get("Retry-After"));
    if ((status === 429 || status === 503) && retry) wait(retry, `${answer.title}.`);
    else if (answer.errors?.length) zantaraTry.fieldProblems(answer.title || "The input was refused", answer.errors);
    else zantaraTry.problem(`${answer.title || status}: ${answer.detail || "no more is known"}`);
  };

  const start = () => {
    const begun = performance.now();
    const abort = new AbortController();
    const timer = setInterval(() => { label.textContent = `Stop (${((performance.now() - begun) / 1000).toFixed(1)} s)`; }, 100);
    label.textContent = "Stop";
    return { begun, abort, end: () => { clearInterval(timer); label.textContent = "Run"; } };
  };

  const call = async () => {
    let body;
    try {
      body = bodyText();
      parse(body);
    } catch (error) {
      zantaraTry.problem(`The JSON cannot be read: ${error.message}`);
      return;
    }
    zantaraTry.clearProblems();
    pending = start();
    try {
      const response = await fetch(form.dataset.url, {
        method: "POST",
        headers: {
          Accept: "application/json",
          "Content-Type": "application/json",
          "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
        },
        body,
        signal: pending.abort.signal,
      });
      const took = performance.now() - pending.begun;
      const raw = await response.text();
      const answer = parse(raw);
      panes = {
        data: format(response.ok ? answer.success ? answer.data : answer.error : answer.detail ?? answer),
        answer: format(answer),
        request: `POST ${form.dataset.url}\nContent-Type: application/json\n\n${format(parse(body))}`,
        headers: [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"),
      };
      pending.end();
      explain(response, answer, took);
    } catch (error) {
      pending.end();
      zantaraTry.problem(error.name === "AbortError"
        ? "You stopped waiting. What the plugin had begun may still end; the execution log tells."
        : "The server did not answer. Your input is still here; try again.");
    } finally {
      pending = null;
    }
  };

  const confirmed = () => {
    if (!("destructive" in form.dataset)) return true;
    const typed = form.elements.confirm;
    if (typed.value.trim() === form.dataset.name) return true;
    zantaraTry.problem(`It may delete or overwrite something: type ${form.dataset.name} to confirm.`);
    typed.focus();
    return false;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (pending) pending.abort.abort();
    else if (run.getAttribute("aria-disabled") !== "true" && confirmed()) call();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.contains(document.activeElement) && !pending) {
      event.preventDefault();
      form.requestSubmit(run);
    }
  });
  panel.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-pane]");
    if (chosen) show(chosen.dataset.pane);
  });

  /* --- the same call elsewhere --- */

  const python = (value) => (value === null ? "None" : value === true ? "True" : value === false ? "False"
    : Array.isArray(value) ? `[${value.map(python).join(", ")}]`
      : zantaraTry.isObject(value) ? `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${python(each)}`).join(", ")}}`
        : JSON.stringify(value));
  const SAMPLES = {
    curl: (url, body) => `curl -X POST '${url}' \\\n  -H "Authorization: Bearer $ZANTARA_API_KEY" \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`,
    python: (url, body) => `import os\n\nimport httpx\n\nanswer = httpx.post(\n    "${url}",\n    headers={"Authorization": f"Bearer {os.environ['ZANTARA_API_KEY']}"},\n    json=${python(body)},\n)\nprint(answer.json())\n`,
    javascript: (url, body) => `const answer = await fetch("${url}", {\n  method: "POST",\n  headers: {\n    Authorization: \`Bearer \${process.env.ZANTARA_API_KEY}\`,\n    "Content-Type": "application/json",\n  },\n  body: JSON.stringify(${format(body).replaceAll("\n", "\n  ")}),\n});\nconsole.log(await answer.json());\n`,
    link: (url, body) => {
      const bytes = new TextEncoder().encode(JSON.stringify(body.input_data));
      const text = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
      return `${location.origin}${location.pathname}?input=${text}`;
    },
  };
  form.addEventListener("click", async (event) => {
    const chosen = event.target.closest("[data-copy-as]");
    if (!chosen) return;
    try {
      await navigator.clipboard.writeText(SAMPLES[chosen.dataset.copyAs](new URL(form.dataset.url, location.href).href, parse(bodyText())));
      document.dispatchEvent(new CustomEvent("zantara:announce", { detail: "Copied" }));
      chosen.closest("details").open = false;
    } catch {
      zantaraTry.problem("It could not be copied: the input is no JSON, or copying is not allowed here.");
    }
  });
})();
