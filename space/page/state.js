// What is shown, as it stands in the address: the link restores the view.

const DEFAULTS = {
  show: "score", base: "", q: "", family: "", kind: "", licence: "", hide: [], pick: [],
  complete: false, only: false, sort: "", x: "", y: "", __theme: "",
};

const given = new URLSearchParams(location.search);
// A private Space is opened with a signature that its requests have to repeat. Links never carry it.
const signature = given.get("__sign");

export function readState() {
  const state = {};
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (Array.isArray(usual)) state[name] = given.getAll(name);
    else if (typeof usual === "boolean") state[name] = given.get(name) === "1";
    else state[name] = given.get(name) ?? usual;
  }
  return state;
}

export function linkTo(state) {
  const query = new URLSearchParams();
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (Array.isArray(usual)) state[name].forEach((value) => query.append(name, value));
    else if (state[name] !== usual) query.set(name, state[name] === true ? "1" : state[name]);
  }
  const text = query.toString();
  return location.origin + location.pathname + (text ? `?${text}` : "");
}

export function writeState(state) {
  try {
    history.replaceState(null, "", linkTo(state));
  } catch {
    // Too many changes in a moment (Safari): the next one writes it.
  }
}

export async function fetchJson(path, parameters = {}) {
  const query = new URLSearchParams(parameters);
  if (signature) query.set("__sign", signature);
  const answer = await fetch(`${path}?${query}`);
  if (!answer.ok) throw new Error(`${path}: the Space answered ${answer.status}`);
  return answer.json();
}
