// A picture: it fits the room that it has, can be made larger, and its layers can be chosen.

import { el, parsed } from "../dom";

const STEP = 1.25;
const LEAST = 0.05;
const MOST = 4;

export class Drawing {
  private svg: SVGElement | undefined;
  private wide = 0;
  private tall = 0;
  private zoom = 0;
  private chosen = "";
  private readonly stage = el("div", { class: "stage", tabindex: "0", role: "group", "aria-label": "Drawing of the net; + and − change its size" });
  private readonly said = el("output", { class: "zoom" });

  constructor(parent: HTMLElement, controls: HTMLElement, chosen: (name: string) => void) {
    const button = (label: string, text: string, act: () => void) =>
      el("button", { type: "button", class: "quiet square", "aria-label": label, title: label, onclick: act }, text);
    controls.append(
      button("Smaller", "−", () => this.scale(this.shownZoom() / STEP)),
      this.said,
      button("Larger", "+", () => this.scale(this.shownZoom() * STEP)),
      el("button", { type: "button", class: "quiet", onclick: () => this.scale(0) }, "Fit"),
    );
    parent.append(this.stage);
    this.stage.addEventListener("click", (event) => {
      const box = (event.target as Element).closest("[data-layer]");
      if (box) chosen(box.getAttribute("data-layer")!);
    });
    this.stage.addEventListener("keydown", (event) => {
      if (event.key === "+" || event.key === "=") this.scale(this.shownZoom() * STEP);
      else if (event.key === "-") this.scale(this.shownZoom() / STEP);
      else if (event.key === "0") this.scale(0);
    });
    this.stage.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.scale(this.shownZoom() * (event.deltaY < 0 ? STEP : 1 / STEP));
      },
      { passive: false },
    );
    new ResizeObserver(() => this.fit()).observe(this.stage);
  }

  /** Show a picture, at the place and size at which the last one stood. */
  show(markup: string): void {
    const [made] = parsed(markup, "image/svg+xml");
    this.svg = document.importNode(made as SVGElement, true);
    this.wide = Number(this.svg.getAttribute("width"));
    this.tall = Number(this.svg.getAttribute("height"));
    const { scrollLeft, scrollTop } = this.stage;
    this.stage.replaceChildren(this.svg);
    this.fit();
    this.stage.scrollTo(scrollLeft, scrollTop);
    this.box()?.classList.add("chosen");
  }

  /** Say why there is no picture. */
  refuse(why: Node): void {
    this.svg = undefined;
    this.stage.replaceChildren(why);
  }

  /** Mark the box of a layer, or of the folded group that it stands in. */
  select(name: string): void {
    this.chosen = name;
    for (const one of this.stage.querySelectorAll(".chosen")) one.classList.remove("chosen");
    const box = this.box();
    box?.classList.add("chosen");
    box?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private box(): Element | undefined {
    const parts = this.chosen.split(".");
    for (let depth = parts.length; depth > 0; depth--) {
      const box = this.stage.querySelector(`[data-layer="${CSS.escape(parts.slice(0, depth).join("."))}"]`);
      if (box) return box;
    }
    return undefined;
  }

  private shownZoom(): number {
    return this.zoom || this.fitting();
  }

  private fitting(): number {
    const room = this.stage.clientWidth - 32;
    return this.wide && room > 0 ? Math.min(1, room / this.wide) : 1;
  }

  private scale(zoom: number): void {
    this.zoom = zoom && Math.min(MOST, Math.max(LEAST, zoom));
    this.fit();
  }

  private fit(): void {
    const zoom = this.shownZoom();
    this.svg?.setAttribute("width", String(Math.round(this.wide * zoom)));
    this.svg?.setAttribute("height", String(Math.round(this.tall * zoom)));
    this.said.textContent = `${Math.round(zoom * 100)} %`;
  }
}
