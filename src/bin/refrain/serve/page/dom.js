// Elements. Text goes in as text only, so nothing in a tag or a path can become markup.

/** An element with properties, `on…` listeners and attributes, and children: nodes or text. Empty children are left out. */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && !key.startsWith("aria")) element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  put(element, ...children);
  return element;
}

/** Adds children. */
export function put(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false && child !== "") element.append(child);
  }
}

/** Replaces all children. */
export function show(element, ...children) {
  element.replaceChildren();
  put(element, ...children);
}

/** Tells a screen reader something, without moving the focus. */
export function say(text) {
  document.getElementById("said").textContent = text;
}

/** A button. */
export function button(text, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, text);
}

/** A message that something went wrong. */
export function problem(error) {
  return h("p", { className: "problem", role: "alert" }, error.message ?? String(error));
}
