// Elements are made here, and texts go into them as texts: a name in a net is never read as markup.

type Props = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** An element with attributes, listeners (`onclick`) and children; a child that is a text stays one. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== undefined && value !== false) made.setAttribute(key, String(value));
  }
  made.append(...children);
  return made;
}

/** The element of the page that has this id. */
export function by<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

const ALLOWED = /^(data-|aria-)|^(class|style|id|role|scope|x|y|x1|y1|x2|y2|d|rx|ry|cx|cy|r|width|height|viewBox|xmlns|fill|stroke|transform|points|text-anchor|stroke-width|fill-opacity|stroke-dasharray|font-size)$/;
const REFUSED = new Set(["script", "foreignobject", "iframe", "object", "embed", "a", "image", "use", "link", "base", "form"]);

/** Markup that Python has escaped, as nodes; whatever could act is taken out once more. */
export function parsed(markup: string, type: "text/html" | "image/svg+xml"): Node[] {
  const made = new DOMParser().parseFromString(markup, type);
  const root = type === "text/html" ? made.body : made.documentElement;
  for (const one of [root, ...root.querySelectorAll("*")]) {
    if (REFUSED.has(one.localName.toLowerCase())) one.remove();
    for (const { name } of [...one.attributes]) if (!ALLOWED.test(name)) one.removeAttribute(name);
  }
  for (const one of root.querySelectorAll(".scroll")) one.setAttribute("tabindex", "0"); // scrolled by keyboard, too
  return type === "text/html" ? [...root.childNodes] : [root];
}

/** `fill` with text in backticks as code. */
export function prose(text: string): (Node | string)[] {
  return text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
}
