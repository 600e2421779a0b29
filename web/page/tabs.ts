// Tabs, as the ARIA practices have them: arrows move, the chosen one is in the tab order.

export class Tabs {
  private readonly tabs: HTMLElement[];
  chosen = "";

  constructor(list: HTMLElement, changed: () => void) {
    this.tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
    for (const [place, tab] of this.tabs.entries()) {
      tab.addEventListener("click", () => {
        this.choose(tab);
        changed();
      });
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step === undefined) return;
        const next = this.tabs[(place + step + this.tabs.length) % this.tabs.length]!;
        next.focus();
        next.click();
      });
    }
    this.choose(this.tabs[0]!);
  }

  private choose(tab: HTMLElement): void {
    this.chosen = tab.dataset.view!;
    for (const one of this.tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")!)!.hidden = one !== tab;
    }
  }
}
