// Building the page. Text only ever becomes a text node, so no name or answer can become markup.

export const byId = (id) => document.getElementById(id);
export const NARROW = "(max-width: 40rem)"; // as in page.css

// Of a text node or an element: a change that changes nothing costs a layout all the same.
export function put(node, text) {
  const [held, name] = node.nodeType === Node.TEXT_NODE ? [node.data, "data"] : [node.textContent, "textContent"];
  if (held !== text) node[name] = text;
}

export function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

// The inline <svg> of the page knows its own namespace; drawing puts others in its place.
const { namespaceURI } = document.querySelector("svg");
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(namespaceURI, tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// A link, where the address is one that a browser may follow; else its text.
export function link(url, text, properties = {}) {
  return aim(el("a", { rel: "noopener", target: "_blank", ...properties }, text), url);
}

export function aim(anchor, url) {
  if (/^https?:\/\//.test(url ?? "")) {
    if (anchor.getAttribute("href") !== url) anchor.href = url;
  } else anchor.removeAttribute("href");
  return anchor;
}

export function openDialog(title, ...body) {
  byId("dialog-title").textContent = title;
  byId("dialog-body").replaceChildren(...body);
  if (!byId("dialog").open) byId("dialog").showModal();
}
