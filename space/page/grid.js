// The table: only cells in sight exist, however many there are, and they are filled anew while one
// scrolls instead of being built. A grid in the sense of ARIA, with one cell in the tab order and
// arrow keys from there.
//
// Down, the scroller moves the lines. Across, head and body stay where they are (sticky) and what
// stands in them is moved by as much as was scrolled: sticky cells in every line would each become
// a layer of their own, and layers are what a telephone spends its frames on.

import { aim, el, NARROW, put } from "./dom.js";
import { pretty } from "./board.js";
import { cellText, cellWords, lineage, MARKS, size } from "./view.js";

const ROW_PIXELS = 54; // .line in page.css
const COLUMN_PIXELS = 152; // .cell.number in page.css
const BEYOND = { rows: 4, columns: 1 }; // kept ready on each side
const NONE = { rows: 0, columns: 0 };
const SETTLED_MS = 80; // after the last movement

export class Grid {
  constructor(scroller, actions) {
    this.scroller = scroller;
    this.actions = actions;
    this.active = { row: -1, column: 0 }; // row -1: the header
    this.lines = []; // one for each row in sight, used again and again
    this.header = this.newLine("columnheader");
    this.head = el("div", { role: "rowgroup", class: "head" }, this.header.node);
    this.body = el("div", { role: "rowgroup", class: "body" });
    this.table = el("div", { role: "grid", class: "grid", "aria-labelledby": "compare-title",
      "aria-multiselectable": "true", tabindex: -1, keydown: (event) => this.onKey(event),
      focusin: (event) => this.onFocus(event), click: (event) => this.onClick(event),
      mouseover: ({ target }) => tell(target.closest(".cell")),
    }, this.head, this.body);
    scroller.replaceChildren(this.table);
    this.at = { top: 0, left: 0 }; // asked of the scroller only when it moves: asking costs a layout
    scroller.addEventListener("scroll", () => {
      this.at = { top: scroller.scrollTop, left: scroller.scrollLeft };
      this.later();
    });
    new ResizeObserver(() => { this.measured = null; this.later(); }).observe(scroller);
  }

  later() {
    this.asked ??= requestAnimationFrame(() => { this.asked = null; this.draw(); });
  }

  show(view) {
    this.view = view;
    const width = 2 + view.columns.length + Number(view.sized);
    if (width !== this.width) this.measured = null;
    this.width = width;
    this.table.setAttribute("aria-rowcount", view.rows.length + 1);
    this.table.setAttribute("aria-colcount", this.width);
    this.active.column = Math.min(this.active.column, this.width - 1);
    this.active.row = Math.min(this.active.row, view.rows.length - 1);
    this.body.style.height = `${view.rows.length * ROW_PIXELS}px`;
    this.draw(true);
  }

  // Sizes are asked for once after a change: each question makes the browser lay the page out.
  measure() {
    if (this.measured) return this.measured;
    const left = [this.header.pick, this.header.model].reduce((sum, { offsetWidth }) => sum + offsetWidth, 0);
    // Where there is little room the first cell goes out of sight with what is scrolled.
    const fixed = matchMedia(NARROW).matches ? this.header.model.offsetWidth : left;
    const { clientHeight: height, clientWidth: width } = this.scroller;
    const head = this.head.offsetHeight;
    this.table.style.width = `${left + (this.width - 2) * COLUMN_PIXELS}px`;
    for (const part of [this.head, this.body]) part.style.width = `${width}px`;
    // Of few rows it is as high as they are: there is room for as many as its style allows.
    const room = (parseFloat(getComputedStyle(this.scroller).maxHeight) || height) - head;
    this.measured = { left, fixed, height, width, head, room };
    return this.measured;
  }

  // At once what is in sight; what lies just beyond it when the browser has a moment. A row keeps its
  // place among the lines (row modulo their number), so that scrolling moves and fills nodes and
  // neither makes nor removes any.
  draw(anew = false) {
    const { view } = this;
    if (!view) return;
    if (anew) this.version = {};
    const { left, fixed, height, width, head, room } = this.measure();
    const [count, across] = [view.rows.length, this.width - 2];
    const top = Math.max(0, Math.min(this.at.top, count * ROW_PIXELS + head - height)); // rows may be gone
    const start = Math.max(0, this.at.left - (left - fixed));
    const parts = (beyond) => ({ rows: span(top, room, ROW_PIXELS, count, beyond.rows),
      columns: span(start, width - fixed, COLUMN_PIXELS, across, beyond.columns) });
    this.sight = parts(NONE);
    this.ready = parts(BEYOND);
    this.makeRoom(this.ready.rows.most, this.ready.columns.most);
    this.lines.forEach((line) => { if (line.row >= count) this.moveLine(line, -2); });
    this.fill(this.header, -1, this.sight.columns);
    this.drawRows(this.sight);
    this.markActive();
    const { first, last } = this.ready.columns;
    this.actions.seen(view.columns.slice(first, last));
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.drawRest(), SETTLED_MS);
  }

  drawRows({ rows, columns }) {
    for (let row = rows.first; row < rows.last; row += 1) {
      const line = this.lines[row % this.room.rows] ??= this.newLine("gridcell");
      if (!line.node.parentNode) this.body.append(line.node);
      this.fill(line, row, columns);
    }
  }

  // Who reads the page without seeing it meets rows and cells in their order in the document.
  drawRest() {
    this.fill(this.header, -1, this.ready.columns);
    this.drawRows(this.ready);
    const there = this.lines.filter(({ row }) => row >= 0).sort((a, b) => a.row - b.row);
    inOrder(this.body, there.map(({ node }) => node));
    for (const { strip, cells } of [this.header, ...there]) {
      inOrder(strip, cells.filter(({ at }) => at > 0).sort((a, b) => a.at - b.at));
    }
    this.markActive();
  }

  // Another size of the table begins with other lines, for their places depend on how many there are.
  makeRoom(rows, columns) {
    if (this.room?.rows === rows && this.room.columns === columns) return;
    this.room = { rows, columns };
    for (const line of this.lines.splice(0)) this.moveLine(line, -2);
    for (const cell of this.header.cells.splice(0)) this.removeCell(cell);
  }

  moveLine(line, row) {
    if (line.row === row) return;
    this.keepFocus(line.node);
    line.row = row;
    if (row < 0) line.node.remove();
    else line.node.style.top = `${row * ROW_PIXELS}px`;
  }

  // As far to the left as was scrolled: first the whole line, as far as its first cell may go out of
  // sight, then what stands behind the fixed cells.
  shift(line) {
    const { left, fixed } = this.measure();
    const whole = Math.min(this.at.left, left - fixed);
    move(line.node, -whole);
    move(line.strip, whole - this.at.left);
  }

  removeCell(cell) {
    this.keepFocus(cell);
    cell.remove();
    cell.at = -1;
  }

  keepFocus(node) {
    if (node.contains(document.activeElement)) this.table.focus({ preventScroll: true });
  }

  newLine(role) {
    const heading = role === "columnheader";
    const pick = cellNode(role, "pick");
    const model = heading ? cellNode(role, "model") : modelNode();
    const strip = el("div", { role: "none", class: "strip" });
    const node = el("div", { role: "row", class: "line" }, pick, model, strip);
    place(pick, 0);
    place(model, 1);
    const line = { node, pick, model, strip, role, cells: [], row: heading ? -1 : -2 };
    node.line = line;
    return line;
  }

  // What stands in a line: its first two cells, and those of these columns.
  fill(line, row, columns) {
    if (row >= 0) this.moveLine(line, row);
    this.shift(line);
    if (line.shown !== row || line.version !== this.version) {
      Object.assign(line, { shown: row, version: this.version });
      this.fillStart(line, row);
      line.cells.forEach((cell) => { if (cell.at >= this.width) this.removeCell(cell); });
    }
    for (let at = columns.first; at < columns.last; at += 1) {
      const cell = line.cells[at % this.room.columns] ??= cellNode(line.role, "number");
      if (cell.at !== at + 2) {
        if (!cell.parentNode) line.strip.append(cell);
        else this.keepFocus(cell);
        cell.style.left = `${at * COLUMN_PIXELS}px`;
        place(cell, at + 2);
      } else if (cell.row === row && cell.version === this.version) continue;
      Object.assign(cell, { row, version: this.version });
      if (row < 0) this.fillHeading(cell, at);
      else this.fillCell(cell, row, at);
    }
  }

  fillStart(line, row) {
    const { node, pick, model } = line;
    say(node, "aria-rowindex", row + 2);
    if (row < 0) {
      write(pick, "", "", "Chosen");
      this.sortable(model, "model", "Model", "", "");
      return;
    }
    const { view } = this;
    const found = view.rows[row];
    const picked = view.picked.has(found.name);
    say(node, "aria-selected", picked);
    say(pick, "aria-label", picked ? "chosen" : "not chosen");
    write(pick, "box", picked ? "✓" : "\u00a0", "");
    const depth = view.sort ? 0 : Math.min(3, found.depth);
    const members = view.board.families.get(found.family);
    const leads = !view.sort && found.name === found.family && members > 1;
    const closed = leads && view.fold.has(found.family);
    const from = lineage(found);
    dress(model, `cell model role-${found.role} depth-${depth}`);
    model.title = `${found.name}: ${from}`;
    say(model, "aria-expanded", leads ? !closed : null);
    const [toggle, name, sub] = model.texts;
    put(toggle, leads ? (closed ? "▸" : "▾") : "");
    put(name, found.name);
    aim(name.parentNode, found.url);
    put(sub, closed ? `\nand ${members - 1} made from it` : `\n${from}`);
  }

  fillHeading(cell, at) {
    const column = this.view.columns[at];
    if (!column) this.sortable(cell, "parameters", "Size", "parameters", "");
    else this.sortable(cell, column.id, column.top, column.label, column.better);
  }

  sortable(cell, id, top, bottom, better) {
    const sorted = this.view.sort === id ? this.view.direction : "";
    Object.assign(cell.dataset, { sort: id, better });
    cell.title = [top, bottom].filter(Boolean).join(", ");
    say(cell, "aria-sort", { up: "ascending", down: "descending" }[sorted] ?? "none");
    write(cell, "top", top, bottom, better ? `${better} is better` : "");
  }

  fillCell(cell, row, at) {
    const { view } = this;
    const column = view.columns[at];
    const model = view.rows[row];
    if (!column) {
      delete cell.dataset.column;
      cell.column = null;
      dress(cell, "cell number size");
      say(cell, "aria-label", null);
      write(cell, "", "", size(model.parameters), "");
      return;
    }
    const found = view.cell(column, model.i);
    const { main, interval } = cellText(found);
    const mark = found.mark === "unclear" ? "≈" : MARKS[found.mark] ?? "";
    if (cell.column !== column) {
      cell.column = column;
      cell.dataset.column = column.i;
    }
    dress(cell, `cell number ${found.state}${found.note ? " doubtful" : ""}`);
    say(cell, "aria-label", cellWords(found));
    const under = found.state === "value" ? pretty(interval) || (found.waiting ? "…" : "no interval") : "";
    write(cell, mark ? `mark ${found.mark}` : "", found.mark === "first" ? "first " : mark && `${mark} `,
      pretty(main) + (found.note ? " ⚠" : ""), under && `\n${under}`);
  }

  cellAt(row, column) {
    const line = row < 0 ? this.header : this.lines.find((each) => each.row === row);
    if (!line) return undefined;
    return column < 2 ? [line.pick, line.model][column] : line.cells.find((cell) => cell?.at === column);
  }

  markActive() {
    const { row, column } = this.active;
    const cell = this.cellAt(row, column) ?? this.cellAt(-1, Math.min(column, 1));
    if (cell === this.entry) return;
    if (this.entry) this.entry.tabIndex = -1;
    cell.tabIndex = 0;
    this.entry = cell;
  }

  moveTo(row, column) {
    this.active = {
      row: Math.max(-1, Math.min(this.view.rows.length - 1, row)),
      column: Math.max(0, Math.min(this.width - 1, column)),
    };
    this.bringIntoSight(this.active);
    this.draw();
    this.cellAt(this.active.row, this.active.column).focus({ preventScroll: true });
  }

  bringIntoSight({ row, column }) {
    const { head, height, width, left, fixed } = this.measure();
    const to = { ...this.at };
    if (row >= 0) {
      const [top, room] = [row * ROW_PIXELS, height - head];
      to.top = Math.min(top, Math.max(to.top, top + ROW_PIXELS - room));
    }
    if (column >= 2) {
      const start = left + (column - 2) * COLUMN_PIXELS;
      to.left = Math.min(start - fixed, Math.max(to.left, start + COLUMN_PIXELS - width));
    } else to.left = 0;
    if (to.top === this.at.top && to.left === this.at.left) return;
    this.scroller.scrollTo({ ...to, behavior: "instant" });
    this.at = to;
  }

  onKey(event) {
    if (event.altKey || event.metaKey) return;
    const { row, column } = this.active;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW_PIXELS) - 2);
    const far = event.ctrlKey;
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [far ? -1 : row, 0], End: [far ? Infinity : row, Infinity],
      PageUp: [Math.max(0, row - page), column], PageDown: [row + page, column],
    };
    const family = row >= 0 ? this.view.rows[row].family : "";
    if (moves[event.key]) this.moveTo(...moves[event.key]);
    else if (event.key === "Enter" && !far) this.act(this.cellAt(row, column));
    else if (event.key === " " && !far) this.pick(row);
    else if ((event.key === "+" || event.key === "-") && family) this.fold(family, event.key === "-");
    else return;
    event.preventDefault();
  }

  onFocus(event) {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    this.active = { row: rowOf(cell), column: cell.at };
    this.markActive();
  }

  onClick(event) {
    const cell = event.target.closest(".cell");
    if (event.target.closest(".toggle")) this.fold(this.view.rows[rowOf(cell)].family);
    else if (!event.target.closest("a")) this.act(cell);
  }

  act(cell) {
    if (!cell) return;
    const row = rowOf(cell);
    if (cell.dataset.sort) this.again(() => this.actions.sort(cell.dataset.sort, cell.dataset.better));
    else if (cell.dataset.column && row >= 0) {
      this.actions.open(this.view.rows[row], this.view.board.columns[cell.dataset.column]);
    } else if (cell.classList.contains("pick")) this.pick(row);
    else cell.querySelector("a")?.click();
  }

  pick(row) {
    if (row >= 0) this.again(() => this.actions.pick(this.view.rows[row]));
  }

  fold(family, closed) {
    this.again(() => this.actions.fold(family, closed));
  }

  // The table is filled anew by `change`; whoever was in it stays where they were.
  again(change) {
    const { row, column } = this.active;
    change();
    this.moveTo(row, column);
  }
}

// What stands between `start` and `start + room`, and so many beyond; of `most` there is never more,
// wherever one has scrolled to.
function span(start, room, step, count, beyond) {
  const first = Math.max(0, Math.min(count, Math.floor(start / step)) - beyond);
  const last = Math.min(count, Math.ceil((start + room) / step) + beyond);
  return { first, last, most: Math.ceil(room / step) + 1 + 2 * beyond };
}

// Three texts that are only ever filled: a mark, the figure, and what stands below it. In a line the
// third begins with a new line: blocks of their own would each be laid out and clipped apart.
function cellNode(role, kind) {
  const texts = [0, 1, 2].map(() => document.createTextNode(""));
  const cell = el("div", { role, class: `cell ${kind}`, tabindex: -1 }, el("span", {}, texts[0]),
    el("span", { class: "main" }, texts[1]), el("span", { class: "sub" }, texts[2]));
  return Object.assign(cell, { texts });
}

// The sign that folds a family, the name, and what it was made from.
function modelNode() {
  const texts = [0, 1, 2].map(() => document.createTextNode(""));
  const cell = el("div", { role: "rowheader", class: "cell model", tabindex: -1 },
    el("span", { class: "name" }, el("span", { class: "toggle", "aria-hidden": "true" }, texts[0]),
      el("a", { rel: "noopener", target: "_blank", tabindex: -1 }, texts[1])),
    el("span", { class: "sub" }, texts[2]));
  return Object.assign(cell, { texts });
}

function write(cell, markClass, mark, main, sub = "") {
  const [first, second, third] = cell.texts;
  dress(first.parentNode, markClass);
  put(first, mark);
  put(second, main);
  put(third, sub);
}

// Each asks first: a change that changes nothing costs a style or a layout all the same.
const dress = (node, name) => { if (node.className !== name) node.className = name; };
function say(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function inOrder(parent, nodes) {
  if (nodes.every((node, i) => node === (i ? nodes[i - 1].nextSibling : parent.firstChild))) return;
  // What has the focus stays where it is, or it would lose it.
  const held = nodes.findIndex((node) => node.contains(document.activeElement));
  if (held < 0) parent.append(...nodes);
  else {
    parent.prepend(...nodes.slice(0, held));
    parent.append(...nodes.slice(held + 1));
  }
}

function place(cell, at) {
  cell.at = at;
  cell.setAttribute("aria-colindex", at + 1);
}

// A transform that moves nothing costs a layer's bookkeeping all the same.
function move(node, x) {
  if (node.moved !== x) node.style.transform = x ? `translateX(${x}px)` : "none";
  node.moved = x;
}

const rowOf = (cell) => cell.closest(".line").line.row;

// What a cell says to a screen reader it says to a mouse that rests on it.
function tell(cell) {
  if (cell?.hasAttribute("aria-label")) cell.title = cell.getAttribute("aria-label");
}
