// The table: only cells in sight exist, however many there are, and they are filled anew while one
// scrolls instead of being built. A grid in the sense of ARIA, with one cell in the tab order and
// arrow keys from there.

import { el, link } from "./dom.js";
import { pretty } from "./board.js";
import { cellText, cellWords, lineage, MARKS, size } from "./view.js";

const ROW_PIXELS = 54; // .line in page.css
const COLUMN_PIXELS = 152; // .cell.number in page.css
const BEYOND = { rows: 5, columns: 1 }; // kept ready on each side

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
    const fixed = getComputedStyle(this.header.pick).position === "sticky" ? left : this.header.model.offsetWidth;
    const { clientHeight: height, clientWidth: width } = this.scroller;
    this.table.style.width = `${left + (this.width - 2) * COLUMN_PIXELS}px`;
    this.measured = { left, fixed, height, width, head: this.head.offsetHeight };
    return this.measured;
  }

  draw(anew = false) {
    const { view } = this;
    if (!view) return;
    const { left, height, width, head } = this.measure();
    const count = view.rows.length;
    const top = Math.max(0, Math.min(this.at.top, count * ROW_PIXELS + head - height)); // rows may be gone
    const rows = span(top, height - head, ROW_PIXELS, count, BEYOND.rows);
    const columns = span(this.at.left, width - left, COLUMN_PIXELS, this.width - 2, BEYOND.columns);
    if (anew) this.version = {};
    this.fill(this.header, -1, columns, left);
    while (this.lines.length < rows.last - rows.first) this.lines.push(this.newLine("gridcell"));
    this.lines.forEach((line) => {
      if (line.row < rows.first || line.row >= rows.last) {
        line.row = -2;
        this.keepFocus(line.node);
        line.node.remove();
      }
    });
    const free = this.lines.filter((line) => line.row === -2);
    const there = new Map(this.lines.filter((line) => line.row >= 0).map((line) => [line.row, line]));
    let next = null;
    for (let row = rows.last - 1; row >= rows.first; row -= 1) {
      let line = there.get(row);
      if (!line) {
        line = free.pop();
        line.node.style.transform = `translateY(${row * ROW_PIXELS}px)`;
        this.body.insertBefore(line.node, next);
      }
      this.fill(line, row, columns, left);
      next = line.node;
    }
    this.markActive();
    this.actions.seen(view.columns.slice(columns.first, columns.last));
  }

  keepFocus(node) {
    if (node.contains(document.activeElement)) this.table.focus({ preventScroll: true });
  }

  newLine(role) {
    const heading = role === "columnheader";
    const pick = cellNode(role, "pick");
    const model = cellNode(heading ? role : "rowheader", "model");
    const node = el("div", { role: "row", class: "line" }, pick, model);
    place(pick, 0);
    place(model, 1);
    const line = { node, pick, model, role, cells: new Map(), spare: [], row: -2 };
    node.line = line;
    return line;
  }

  // What stands in a line: its first two cells, and those of the columns in sight.
  fill(line, row, columns, left) {
    const same = line.row === row && line.version === this.version;
    line.row = row;
    line.version = this.version;
    if (!same) this.fillStart(line, row);
    for (const [at, cell] of line.cells) {
      if (at >= columns.first && at < columns.last) continue;
      this.keepFocus(cell);
      cell.remove();
      line.cells.delete(at);
      line.spare.push(cell);
    }
    let next = null;
    for (let at = columns.last - 1; at >= columns.first; at -= 1) {
      let cell = line.cells.get(at);
      if (!cell || !same) {
        if (!cell) {
          cell = line.spare.pop() ?? cellNode(line.role, "number");
          cell.style.left = `${left + at * COLUMN_PIXELS}px`;
          place(cell, at + 2);
          line.node.insertBefore(cell, next);
          line.cells.set(at, cell);
        }
        if (row < 0) this.fillHeading(cell, at);
        else this.fillCell(cell, row, at);
      }
      next = cell;
    }
  }

  fillStart(line, row) {
    const { node, pick, model } = line;
    node.setAttribute("aria-rowindex", row + 2);
    if (row < 0) {
      write(pick, "", "", "Chosen");
      this.sortable(model, "model", "Model", "", "");
      return;
    }
    const { view } = this;
    const found = view.rows[row];
    const picked = view.picked.has(found.name);
    node.setAttribute("aria-selected", String(picked));
    pick.setAttribute("aria-label", picked ? "chosen" : "not chosen");
    write(pick, "box", picked ? "✓" : "\u00a0", "");
    const depth = view.sort ? 0 : Math.min(3, found.depth);
    const members = view.board.families.get(found.family);
    const leads = !view.sort && found.name === found.family && members > 1;
    const closed = leads && view.fold.has(found.family);
    model.className = `cell model role-${found.role} depth-${depth}`;
    model.title = `${found.name}: ${lineage(found)}`;
    if (leads) model.setAttribute("aria-expanded", String(!closed));
    else model.removeAttribute("aria-expanded");
    model.replaceChildren(
      el("span", { class: "name" }, leads ? el("span", { class: "toggle", "aria-hidden": "true" }, closed ? "▸" : "▾") : null,
        link(found.url, found.name, { tabindex: -1 })),
      el("span", { class: "sub" }, closed ? `and ${members - 1} made from it` : lineage(found)));
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
    cell.setAttribute("aria-sort", { up: "ascending", down: "descending" }[sorted] ?? "none");
    write(cell, "top", top, bottom, better ? `${better} is better` : "");
  }

  fillCell(cell, row, at) {
    const { view } = this;
    const column = view.columns[at];
    const model = view.rows[row];
    if (!column) {
      delete cell.dataset.column;
      cell.column = null;
      cell.className = "cell number size";
      cell.removeAttribute("aria-label");
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
    cell.className = `cell number ${found.state}${found.note ? " doubtful" : ""}`;
    cell.setAttribute("aria-label", cellWords(found));
    const under = found.state === "value" ? pretty(interval) || (found.waiting ? "…" : "no interval") : "";
    write(cell, mark ? `mark ${found.mark}` : "", found.mark === "first" ? "first " : mark && `${mark} `,
      pretty(main) + (found.note ? " ⚠" : ""), under);
  }

  cellAt(row, column) {
    const line = row < 0 ? this.header : this.lines.find((each) => each.row === row);
    if (!line) return undefined;
    return column < 2 ? [line.pick, line.model][column] : line.cells.get(column - 2);
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

function span(start, room, step, count, beyond) {
  return {
    first: Math.max(0, Math.min(count, Math.floor(start / step) - beyond)),
    last: Math.max(0, Math.min(count, Math.ceil((start + room) / step) + beyond)),
  };
}

// Three texts that are only ever filled: a mark, the figure, and what stands below it.
function cellNode(role, kind) {
  return el("div", { role, class: `cell ${kind}`, tabindex: -1 },
    el("span", {}), el("span", { class: "main" }), el("span", { class: "sub" }));
}

function write(cell, markClass, mark, main, sub = "") {
  const [first, second, third] = cell.children;
  if (first.className !== markClass) first.className = markClass;
  for (const [node, text] of [[first, mark], [second, main], [third, sub]]) {
    if (node.textContent !== text) node.textContent = text;
  }
}

function place(cell, at) {
  cell.at = at;
  cell.setAttribute("aria-colindex", at + 1);
}

const rowOf = (cell) => cell.parentNode.line.row;

// What a cell says to a screen reader it says to a mouse that rests on it.
function tell(cell) {
  if (cell?.hasAttribute("aria-label")) cell.title = cell.getAttribute("aria-label");
}
