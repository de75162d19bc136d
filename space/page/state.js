// What is shown, as it stands in the address: the link restores the view.

const DEFAULTS = {
  board: "", show: "score", base: "", q: "", family: "", kind: "", size: "", licence: "", language: "",
  level: "", group: "", metric: "", tongue: "", hide: [], pick: [], fold: [],
  complete: false, only: false, sort: "", x: "", y: "", __theme: "",
};

const given = new URLSearchParams(location.search);

export function readState() {
  const state = {};
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (Array.isArray(usual)) state[name] = given.getAll(name);
    else if (typeof usual === "boolean") state[name] = given.get(name) === "1";
    else state[name] = given.get(name) ?? usual;
  }
  return state;
}

// Another board has other models and columns: what was chosen of them is left behind.
export function clearChoices(state) {
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (!["board", "show", "__theme"].includes(name)) {
      state[name] = Array.isArray(usual) ? [] : usual;
    }
  }
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

// The address follows when one has stopped typing: each change of it costs as much as a sort.
const PATIENCE_MS = 150;
let waiting;
export function writeState(state) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    try {
      history.replaceState(null, "", linkTo(state));
    } catch {
      // Too many changes in a moment (Safari): the next one writes it.
    }
  }, PATIENCE_MS);
}
