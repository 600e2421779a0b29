// The calculator run backwards: forms, as Python declares them.

import type { Known, Solved } from "../answers";
import { type Python, Superseded } from "../asking";
import { el, parsed } from "../dom";
import { said } from "./editor";

export function solving(parent: HTMLElement, known: Known, python: Python, text: () => string): void {
  const choice = el("select", { id: "solve-form", "aria-label": "What is looked for" });
  choice.append(...known.forms.map((form) => el("option", { value: form.key }, form.title)));
  const told = el("p", { class: "soft" });
  const fields = el("div", { class: "fields" });
  const answer = el("div", { class: "told", "aria-live": "polite" });
  const form = el("form", { class: "solve" }, el("div", { class: "solve-head" }, choice, told), el("div", { class: "solve-ask" }, fields, el("button", { type: "submit", class: "primary" }, "Solve")));
  parent.append(form, answer);

  const shown = () => known.forms.find((one) => one.key === choice.value)!;
  function build(): void {
    told.textContent = shown().told;
    fields.replaceChildren(
      ...shown().fields.map((field) => {
        const input = el("input", { name: field.name, placeholder: field.hint, autocomplete: "off", spellcheck: "false" });
        input.value = field.value;
        return el("label", {}, el("span", {}, field.label), input);
      }),
    );
    answer.replaceChildren();
  }
  choice.addEventListener("change", build);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    try {
      const found = await python.ask<Solved>("solve", { ask: "solve", form: choice.value, given, text: text() });
      answer.replaceChildren(...(found.faults ? found.faults.map(said) : parsed(found.html, "text/html")));
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
    }
  });
  build();
}
