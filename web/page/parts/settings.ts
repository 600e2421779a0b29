// Sliders for the numbers of a text: they write into it, so that the text stays what is shown, saved and shared.

import type { ChangeDesc } from "@codemirror/state";
import type { Setting } from "../answers";
import { el } from "../dom";
import type { Editor } from "./editor";

type Slid = { setting: Setting; from: number; to: number; input: HTMLInputElement; shown: HTMLOutputElement };

export class Settings {
  private slid: Slid[] = [];
  private readonly widest = new Map<string, number>();
  private names = "";
  private writing: Slid | undefined;

  constructor(
    private readonly list: HTMLElement,
    private readonly editor: Editor,
  ) {}

  /** The numbers of a net: the sliders stay where they are the same, so that one that is dragged is not lost. */
  show(settings: Setting[], isOther: boolean): void {
    const names = JSON.stringify(settings.map((one) => [one.name, typeof one.value]));
    const isSame = names === this.names && !isOther;
    if (!isSame) this.widest.clear();
    this.names = names;
    const made = settings.map((setting, at) => this.one(setting, isSame ? this.slid[at] : undefined));
    this.slid = made.map((one) => one.slid);
    if (!isSame) this.list.replaceChildren(...made.map((one) => one.line));
    this.list.parentElement!.hidden = settings.length === 0;
  }

  private one(setting: Setting, before?: Slid): { slid: Slid; line: HTMLElement } {
    const [line, column, lastLine, lastColumn] = setting.at;
    const from = this.editor.offset(line, column);
    const to = this.editor.offset(lastLine, lastColumn);
    if (before) {
      const isHeld = document.activeElement === before.input && before.input.dataset.sliding === "yes";
      Object.assign(before, { setting, from, to });
      before.input.disabled = false;
      if (!isHeld) this.put(before, setting.value);
      return { slid: before, line: before.input.parentElement! };
    }
    const isFlag = typeof setting.value === "boolean";
    const id = `setting-${setting.name.replace(/\W/g, "-")}`;
    const input = isFlag ? el("input", { type: "checkbox", id, role: "switch" }) : el("input", { type: "range", id });
    const shown = el("output", { for: id });
    const slid: Slid = { setting, from, to, input, shown };
    this.put(slid, setting.value);
    input.addEventListener("input", () => this.moved(slid));
    input.addEventListener("pointerdown", () => (input.dataset.sliding = "yes"));
    input.addEventListener("change", () => delete input.dataset.sliding);
    return { slid, line: el("div", { class: isFlag ? "setting flag" : "setting" }, el("label", { for: id }, setting.name), input, shown) };
  }

  private put(slid: Slid, value: number | boolean): void {
    if (typeof value === "boolean") {
      slid.input.checked = value;
      slid.shown.textContent = value ? "true" : "false";
      return;
    }
    const isWhole = Number.isInteger(value) && !/[.e]/.test(String(slid.setting.value));
    const most = Math.max(this.widest.get(slid.setting.name) ?? (isWhole ? Math.max(8, value * 2) : Math.max(1, value * 2)), value);
    this.widest.set(slid.setting.name, most);
    slid.input.min = String(value < 0 ? value : isWhole ? Math.min(1, value) : 0.05);
    slid.input.max = String(most);
    slid.input.step = isWhole ? "1" : "0.05";
    slid.input.value = String(value);
    slid.shown.textContent = String(value);
  }

  private moved(slid: Slid): void {
    const value = typeof slid.setting.value === "boolean" ? String(slid.input.checked) : slid.input.value;
    slid.shown.textContent = value;
    const insert = slid.setting.pieces.join(value);
    this.writing = slid;
    this.editor.write(slid.from, slid.to, insert);
    this.writing = undefined;
  }

  /** Until Python answers, each stretch is where a change of the text has moved it; one that is gone has no slider. */
  follow(how: ChangeDesc): void {
    for (const one of this.slid) {
      const isWritten = one === this.writing;
      if (!isWritten && how.touchesRange(one.from, one.to) === "cover") one.input.disabled = true;
      [one.from, one.to] = [how.mapPos(one.from, isWritten ? -1 : 1), how.mapPos(one.to, 1)];
    }
  }
}
