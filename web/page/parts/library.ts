// The bundled nets in a list, found by any part of their names.

import type { Known } from "../answers";
import { by, el } from "../dom";

/** Nets that are called just so come first, then those whose names begin so. */
function rank(name: string, words: string[]): number {
  const [called, asked] = [name.replaceAll("_", ""), words.join("")];
  return called === asked ? 0 : called.startsWith(asked) ? 1 : 2;
}

export class Library {
  private readonly dialog = by<HTMLDialogElement>("library");
  private readonly search = by<HTMLInputElement>("library-search");
  private readonly list = by("library-list");
  private found: Known["library"] = [];
  private at = 0;

  constructor(
    private readonly nets: Known["library"],
    private readonly chosen: (name: string) => void,
  ) {
    by("library-open").addEventListener("click", () => this.open());
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.open();
    });
    this.search.addEventListener("input", () => this.filter());
    this.search.addEventListener("keydown", (event) => this.pressed(event));
    this.list.addEventListener("click", (event) => {
      const option = (event.target as HTMLElement).closest<HTMLElement>("[data-name]");
      if (option) this.choose(option.dataset.name!);
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  open(): void {
    if (this.dialog.open) return;
    this.search.value = "";
    this.dialog.showModal();
    this.filter();
    this.search.focus();
  }

  private filter(): void {
    const words = this.search.value.toLowerCase().split(/[\s_-]+/).filter(Boolean);
    this.found = this.nets.filter((net) => {
      const said = `${net.name} ${net.title} ${net.family}`.toLowerCase();
      return words.every((word) => said.includes(word));
    });
    if (words.length) this.found.sort((one, other) => rank(one.name, words) - rank(other.name, words));
    this.at = 0;
    const options = this.found.map((net, place) =>
      el("li", { role: "option", id: `net-${place}`, "data-name": net.name, "aria-selected": "false" },
        el("span", { class: "title" }, net.title), el("code", {}, net.name), el("span", { class: "params" }, net.params)),
    );
    if (!options.length) options.push(el("li", { class: "none", role: "presentation" }, "No bundled net is called so."));
    this.list.replaceChildren(...options);
    this.mark();
  }

  private mark(): void {
    for (const one of this.list.querySelectorAll("[aria-selected=true]")) one.setAttribute("aria-selected", "false");
    const option = this.list.querySelector(`#net-${this.at}`);
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.search.setAttribute("aria-activedescendant", option.id);
    else this.search.removeAttribute("aria-activedescendant");
  }

  private pressed(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (event.key === "Enter") {
      event.preventDefault();
      const net = this.found[this.at];
      if (net) this.choose(net.name);
    } else if (step !== undefined) {
      event.preventDefault();
      this.at = Math.min(Math.max(this.at + step, 0), Math.max(this.found.length - 1, 0));
      this.mark();
    }
  }

  private choose(name: string): void {
    this.dialog.close();
    this.chosen(name);
  }
}
