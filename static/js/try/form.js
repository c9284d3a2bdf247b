/* The form and the JSON are two views of one input; the JSON text is what is sent. It is written
   anew only where somebody changed something in the form. */
"use strict";

(() => {
  const { drawRoot, format, isObject, parse } = zantaraTry;
  const form = document.querySelector("form[data-try]");
  if (!form) return;
  const area = form.querySelector("textarea[name=input]");
  const box = form.querySelector("[data-form]");
  const fields = JSON.parse(form.dataset.try);
  const modes = [...form.querySelectorAll("[data-mode]")];
  let mode = "json";

  const draw = () => {
    const value = parse(area.value.trim() || "{}");
    if (!isObject(value)) throw new SyntaxError("The input is an object: { … }.");
    let settling = true;
    const change = (next, { quiet = false } = {}) => {
      if (settling && !quiet) return;
      area.value = format(next);
    };
    box.replaceChildren(drawRoot(fields, value, change));
    settling = false;
    if (!box.firstChild.children.length) {
      box.replaceChildren(Object.assign(document.createElement("p"), { className: "muted", textContent: "It takes no input." }));
    }
  };

  const show = (wanted, { focus = false } = {}) => {
    if (wanted === "form") {
      try {
        draw();
      } catch (error) {
        zantaraTry.problem(`The JSON cannot be read: ${error.message}`);
        wanted = "json";
      }
    }
    mode = wanted;
    box.hidden = mode !== "form";
    form.querySelector("[data-json]").hidden = mode !== "json";
    for (const button of modes) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    if (focus && mode === "json") area.focus();
  };

  zantaraTry.problem = (text) => {
    const notice = form.querySelector("[data-problems]");
    notice.querySelector("[data-problem-list]").replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
    notice.hidden = false;
    notice.focus();
  };
  zantaraTry.clearProblems = () => {
    form.querySelector("[data-problems]").hidden = true;
    for (const error of form.querySelectorAll(".try-error")) error.hidden = true;
    for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  };

  /* What the server objects to, at the fields that it names. */
  zantaraTry.fieldProblems = (problem, errors) => {
    const list = form.querySelector("[data-problem-list]");
    list.replaceChildren(Object.assign(document.createElement("p"), { textContent: problem }));
    const items = document.createElement("ul");
    for (const error of errors) items.append(fieldProblem(error));
    list.append(items);
    const notice = form.querySelector("[data-problems]");
    notice.hidden = false;
    notice.focus();
  };

  const controlAt = (pointer) => {
    if (mode === "json") return area;
    const boxes = [...form.querySelectorAll("[data-pointer]")];
    const place = boxes.filter((each) => pointer === each.dataset.pointer || pointer.startsWith(`${each.dataset.pointer}/`)).at(-1);
    return place?.querySelector("input, select, textarea, button");
  };

  const fieldProblem = ({ pointer, message }) => {
    const item = document.createElement("li");
    const path = (pointer || "").replace(/^\/input_data(?=\/|$)/, "");
    const control = controlAt(path);
    const words = `${path || "input"}: ${message}`;
    if (!control) {
      item.textContent = words;
      return item;
    }
    const link = Object.assign(document.createElement("a"), { href: `#${control.id}`, textContent: words });
    link.addEventListener("click", (event) => { event.preventDefault(); control.focus(); });
    item.append(link);
    if (control !== area) {
      const error = control.closest("[data-pointer]").querySelector(".try-error");
      error.textContent = message;
      error.hidden = false;
      control.setAttribute("aria-describedby", [control.getAttribute("aria-describedby"), error.id].filter(Boolean).join(" "));
    }
    control.setAttribute("aria-invalid", "true");
    return item;
  };

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mode]");
    if (button) { zantaraTry.clearProblems(); show(button.dataset.mode, { focus: true }); }
  });
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-source]") || !event.target.value) return;
    area.value = format(parse(event.target.value));
    event.target.value = "";
    zantaraTry.clearProblems();
    show(mode);
  });

  zantaraTry.form = form;
  zantaraTry.input = () => area.value.trim() || "{}";
  form.querySelector("[data-modes]").hidden = false;
  for (const each of form.closest(".try").querySelectorAll("[data-scripted], [data-sources]")) each.hidden = false;
  show("form");
})();
