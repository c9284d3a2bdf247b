/* A field of the tree that the server made of the schema, as controls. Each drawer takes the field,
   the value it begins with, and `place`: its path and what to call when the value changes
   (undefined: left out). */
"use strict";

(() => {
  const { format, isObject, isRaw, number, parse, pointer } = zantaraTry;
  let counter = 0;

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== ""));
    return made;
  };
  const hidden = (text) => element("span", { class: "visually-hidden" }, text);
  const button = (label, about, act) => {
    const made = element("button", { type: "button", class: "button button-small" }, label, hidden(` ${about}`));
    made.addEventListener("click", act);
    return made;
  };
  const text = (value) => (value === undefined || value === null ? "" : isRaw(value) ? format(value) : String(value));
  const named = (place, field) => field.label || `item ${Number(place.path.at(-1)) + 1}`;

  /* --- what stands around a control: label, help, error, null --- */

  const rulesOf = ({ rules = {}, kind }) => {
    const said = [];
    if ("minimum" in rules) said.push(`at least ${rules.minimum}`);
    if ("exclusiveMinimum" in rules) said.push(`more than ${rules.exclusiveMinimum}`);
    if ("maximum" in rules) said.push(`at most ${rules.maximum}`);
    if ("exclusiveMaximum" in rules) said.push(`less than ${rules.exclusiveMaximum}`);
    if ("minLength" in rules && rules.minLength > 1) said.push(`at least ${rules.minLength} characters`);
    if ("maxLength" in rules) said.push(`at most ${rules.maxLength} characters`);
    if ("pattern" in rules) said.push(`matches ${rules.pattern}`);
    if ("minItems" in rules) said.push(`at least ${rules.minItems}`);
    if ("maxItems" in rules) said.push(`at most ${rules.maxItems}`);
    if (kind === "integer") said.unshift("a whole number");
    return said.join(", ");
  };

  const helpOf = (field) => {
    const parts = [field.help, rulesOf(field)].filter(Boolean);
    if (field.default !== undefined && field.default !== null && field.kind !== "boolean") {
      parts.push(`left out: ${format(field.default)}`);
    }
    return parts.join(" · ");
  };

  const around = (field, place, id, control, { group = false } = {}) => {
    const help = helpOf(field);
    const label = element(group ? "legend" : "label", group ? {} : { for: id }, named(place, field));
    if (field.required && field.label) label.append(element("span", { class: "required" }, "required"));
    const box = element(group ? "fieldset" : "div", { class: group ? "" : "field", "data-pointer": pointer(place.path) }, label);
    if (help) box.append(element("p", { class: "try-help", id: `${id}-help` }, help));
    box.append(control, element("p", { class: "try-error", id: `${id}-error`, hidden: true }));
    for (const each of control.matches?.("input, select, textarea") ? [control] : []) {
      if (help) each.setAttribute("aria-describedby", `${id}-help`);
    }
    return box;
  };

  /* "Send null" is another thing than leaving a field out. */
  const withNull = (field, value, place, draw) => {
    if (!field.nullable) return draw(value, place);
    const id = `try-${(counter += 1)}`;
    let last = value === null ? undefined : value;
    let none = value === null;
    const check = element("input", { type: "checkbox", id });
    check.checked = none;
    const drawn = draw(last, { ...place, change: (next) => { last = next; if (!none) place.change(next); } });
    const mute = () => {
      for (const each of drawn.querySelectorAll("input, select, textarea, button")) {
        if (each !== check) each.disabled = none;
      }
    };
    check.addEventListener("change", () => {
      none = check.checked;
      mute();
      place.change(none ? null : last);
    });
    drawn.append(element("label", { class: "check", for: id }, check, "Send null", hidden(` for ${named(place, field)}`)));
    mute();
    return drawn;
  };

  /* --- single values --- */

  const TYPES = { email: "email", url: "url", date: "date", time: "text", datetime: "text", password: "password", text: "text" };

  const drawText = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    const control = field.kind === "textarea"
      ? element("textarea", { id, rows: 3 })
      : element("input", {
        id,
        type: TYPES[field.kind],
        autocomplete: "off",
        spellcheck: "false",
        placeholder: { datetime: "2026-11-22T14:00:00Z", time: "14:00:00" }[field.kind],
      });
    control.value = text(value);
    control.addEventListener("input", () => {
      const empty = control.value === "";
      place.change(empty && !(field.required && field.kind !== "date" && field.kind !== "datetime" && field.kind !== "time") ? undefined : control.value);
    });
    return around(field, place, id, control);
  };

  const drawNumber = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    const control = element("input", { id, inputmode: field.kind === "integer" ? "numeric" : "decimal", autocomplete: "off" });
    control.value = text(value);
    control.addEventListener("input", () => {
      const typed = control.value.trim();
      const found = number(typed);
      place.change(typed === "" ? undefined : found === undefined ? control.value : found);
    });
    return around(field, place, id, control);
  };

  const radios = (field, place, options, value, { unset = false } = {}) => {
    const id = `try-${(counter += 1)}`;
    const all = unset ? [...options, { label: "Unset", value: undefined }] : options;
    const box = element("div", { class: "try-radios" });
    all.forEach((option, index) => {
      const radio = element("input", { type: "radio", name: id, id: `${id}-${index}` });
      radio.checked = option.value === value;
      radio.addEventListener("change", () => place.change(option.value));
      box.append(element("label", { class: "check", for: `${id}-${index}` }, radio, option.label));
    });
    return around(field, place, id, box, { group: true });
  };

  const drawBoolean = (field, value, place) => {
    if (field.default === undefined || field.default === null) {
      const options = [{ label: "Yes", value: true }, { label: "No", value: false }];
      return radios(field, place, options, value, { unset: !field.required });
    }
    const id = `try-${(counter += 1)}`;
    const control = element("input", { type: "checkbox", id });
    control.checked = value === undefined ? field.default : value === true;
    control.addEventListener("change", () => place.change(control.checked));
    const box = element("div", { class: "field", "data-pointer": pointer(place.path) },
      element("label", { class: "check", for: id }, control, named(place, field)));
    if (field.help) {
      box.append(element("p", { class: "try-help", id: `${id}-help` }, field.help));
      control.setAttribute("aria-describedby", `${id}-help`);
    }
    box.append(element("p", { class: "try-error", id: `${id}-error`, hidden: true }));
    return box;
  };

  const drawChoice = (field, value, place) => {
    const options = field.options.map((each) => ({ label: text(each) || "null", value: each }));
    if (field.look === "radio") return radios(field, place, options, value, { unset: !field.required });
    const id = `try-${(counter += 1)}`;
    const find = (label) => options.find((option) => option.label === label);
    if (field.look === "combobox") {
      const list = element("datalist", { id: `${id}-list` }, ...options.map(({ label }) => element("option", { value: label })));
      const control = element("input", { id, list: `${id}-list`, autocomplete: "off" });
      control.value = text(value);
      control.addEventListener("input", () => {
        place.change(control.value === "" ? undefined : find(control.value)?.value ?? control.value);
      });
      const drawn = around(field, place, id, control);
      drawn.append(list);
      return drawn;
    }
    const control = element("select", { id }, element("option", { value: "" }, field.required ? "Choose…" : "Left out"),
      ...options.map(({ label }) => element("option", { value: label }, label)));
    control.value = text(value);
    control.addEventListener("change", () => place.change(find(control.value)?.value));
    return around(field, place, id, control);
  };

  const drawConst = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    const control = element("output", { id }, text(field.value));
    if (value !== field.value && field.required) place.change(field.value, { quiet: true });
    return around(field, place, id, control);
  };

  const drawJson = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    const control = element("textarea", { id, rows: 4, class: "mono", spellcheck: "false" });
    control.value = value === undefined ? "" : format(value);
    const drawn = around({ ...field, help: [field.help, "as JSON"].filter(Boolean).join(" · ") }, place, id, control);
    const error = drawn.querySelector(".try-error");
    control.addEventListener("input", () => {
      try {
        place.change(control.value.trim() === "" ? undefined : parse(control.value));
        error.hidden = true;
        control.removeAttribute("aria-invalid");
      } catch {
        error.textContent = "This is not JSON yet.";
        error.hidden = false;
        control.setAttribute("aria-invalid", "true");
      }
    });
    return drawn;
  };

  /* --- values of several parts --- */

  const drawChecks = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    const chosen = Array.isArray(value) ? [...value] : [];
    const box = element("div", { class: "try-radios" });
    field.options.forEach((option, index) => {
      const check = element("input", { type: "checkbox", id: `${id}-${index}` });
      check.checked = chosen.includes(option);
      check.addEventListener("change", () => {
        if (check.checked) chosen.push(option);
        else chosen.splice(chosen.indexOf(option), 1);
        place.change(chosen.length || field.required ? [...chosen] : undefined);
      });
      box.append(element("label", { class: "check", for: `${id}-${index}` }, check, text(option)));
    });
    return around(field, place, id, box, { group: true });
  };

  const drawList = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    const items = Array.isArray(value) ? [...value] : [];
    const box = element("div", { class: "try-form" });
    const tell = () => place.change(items.length || field.required ? [...items] : undefined);
    const about = (index) => `${named(place, field)} ${index + 1}`;
    const redraw = (focus) => {
      box.replaceChildren(...items.map((item, index) => {
        const drawn = draw(field.item, item, {
          path: [...place.path, index],
          change: (next) => { items[index] = next === undefined ? blank(field.item) : next; tell(); },
        });
        const row = element("div", { class: "try-row" }, drawn);
        if (index) {
          row.append(button("Up", `: move ${about(index)}`, () => {
            [items[index - 1], items[index]] = [items[index], items[index - 1]];
            tell();
            redraw(index - 1);
          }));
        }
        row.append(button("Remove", about(index), () => {
          items.splice(index, 1);
          tell();
          redraw(Math.min(index, items.length - 1));
        }));
        return row;
      }), add);
      const wanted = focus === undefined ? null : box.children[focus]?.querySelector("input, select, textarea") || add;
      wanted?.focus();
    };
    const add = button("Add", named(place, field), () => {
      items.push(blank(field.item));
      tell();
      redraw(items.length - 1);
    });
    redraw();
    return around(field, place, id, box, { group: true });
  };

  const blank = (field) => {
    if (field.default !== undefined) return zantaraTry.copyOf(field.default);
    switch (field.kind) {
      case "object": return Object.fromEntries(field.fields.filter((each) => each.required).map((each) => [each.name, blank(each)]));
      case "union": return { [field.key]: field.branches[0].value };
      case "list": case "checks": return [];
      case "boolean": return false;
      case "integer": case "number": return 0;
      case "choice": return field.options[0];
      case "const": return field.value;
      case "json": return null;
      default: return "";
    }
  };

  const drawMembers = (field, value, place, skip = "") => {
    const current = isObject(value) ? { ...value } : {};
    const box = element("div", { class: "try-form" });
    const tell = (options) => place.change(Object.keys(current).length || field.required ? { ...current } : undefined, options);
    const set = (name) => (next, options) => {
      if (next === undefined) delete current[name];
      else current[name] = next;
      tell(options);
    };
    for (const each of field.fields) {
      if (each.name !== skip) box.append(draw(each, current[each.name], { path: [...place.path, each.name], change: set(each.name) }));
    }
    if (field.extra) box.append(drawExtra(field, current, place, set));
    return box;
  };

  const drawExtra = (field, current, place, set) => {
    const known = new Set(field.fields.map((each) => each.name));
    const box = element("div", { class: "try-form" });
    const redraw = (focus) => {
      const names = Object.keys(current).filter((name) => !known.has(name));
      box.replaceChildren(...names.map((name) => {
        const drawn = draw({ ...field.extra, label: name, required: false }, current[name], {
          path: [...place.path, name],
          change: (next) => set(name)(next === undefined ? blank(field.extra) : next),
        });
        return element("div", { class: "try-row" }, drawn, button("Remove", name, () => { set(name)(undefined); redraw(); }));
      }), more);
      if (focus) [...box.querySelectorAll("[data-pointer]")].at(-1)?.querySelector("input, select, textarea")?.focus();
    };
    const id = `try-${(counter += 1)}`;
    const input = element("input", { id, autocomplete: "off", spellcheck: "false" });
    const add = () => {
      const name = input.value.trim();
      if (!name || name in current) { input.focus(); return; }
      input.value = "";
      set(name)(blank(field.extra));
      redraw(true);
    };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      add();
    });
    const more = element("div", { class: "field" }, element("label", { for: id }, "Name of another field"),
      element("div", { class: "try-row" }, input, button("Add field", "", add)));
    redraw();
    return box;
  };

  const drawObject = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    return around(field, place, id, drawMembers(field, value, place), { group: true });
  };

  /* What one typed into a branch is kept while another one is chosen. */
  const drawUnion = (field, value, place) => {
    const id = `try-${(counter += 1)}`;
    const kept = new Map();
    const box = element("div", { class: "try-form" });
    let chosen = field.branches.find((branch) => isObject(value) && value[field.key] === branch.value);
    if (chosen) kept.set(chosen, value);
    const members = element("div");
    const show = () => {
      members.replaceChildren(...(chosen ? [drawMembers({ ...chosen, required: true }, kept.get(chosen), {
        path: place.path,
        change: (next, options) => { kept.set(chosen, { ...next, [field.key]: chosen.value }); place.change(kept.get(chosen), options); },
      }, field.key)] : []));
    };
    const choices = element("div", { class: "try-radios" });
    field.branches.forEach((branch, index) => {
      const radio = element("input", { type: "radio", name: id, id: `${id}-${index}` });
      radio.checked = branch === chosen;
      radio.addEventListener("change", () => {
        chosen = branch;
        if (!kept.has(branch)) kept.set(branch, { ...blank({ kind: "object", fields: branch.fields }), [field.key]: branch.value });
        place.change(kept.get(branch));
        show();
      });
      choices.append(element("label", { class: "check", for: `${id}-${index}` }, radio, String(branch.value)));
    });
    box.append(choices, members);
    show();
    return around(field, place, id, box, { group: true });
  };

  const DRAWERS = {
    text: drawText, textarea: drawText, password: drawText, email: drawText, url: drawText,
    date: drawText, datetime: drawText, time: drawText, integer: drawNumber, number: drawNumber,
    boolean: drawBoolean, choice: drawChoice, const: drawConst, checks: drawChecks, list: drawList,
    object: drawObject, union: drawUnion, json: drawJson,
  };

  /* A value that the control cannot show is edited as JSON, so that nothing of it is lost. */
  const fits = (field, value) => {
    if (value === undefined || value === null) return value === undefined || field.nullable || field.kind === "json";
    switch (field.kind) {
      case "integer": case "number": return typeof value === "number" || isRaw(value);
      case "boolean": return typeof value === "boolean";
      case "choice": return field.options.includes(value);
      case "const": return value === field.value;
      case "checks": return Array.isArray(value) && value.every((each) => field.options.includes(each)) && new Set(value).size === value.length;
      case "list": return Array.isArray(value);
      case "object": return isObject(value);
      case "union": return isObject(value) && field.branches.some((branch) => branch.value === value[field.key]);
      case "json": return true;
      default: return typeof value === "string";
    }
  };

  const draw = (field, value, place) => {
    const shown = fits(field, value) ? field : { ...field, kind: "json", nullable: false };
    return withNull(shown, value, place, (now, where) => DRAWERS[shown.kind](shown, now, where));
  };

  zantaraTry.drawRoot = (field, value, change) => drawMembers({ ...field, required: true }, value, { path: [], change });
})();
