// The page: what is typed is asked, what is answered is shown.

import type { Drawn, Known, Opened, Shown } from "./answers";
import { type Fault, Python, Superseded } from "./asking";
import { completions } from "./parts/completing";
import { by, el, prose } from "./dom";
import { Drawing } from "./parts/drawing";
import { Editor, said } from "./parts/editor";
import { fileName, incoming, inputShape, save } from "./files";
import { LayerPanel } from "./parts/layer";
import { Library } from "./parts/library";
import { Settings } from "./parts/settings";
import { hashOf, ofHash } from "./sharing";
import { solving } from "./parts/solving";
import { Table } from "./parts/table";
import { Tabs } from "./tabs";
import { seen, themes } from "./theme";

const known = (await (await fetch("known.json")).json()) as Known;
const state = { name: "", library: "", libraryText: "", isOther: true, hash: "", svg: "" };

const python = new Python((now, why) => {
  const words = { loading: "Python is loading", ready: "ready", busy: "counting", broken: `Python could not be started: ${why}` };
  by("status").dataset.state = now;
  by("status-text").textContent = now === "ready" && python ? `answered in ${Math.round(python.took)} ms` : words[now];
  by("stop").hidden = now !== "busy";
});
by("stop").addEventListener("click", () => python.stop());

/** What a newer question has replaced is no mistake; everything else is. */
async function unlessSuperseded(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Superseded)) tell(String(error), true);
  }
}

function tell(text: string, isWrong = false): void {
  const toast = by("toast");
  toast.replaceChildren(...prose(text));
  toast.classList.toggle("wrong", isWrong);
  toast.hidden = false;
  clearTimeout(Number(toast.dataset.timer));
  toast.dataset.timer = String(window.setTimeout(() => (toast.hidden = true), isWrong ? 12_000 : 5_000));
}

// -- the parts

const editor = new Editor(
  by("editor"),
  completions(known),
  (how) => {
    settings.follow(how);
    void unlessSuperseded(refresh());
  },
  (line) => table.selectLine(line),
);
const settings = new Settings(by("settings"), editor);
const layer = new LayerPanel(python, () => editor.text, seen, () => {
  for (const one of Object.values(drawings)) one.select("");
});
const choose = (name: string) => {
  drawings.flow.select(name);
  drawings.volumes.select(name);
  void unlessSuperseded(layer.open(name));
};
const table = new Table(by("table"), (name, row) => {
  choose(name);
  if (row[6]) editor.goto(row[6]);
});
const fromDrawing = (name: string) => {
  table.select(name);
  choose(name);
};
const drawings = {
  flow: new Drawing(by("flow"), by("flow-controls"), fromDrawing),
  volumes: new Drawing(by("volumes"), by("volumes-controls"), fromDrawing),
};
const heat = by<HTMLSelectElement>("heat");
const depth = by<HTMLSelectElement>("depth");
const tabs = new Tabs(by("tabs"), () => void unlessSuperseded(draw()));
for (const one of [heat, depth]) one.addEventListener("change", () => void unlessSuperseded(draw()));
themes(() => {
  void unlessSuperseded(draw());
  void unlessSuperseded(layer.again());
});
by("open-all").addEventListener("click", () => table.openAll(true));
by("close-all").addEventListener("click", () => table.openAll(false));
solving(by("solve"), known, python, () => editor.text);

// -- what is asked

async function refresh(): Promise<void> {
  const text = editor.text;
  const found = await python.ask<Shown>("show", { ask: "show", text });
  if (text !== editor.text) return;
  editor.mark(found.faults ?? []);
  problems(found.faults ?? []);
  document.body.classList.toggle("stale", found.faults !== undefined);
  if (found.faults) return;
  show(found);
  void remember(text);
  void unlessSuperseded(layer.again());
  await draw();
}

function problems(faults: Fault[]): void {
  by("problems").replaceChildren(
    ...faults.map((fault) => {
      const where = fault.at ? `line ${fault.at[0]}, column ${fault.at[1] + 1}` : fault.elsewhere || fault.layer;
      const button = el("button", { type: "button", class: "problem", onclick: () => editor.goTo(fault) }, el("span", { class: "where" }, where), said(fault));
      return el("li", {}, button);
    }),
  );
  by("problems-box").hidden = faults.length === 0;
}

function show(found: Shown): void {
  document.body.dataset.answered = String(performance.now());
  state.name = found.name;
  document.title = `${found.name} · cnncalc`;
  by("net-name").textContent = found.name;
  const outputs = found.outputs.map(([, shape]) => shape.replaceAll("x", "×")).join(", ");
  by("net-facts").textContent = [...found.facts.map((fact) => fact.replaceAll("x", "×")), `output ${outputs}`].join(" · ");
  by("totals").replaceChildren(
    ...found.totals.map(([title, value, note]) =>
      el("div", { class: "total" }, el("dt", {}, title), el("dd", {}, el("strong", {}, value), el("small", {}, note))),
    ),
  );
  table.show(found.columns, found.rows, state.isOther);
  settings.show(found.settings, state.isOther);
  by("hints").replaceChildren(...found.hints.map(([layers, text]) => el("li", {}, el("b", {}, naming(layers)), " ", ...prose(text))));
  by("hints-box").hidden = found.hints.length === 0;
  state.isOther = false;
}

function naming(layers: string[]): string {
  return layers.length > 3 ? `${layers.slice(0, 3).join(", ")} and ${layers.length - 3} more:` : `${layers.join(", ")}:`;
}

/** The picture that is looked at; the others wait until they are. */
async function draw(): Promise<void> {
  const view = tabs.chosen;
  if (view !== "flow" && view !== "volumes") return;
  const question = { ask: "draw", text: editor.text, theme: seen(), view, ...(view === "flow" ? { heat: heat.value, depth: Number(depth.value) } : {}) };
  const found = await python.ask<Drawn>("draw", question);
  if (found.faults) drawings[view].refuse(el("div", { class: "refused" }, ...found.faults.map(said)));
  else drawings[view].show(found.svg);
}

// -- nets that come and go

async function remember(text: string): Promise<void> {
  const isLibrary = text === state.libraryText;
  state.hash = await hashOf(text, isLibrary ? state.library : "");
  if (location.hash !== state.hash && state.hash.length < 30_000) window.history.replaceState(null, "", state.hash);
}

function put(text: string): void {
  state.isOther = true;
  editor.replace(text);
}

async function fromLibrary(name: string): Promise<void> {
  const found = await python.ask<Opened>("open", { ask: "library", name });
  if (found.faults) return tell(found.faults[0]!.message, true);
  [state.library, state.libraryText] = [name, found.text];
  put(found.text);
}

async function fromFile(file: File, input?: string): Promise<void> {
  tell(`Reading ${file.name} …`);
  const found = await python.ask<Opened>("open", { ask: "open", name: file.name, input: input ?? null }, await file.arrayBuffer());
  if (found.faults) {
    const fault = found.faults[0]!;
    if (fault.help.includes("--input")) {
      const given = await inputShape(found.faults.map(said));
      return given ? fromFile(file, given) : undefined;
    }
    return tell([fault.message, fault.values, fault.help].filter(Boolean).join(" · "), true);
  }
  put(found.text);
  tell([`${file.name} was read here, and has gone nowhere.`, ...(found.notes ?? [])].join(" "));
}

async function fromHash(): Promise<void> {
  if (location.hash === state.hash && state.hash) return;
  const { text, library } = await ofHash(location.hash);
  if (text !== undefined) put(text);
  else if (library && known.library.some((net) => net.name === library)) await fromLibrary(library);
  else put(known.first);
}

async function download(form: string): Promise<void> {
  const name = fileName(state.name);
  if (form === "yaml") return save(`${name}.yaml`, editor.text, "application/yaml");
  if (form === "svg") {
    const view = tabs.chosen === "volumes" ? "volumes" : "flow";
    const found = await python.ask<Drawn>("save", { ask: "draw", text: editor.text, theme: "auto", view, heat: view === "flow" ? heat.value : "" });
    return found.faults ? tell(found.faults[0]!.message, true) : save(`${name}.svg`, found.svg, "image/svg+xml");
  }
  const suffix = known.written.find((one) => one.name === form)!.suffix;
  const found = await python.ask<Opened>("save", { ask: "write", text: editor.text, form });
  if (found.faults) return tell([found.faults[0]!.message, found.faults[0]!.help].join(" · "), true);
  save(`${name}${suffix}`, found.text);
  if (found.notes?.length) tell(found.notes.join(" "));
}

by<HTMLInputElement>("library-search").placeholder = `Search ${known.library.length} nets by name or family`;
new Library(known.library, (name) => void unlessSuperseded(fromLibrary(name)));
incoming((file) => void unlessSuperseded(fromFile(file)));
const saving = by("save-list");
saving.append(
  ...[{ name: "yaml", title: "YAML" }, { name: "svg", title: "SVG picture" }, ...known.written].map((one) =>
    el("button", { type: "button", onclick: () => void unlessSuperseded(download(one.name)), "data-form": one.name }, one.title),
  ),
);
saving.addEventListener("click", () => saving.hidePopover());
by("share").addEventListener("click", async () => {
  const hash = await hashOf(editor.text, editor.text === state.libraryText ? state.library : "");
  await navigator.clipboard.writeText(new URL(hash, location.href).href);
  tell("The link is copied: it holds the whole net.");
});
window.addEventListener("hashchange", () => void unlessSuperseded(fromHash()));
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("offline.js");
await fromHash();
