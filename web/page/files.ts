// Files that come in, by a drop or a dialog, and go out, as downloads. Nothing leaves the reader's machine.

import { by, el } from "./dom";

/** Calls `opened` with each file that is dropped anywhere, or chosen. */
export function incoming(opened: (file: File) => void): void {
  const picker = by<HTMLInputElement>("file");
  by("file-open").addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    const file = picker.files?.[0];
    if (file) opened(file);
    picker.value = "";
  });
  const veil = by("drop");
  let inside = 0;
  const carries = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    inside++;
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (carries(event) && --inside <= 0) {
      inside = 0;
      veil.hidden = true;
    }
  });
  document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    inside = 0;
    veil.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) opened(file);
  });
}

/** Asks for the shape of an input that a file leaves open; nothing where the reader lets it be. */
export function inputShape(told: Node[]): Promise<string | undefined> {
  const [dialog, input] = [by<HTMLDialogElement>("retry"), by<HTMLInputElement>("retry-input")];
  by("retry-told").replaceChildren(...told);
  dialog.showModal();
  input.select();
  return new Promise((done) => {
    by("retry-form").onsubmit = (event) => {
      event.preventDefault();
      done(input.value.trim() || undefined);
      dialog.close();
    };
    by("retry-leave").onclick = () => dialog.close();
    dialog.onclose = () => done(undefined);
  });
}

/** Have the browser save a text. */
export function save(name: string, text: string, type = "text/plain"): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A net's name as that of a file. */
export function fileName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 60) || "net";
}
