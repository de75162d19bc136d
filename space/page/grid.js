// The table: only the rows in sight exist, however many there are. A grid in the sense of ARIA, with
// one cell in the tab order and arrow keys from there.

import { el, link } from "./dom.js";
import { pretty } from "./board.js";
import { cellText, cellWords, lineage, MARKS, size } from "./view.js";

const ROW_PIXELS = 54; // .scroller td in page.css
const BEYOND = 8; // rows kept ready above and below

export class Grid {
  constructor(scroller, actions) {
    this.scroller = scroller;
    this.actions = actions;
    this.active = { row: -1, column: 0 }; // row -1: the header
    this.drawn = new Map();
    this.head = el("thead");
    this.body = el("tbody");
    this.above = el("tr", { class: "gap", role: "presentation" });
    this.below = el("tr", { class: "gap", role: "presentation" });
    this.table = el("table", { role: "grid", "aria-labelledby": "compare-title",
      "aria-multiselectable": "true", keydown: (event) => this.onKey(event),
      focusin: (event) => this.onFocus(event), click: (event) => this.onClick(event),
    }, this.head, this.body);
    scroller.replaceChildren(this.table);
    scroller.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()));
    new ResizeObserver(() => this.draw()).observe(scroller);
  }

  show(view) {
    this.view = view;
    const width = 2 + Number(view.sized) + view.columns.length;
    this.table.setAttribute("aria-rowcount", view.rows.length + 1);
    this.table.setAttribute("aria-colcount", width);
    this.active.column = Math.min(this.active.column, width - 1);
    this.active.row = Math.min(this.active.row, view.rows.length - 1);
    this.head.replaceChildren(this.header());
    this.drawn.clear();
    this.body.replaceChildren(this.above, this.below);
    this.draw();
  }

  header() {
    const { view } = this;
    const cells = [
      el("th", { role: "columnheader", scope: "col", class: "pick" }, el("span", { class: "quiet" }, "Chosen")),
      this.heading("model", "Model", "", ""),
    ];
    for (const column of view.columns) {
      cells.push(this.heading(column.id, column.group, column.label, column.better));
    }
    if (view.sized) cells.push(this.heading("parameters", "Size", "parameters", ""));
    return this.number(el("tr", { role: "row", "aria-rowindex": 1 }, cells), -1);
  }

  heading(id, top, bottom, better) {
    const sorted = this.view.sort === id ? this.view.direction : "";
    const aim = better ? `${better} is better` : "";
    return el("th", { role: "columnheader", scope: "col", "data-sort": id, "data-better": better,
      class: id === "model" ? "model" : "number",
      "aria-sort": { up: "ascending", down: "descending" }[sorted] ?? "none" },
    el("span", {}, top), el("span", { class: "sub" }, bottom),
    aim ? el("span", { class: "sub" }, aim) : null);
  }

  // Rows in sight are added, others removed; those that stay keep their focus.
  draw() {
    if (!this.view) return;
    const count = this.view.rows.length;
    const { clientHeight } = this.scroller;
    const end = count * ROW_PIXELS + this.head.offsetHeight - clientHeight;
    const scrollTop = Math.max(0, Math.min(this.scroller.scrollTop, end)); // rows may be gone
    const first = Math.max(0, Math.floor(scrollTop / ROW_PIXELS) - BEYOND);
    const last = Math.min(count, Math.ceil((scrollTop + clientHeight) / ROW_PIXELS) + BEYOND);
    for (const [i, row] of this.drawn) {
      if (i < first || i >= last) { row.remove(); this.drawn.delete(i); }
    }
    for (let i = first; i < last; i += 1) {
      if (this.drawn.has(i)) continue;
      const row = this.row(i);
      const after = this.drawn.get(i + 1) ?? this.following(i);
      this.body.insertBefore(row, after);
      this.drawn.set(i, row);
    }
    this.above.style.height = `${first * ROW_PIXELS}px`;
    this.below.style.height = `${(count - last) * ROW_PIXELS}px`;
    this.markActive();
  }

  following(i) {
    const later = [...this.drawn.keys()].filter((j) => j > i);
    return later.length ? this.drawn.get(Math.min(...later)) : this.below;
  }

  row(i) {
    const { view } = this;
    const { model, cells } = view.rows[i];
    const picked = view.picked.has(model.name);
    const row = el("tr", { role: "row", "aria-rowindex": i + 2, "aria-selected": String(picked) },
      el("td", { role: "gridcell", class: "pick", "aria-label": picked ? "chosen" : "not chosen" },
        el("span", { class: "box", "aria-hidden": "true" }, picked ? "✓" : "")),
      el("th", { role: "rowheader", scope: "row", class: `model role-${model.role}` },
        el("span", { class: `name depth-${view.sort ? 0 : Math.min(3, model.depth)}`, title: model.name },
          link(model.url, model.name, { tabindex: -1 })),
        el("span", { class: `sub depth-${view.sort ? 0 : Math.min(3, model.depth)}`, title: lineage(model) },
          lineage(model))),
      cells.map((cell, j) => this.cell(cell, view.columns[j])),
      view.sized ? el("td", { role: "gridcell", class: "number size" }, size(model.parameters)) : null);
    return this.number(row, i);
  }

  cell(cell, column) {
    const { main, interval } = cellText(cell);
    const mark = cell.mark && el("span", { class: `mark ${cell.mark}` }, cell.mark === "unclear" ? "≈" : MARKS[cell.mark]);
    return el("td", { role: "gridcell", class: `number ${cell.state}`, "data-column": column.i,
      "aria-label": cellWords(cell), title: cellWords(cell) },
    el("span", {}, mark ? [mark, " "] : null, pretty(main)),
    el("span", { class: "sub" }, cell.state === "value" ? pretty(interval) || "no interval" : ""));
  }

  number(row, i) {
    [...row.children].forEach((cell, j) => {
      cell.dataset.row = i;
      cell.dataset.at = j;
      cell.tabIndex = -1;
      cell.setAttribute("aria-colindex", j + 1);
    });
    return row;
  }

  cellAt(row, column) {
    const parent = row < 0 ? this.head.firstElementChild : this.drawn.get(row);
    return parent?.children[column];
  }

  markActive() {
    for (const cell of this.table.querySelectorAll('[tabindex="0"]')) cell.tabIndex = -1;
    const { row, column } = this.active;
    const cell = this.cellAt(row, column) ?? this.cellAt(-1, column);
    if (cell) cell.tabIndex = 0;
  }

  moveTo(row, column) {
    const { rows } = this.view;
    this.active = {
      row: Math.max(-1, Math.min(rows.length - 1, row)),
      column: Math.max(0, Math.min(this.head.firstElementChild.children.length - 1, column)),
    };
    if (this.active.row >= 0) this.bringIntoSight(this.active.row);
    this.draw();
    const cell = this.cellAt(this.active.row, this.active.column);
    cell.focus({ preventScroll: this.active.column < 2 });
  }

  bringIntoSight(row) {
    const { scroller } = this;
    const room = scroller.clientHeight - this.head.offsetHeight;
    const top = row * ROW_PIXELS;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW_PIXELS > scroller.scrollTop + room) scroller.scrollTop = top + ROW_PIXELS - room;
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
    if (moves[event.key]) this.moveTo(...moves[event.key]);
    else if (event.key === "Enter" && !far) this.act(this.cellAt(row, column));
    else if (event.key === " " && !far) this.pick(row);
    else return;
    event.preventDefault();
  }

  onFocus(event) {
    const cell = event.target.closest("[data-at]");
    if (!cell) return;
    this.active = { row: Number(cell.dataset.row), column: Number(cell.dataset.at) };
    this.markActive();
  }

  onClick(event) {
    if (!event.target.closest("a")) this.act(event.target.closest("[data-at]"));
  }

  act(cell) {
    if (!cell) return;
    const row = Number(cell.dataset.row);
    if (cell.dataset.sort) this.again(() => this.actions.sort(cell.dataset.sort, cell.dataset.better));
    else if (cell.dataset.column && row >= 0) {
      this.actions.open(this.view.rows[row].model, this.view.board.columns[cell.dataset.column]);
    } else if (cell.classList.contains("pick")) this.pick(row);
    else cell.querySelector("a")?.click();
  }

  pick(row) {
    if (row >= 0) this.again(() => this.actions.pick(this.view.rows[row].model));
  }

  // The table is built anew by `change`; whoever was in it stays where they were.
  again(change) {
    const { row, column } = this.active;
    change();
    this.moveTo(row, column);
  }
}
