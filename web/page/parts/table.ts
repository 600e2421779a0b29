// The table of layers as a tree: only the rows that are seen are in the document, so that ten thousand are as quick as ten.

import type { Row } from "../answers";
import { el } from "../dom";

const HEIGHT = 30;
const BEYOND = 12;
const FIRST_SIGHT = 60;

export class Table {
  private rows: Row[] = [];
  private shown: number[] = [];
  /** Groups that the reader has opened or closed; the others are as deep as fits. */
  private readonly asked = new Map<string, boolean>();
  private depth = 0;
  private at = -1;
  private pressedAt = NaN;
  private readonly head = el("div", { role: "row", class: "row head" });
  private readonly body = el("div", { class: "rows", role: "rowgroup" });

  constructor(
    private readonly grid: HTMLElement,
    private readonly chosen: (name: string, row: Row) => void,
  ) {
    grid.append(el("div", { role: "rowgroup", class: "headgroup" }, this.head), this.body);
    grid.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(grid);
    grid.addEventListener("keydown", (event) => this.pressed(event));
    grid.addEventListener("focus", () => this.at < 0 && grid.matches(":focus-visible") && this.move(0));
    // A table that is drawn anew between press and release would lose a click, so that the two are taken for one here.
    this.body.addEventListener("pointerdown", (event) => (this.pressedAt = event.clientY));
    this.body.addEventListener("pointerup", (event) => {
      if (event.button === 0 && Math.abs(event.clientY - this.pressedAt) < HEIGHT / 2) this.clicked(event);
    });
    this.body.addEventListener("click", (event) => event.detail === 0 && this.clicked(event)); // of no pointer
  }

  /** Another net, or the same with other numbers; what was open stays so. */
  show(columns: string[], rows: Row[], isOther: boolean): void {
    const selected = this.rows[this.shown[this.at] ?? -1]?.[1];
    this.rows = rows;
    if (isOther) {
      this.asked.clear();
      this.grid.scrollTop = 0;
    }
    this.depth = fitting(rows);
    const titles = ["Layer", "Notation", "Output", ...columns];
    this.head.replaceChildren(
      ...titles.map((title, at) => el("div", { role: "columnheader", class: at > 2 ? "cell number" : "cell" }, title)),
    );
    this.head.setAttribute("aria-rowindex", "1");
    this.fold();
    this.at = selected === undefined ? -1 : this.shown.findIndex((place) => rows[place]![1] === selected);
    this.draw();
  }

  /** Select a layer by its name, and show it. */
  select(name: string): void {
    for (const part of parents(name)) this.asked.set(part, true);
    this.fold();
    this.at = this.shown.findIndex((place) => this.rows[place]![1] === name);
    this.reveal();
    this.draw();
  }

  /** Select the first layer of a line of the text. */
  selectLine(line: number): void {
    const row = this.rows.find((one) => one[6] === line);
    if (row) this.select(row[1]);
  }

  /** Open or close every group. */
  openAll(isOpen: boolean): void {
    this.asked.clear();
    this.depth = isOpen ? Infinity : 0;
    this.fold();
    this.at = Math.min(this.at, this.shown.length - 1);
    this.draw();
  }

  private isOpen(row: Row): boolean {
    return this.asked.get(row[1]) ?? row[0] < this.depth;
  }

  private fold(): void {
    this.shown = [];
    let closed = Infinity;
    this.rows.forEach((row, place) => {
      if (row[0] > closed) return;
      closed = isGroup(row) && !this.isOpen(row) ? row[0] : Infinity;
      this.shown.push(place);
    });
    this.body.style.height = `${this.shown.length * HEIGHT}px`;
    this.grid.setAttribute("aria-rowcount", String(this.shown.length + 1));
  }

  private draw(): void {
    const first = Math.max(0, Math.floor(this.grid.scrollTop / HEIGHT) - BEYOND);
    const last = Math.min(this.shown.length, Math.ceil((this.grid.scrollTop + this.grid.clientHeight) / HEIGHT) + BEYOND);
    const lines: HTMLElement[] = [];
    for (let place = first; place < last; place++) lines.push(this.line(place));
    this.body.replaceChildren(...lines);
    if (this.at >= first && this.at < last) this.grid.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  private line(place: number): HTMLElement {
    const row = this.rows[this.shown[place]!]!;
    const [depth, name, notation, output, figures, shares, , family] = row;
    const group = isGroup(row);
    const isOpen = group && this.isOpen(row);
    const label = el("div", { role: "gridcell", class: "cell name", title: name });
    label.style.paddingLeft = `${12 + depth * 16}px`;
    label.append(el("span", { class: group ? `twist${isOpen ? " open" : ""}` : `dot ${family}`, "aria-hidden": "true" }));
    label.append(el("span", { class: "short" }, name.slice(name.lastIndexOf(".") + 1)));
    const cells = figures.map((text, at) => {
      const cell = el("div", { role: "gridcell", class: text === "0" ? "cell number none" : "cell number" }, text);
      if (shares[at]) cell.style.setProperty("--share", `${shares[at]! / 10}%`);
      return cell;
    });
    const made = el(
      "div",
      {
        role: "row", id: `row-${place}`, class: `row${group ? " group" : ""}`, "data-place": place, "aria-level": depth + 1,
        "aria-rowindex": place + 2, "aria-selected": place === this.at, "aria-expanded": group ? String(isOpen) : undefined,
      },
      label,
      el("div", { role: "gridcell", class: "cell notation", title: notation }, notation),
      el("div", { role: "gridcell", class: "cell output" }, output.replaceAll("x", "×")),
      ...cells,
    );
    if (place === this.at) made.setAttribute("aria-selected", "true");
    made.style.top = `${place * HEIGHT}px`;
    return made;
  }

  private clicked(event: Event): void {
    const line = (event.target as HTMLElement).closest<HTMLElement>("[data-place]");
    if (!line) return;
    const place = Number(line.dataset.place);
    const row = this.rows[this.shown[place]!]!;
    if (isGroup(row) && (event.target as HTMLElement).closest(".twist")) this.turn(place, !this.isOpen(row));
    else {
      this.at = place;
      this.draw();
      this.chosen(row[1], row);
    }
  }

  private turn(place: number, isOpen: boolean): void {
    this.asked.set(this.rows[this.shown[place]!]![1], isOpen);
    this.at = place;
    this.fold();
    this.draw();
  }

  private move(place: number): void {
    this.at = Math.min(Math.max(place, 0), this.shown.length - 1);
    this.reveal();
    this.draw();
  }

  private reveal(): void {
    if (this.at < 0) return;
    const top = this.at * HEIGHT;
    const room = this.grid.clientHeight - this.head.offsetHeight;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + HEIGHT > this.grid.scrollTop + room) this.grid.scrollTop = top + HEIGHT - room;
  }

  private pressed(event: KeyboardEvent): void {
    const row = this.rows[this.shown[this.at] ?? -1];
    const page = Math.max(1, Math.floor(this.grid.clientHeight / HEIGHT) - 2);
    const steps: Record<string, () => void> = {
      ArrowDown: () => this.move(this.at + 1),
      ArrowUp: () => this.move(this.at - 1),
      PageDown: () => this.move(this.at + page),
      PageUp: () => this.move(this.at - page),
      Home: () => this.move(0),
      End: () => this.move(this.shown.length - 1),
      ArrowRight: () => row && isGroup(row) && (this.isOpen(row) ? this.move(this.at + 1) : this.turn(this.at, true)),
      ArrowLeft: () => row && (isGroup(row) && this.isOpen(row) ? this.turn(this.at, false) : this.toParent(row)),
      Enter: () => row && this.chosen(row[1], row),
      " ": () => row && this.chosen(row[1], row),
    };
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    step();
  }

  private toParent(row: Row): void {
    for (let place = this.at - 1; place >= 0; place--)
      if (this.rows[this.shown[place]!]![0] < row[0]) {
        this.move(place);
        return;
      }
  }
}

function isGroup(row: Row): boolean {
  return row[7] === "group" && row[2] === "";
}

function parents(name: string): string[] {
  const parts = name.split(".");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("."));
}

/** The levels of groups that are open at first sight: as many as give about a screen of rows. */
function fitting(rows: Row[]): number {
  const deepest = rows.reduce((most, row) => Math.max(most, row[0]), 0);
  for (let depth = deepest; depth > 0; depth--)
    if (rows.filter((row) => row[0] <= depth).length <= FIRST_SIGHT) return depth;
  return 0;
}
