// One layer: its derivation, and what a pixel of it sees of the input.

import type { Explained } from "../answers";
import { type Python, Superseded } from "../asking";
import { by, el, parsed } from "../dom";

export class LayerPanel {
  private name = "";
  private pixel: number[] = [];
  private readonly panel = by("layer");
  private readonly told = by("layer-told");
  private readonly field = by("layer-field");
  private readonly pixels = by("layer-pixels");

  constructor(
    private readonly python: Python,
    private readonly text: () => string,
    private readonly theme: () => string,
    private readonly closed: () => void,
  ) {
    by("layer-close").addEventListener("click", () => this.close());
    this.panel.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  /** Open the panel on a layer or a group. */
  async open(name: string): Promise<void> {
    this.pixel = [];
    this.name = name;
    await this.ask();
  }

  /** The same layer, of the text as it is now; where there is no such layer any more, nothing. */
  async again(): Promise<void> {
    if (this.isOpen) await this.ask();
  }

  close(): void {
    this.panel.hidden = true;
    document.body.classList.remove("with-layer");
    this.closed();
  }

  private async ask(): Promise<void> {
    const question = { ask: "explain", text: this.text(), layer: this.name, theme: this.theme(), pixel: this.pixel.length ? this.pixel : null };
    try {
      const found = await this.python.ask<Explained>("layer", question);
      if (found.faults) this.close(); // the net has no such layer any more
      else this.show(found);
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
    }
  }

  private show(found: Explained): void {
    by("layer-name").textContent = this.name;
    const nodes = parsed(found.html, "text/html").filter((node) => !(node instanceof HTMLHeadingElement && node.tagName === "H1"));
    const first = nodes.findIndex((node) => node instanceof HTMLHeadingElement);
    const heading = nodes[first]?.firstChild;
    if (heading instanceof Text) heading.remove(); // the name stands above already
    this.told.replaceChildren(...nodes.slice(first));
    this.field.replaceChildren(...(found.svg ? parsed(found.svg, "image/svg+xml") : []));
    this.field.hidden = !found.svg;
    this.slide(found);
    this.panel.hidden = false;
    document.body.classList.add("with-layer");
  }

  /** A slider for each axis of the pixel. */
  private slide(found: Explained): void {
    this.pixel = found.pixel;
    const isSame = this.pixels.childElementCount === found.lengths.length && found.lengths.length > 0;
    this.pixels.hidden = found.lengths.length === 0;
    if (isSame) {
      for (const [axis, input] of [...this.pixels.querySelectorAll("input")].entries()) {
        input.max = String(found.lengths[axis]! - 1);
        if (document.activeElement !== input) input.value = String(found.pixel[axis]);
        (input.nextElementSibling as HTMLOutputElement).textContent = String(found.pixel[axis]);
      }
      return;
    }
    const names = found.lengths.length === 1 ? ["position"] : ["plane", "row", "column"].slice(-found.lengths.length);
    this.pixels.replaceChildren(
      ...names.map((name, axis) => {
        const id = `pixel-${axis}`;
        const input = el("input", { type: "range", id, min: 0, max: found.lengths[axis]! - 1, step: 1 });
        input.value = String(found.pixel[axis]);
        input.addEventListener("input", () => {
          this.pixel = this.pixel.map((at, other) => (other === axis ? Number(input.value) : at));
          void this.ask();
        });
        return el("div", { class: "setting" }, el("label", { for: id }, `output ${name}`), input, el("output", { for: id }, input.value));
      }),
    );
  }
}
