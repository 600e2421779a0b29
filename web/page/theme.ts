// Light or dark: as the system is, until the reader says otherwise.

import { by } from "./dom";

const system = matchMedia("(prefers-color-scheme: dark)");
const ORDER = ["auto", "light", "dark"] as const;
const WORDS = { auto: "as the system is", light: "light", dark: "dark" };

function wanted(): (typeof ORDER)[number] {
  const kept = localStorage.getItem("theme");
  return ORDER.find((one) => one === kept) ?? "auto";
}

/** The theme that is seen. */
export function seen(): "light" | "dark" {
  const asked = wanted();
  return asked === "auto" ? (system.matches ? "dark" : "light") : asked;
}

/** Let the button of the page go through the themes. */
export function themes(changed: () => void): void {
  const button = by("theme");
  const apply = () => {
    document.documentElement.dataset.theme = seen();
    button.dataset.wanted = wanted();
    button.setAttribute("aria-label", `Colours: ${WORDS[wanted()]}`);
    button.title = `Colours: ${WORDS[wanted()]}`;
  };
  button.addEventListener("click", () => {
    localStorage.setItem("theme", ORDER[(ORDER.indexOf(wanted()) + 1) % ORDER.length]!);
    apply();
    changed();
  });
  system.addEventListener("change", () => {
    apply();
    changed();
  });
  apply();
}
