// The editor: YAML, with what is wrong marked where it stands.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { type ChangeDesc, EditorState, Transaction } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Fault } from "../asking";
import { el, prose } from "../dom";

const colours = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: "var(--key)" },
  { tag: tags.propertyName, color: "var(--key)" },
  { tag: [tags.string, tags.content], color: "var(--ink)" },
  { tag: tags.special(tags.string), color: "var(--text-in-quotes)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace], color: "var(--soft)" },
]);

const looks = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { padding: "12px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 8px" },
  ".cm-gutters": { backgroundColor: "transparent", border: "none", color: "var(--faint)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "36px", padding: "0 6px 0 8px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  "&.cm-focused": { outline: "none" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selected) !important",
  },
  ".cm-selectionMatch, .cm-matchingBracket": { backgroundColor: "var(--match) !important" },
});

export class Editor {
  readonly view: EditorView;

  constructor(parent: HTMLElement, complete: CompletionSource, changed: (how: ChangeDesc) => void, moved: (line: number) => void) {
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          indentOnInput(),
          indentUnit.of("  "),
          bracketMatching(),
          closeBrackets(),
          yaml(),
          syntaxHighlighting(colours),
          autocompletion({ override: [complete], icons: false }),
          looks,
          EditorView.contentAttributes.of({ "aria-label": "The net, in YAML", "aria-describedby": "editor-help" }),
          keymap.of([
            // Escape, then Tab, leaves the editor, as every editor of this kind has it.
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...completionKeymap,
            ...lintKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.changes);
            else if (update.selectionSet && update.view.hasFocus) moved(this.line);
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** The line that the cursor is on, from 1. */
  get line(): number {
    return this.view.state.doc.lineAt(this.view.state.selection.main.head).number;
  }

  /** Put another text in place of all; it can be taken back. */
  replace(text: string): void {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, scrollIntoView: true });
    this.view.dispatch({ selection: { anchor: 0 } });
  }

  /** Put a text in place of a stretch; a run of such changes is taken back by one step. */
  write(from: number, to: number, insert: string): void {
    this.view.dispatch({ changes: { from, to, insert }, userEvent: "input.type.slider", annotations: Transaction.addToHistory.of(true) });
  }

  /** Where a line, from 1, and a column, from 0, stand in the text; the nearest there is. */
  offset(line: number, column: number): number {
    const found = this.view.state.doc.line(Math.min(Math.max(line, 1), this.view.state.doc.lines));
    return Math.min(found.from + column, found.to);
  }

  /** Show a line. */
  goto(line: number): void {
    const at = this.offset(line, 0);
    this.view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  }

  /** Go to what is wrong, to mend it. */
  goTo(fault: Fault): void {
    if (!fault.at) return;
    const from = this.offset(fault.at[0], fault.at[1]);
    this.view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    this.view.focus();
  }

  /** Mark what is wrong. */
  mark(faults: Fault[]): void {
    const marks: Diagnostic[] = faults
      .filter((fault) => fault.at)
      .map((fault) => {
        const [line, column, width] = fault.at!;
        const from = this.offset(line, column);
        const to = Math.min(from + width, this.view.state.doc.length);
        return { from, to, severity: "error", message: fault.message, renderMessage: () => said(fault) };
      });
    marks.sort((one, other) => one.from - other.from);
    this.view.dispatch(setDiagnostics(this.view.state, marks));
  }
}

/** A fault in words: what is wrong, the values, the way out. */
export function said(fault: Fault): HTMLElement {
  const parts: Node[] = [el("p", { class: "fault-message" }, ...prose(fault.message))];
  if (fault.values) parts.push(el("p", { class: "fault-values" }, fault.values));
  if (fault.help) parts.push(el("p", { class: "fault-help" }, ...prose(fault.help)));
  return el("div", { class: "fault-text" }, ...parts);
}
