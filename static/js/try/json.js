/* JSON that comes out as it went in: numbers keep their digits where the browser can tell them. */
"use strict";

window.zantaraTry = {};

(() => {
  const exact = typeof JSON.rawJSON === "function";

  const keep = (key, value, context) => (
    exact && typeof value === "number" && context && String(value) !== context.source
      ? JSON.rawJSON(context.source)
      : value
  );

  zantaraTry.parse = (text) => JSON.parse(text, keep);
  zantaraTry.format = (value) => JSON.stringify(value, null, 2);
  zantaraTry.isRaw = (value) => exact && JSON.isRawJSON(value);
  zantaraTry.isObject = (value) => (
    value !== null && typeof value === "object" && !Array.isArray(value) && !zantaraTry.isRaw(value)
  );
  zantaraTry.copyOf = (value) => (value === undefined ? undefined : zantaraTry.parse(JSON.stringify(value)));

  /* A number as one typed it, or undefined where that is none. */
  zantaraTry.number = (text) => {
    try {
      const found = zantaraTry.parse(text.trim());
      return typeof found === "number" || zantaraTry.isRaw(found) ? found : undefined;
    } catch {
      return undefined;
    }
  };

  zantaraTry.pointer = (parts) => parts.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
})();
