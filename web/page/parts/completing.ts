// What may be written where the cursor stands: keys, kinds and their fields, nets and blocks of the library, variables.

import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import type { Known } from "../answers";

const ITEM_KEYS: Record<string, string> = {
  add: "branches that are added", concat: "branches that are joined", multiply: "branches that are multiplied",
  repeat: "so many times", for: "once for each value", layers: "what stands inside", name: "its name", from: "the layer that it takes",
  when: "only where this is so", with: "arguments of a block", naming: "`index` numbers unnamed layers",
};

const option = (label: string, detail: string, type: string, info = ""): Completion => ({ label, detail, type, info: info || undefined });

/** The offers for what is known of the language. */
export function completions(known: Known): CompletionSource {
  const kinds = [
    ...known.kinds.map((one) => option(one.kind, one.family, "kind", one.meaning)),
    ...known.blocks.map((name) => option(name, "block of the library", "block")),
  ];
  const keys = Object.entries(known.keys).map(([key, told]) => ({ ...option(key, "", "key", told), apply: `${key}: ` }));
  const nets = known.library.map((net) => option(net.name, net.title, "net"));
  const dialects = known.dialects.map((name) => option(name, "dialect", "word"));
  const itemKeys = Object.entries(ITEM_KEYS).map(([key, told]) => ({ ...option(key, told, "key"), apply: `${key}: ` }));

  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const word = /[\w$-]*$/.exec(before)![0];
    const from = context.pos - word.length;
    const offers = (options: Completion[], always = false): CompletionResult | null =>
      word || always || context.explicit ? { from, options, validFor: /^[\w$-]*$/ } : null;

    if (/#/.test(before)) return null;
    if (word.startsWith("$")) return offers(variables(context.state.doc.toString()));
    if (/^extends:\s*[\w-]*$/.test(before)) return offers(nets, true);
    if (/^dialect:\s*[\w-]*$/.test(before)) return offers(dialects, true);
    if (/^\w*$/.test(before)) return offers(keys);
    const layer = /(?:^\s*-|[[{,]|^\s*-\s*\{)\s*([A-Za-z_]\w*):?\s+([^\][{},]*)$/.exec(before);
    const kind = layer && known.kinds.find((one) => one.kind === layer[1]);
    if (kind) return offers(fields(kind));
    if (/(?:-|[[{,])\s*\w*$/.test(before)) return offers([...kinds, ...itemKeys]);
    if (/^\s+\w*$/.test(before)) return offers(itemKeys);
    return null;
  };
}

function fields(kind: Known["kinds"][number]): Completion[] {
  return kind.fields.flatMap((field) => {
    const told = field.default ? `${field.name}, else ${field.default}` : field.name;
    const letters = /(?:^|, or )([a-z]+)…$/.exec(field.token)?.[1];
    if (letters) return [{ ...option(letters, told, "field", field.meaning), label: `${letters}…`, apply: letters }];
    if (field.token.endsWith("=…")) return [{ ...option(`${field.name}=`, told, "field", field.meaning) }];
    if (field.token.startsWith("a bare")) return [];
    return field.token.split(" ").map((token) => option(token, told, "field", field.meaning));
  });
}

/** The names that a text declares under `variables:` or `with:`, as they are used. */
function variables(text: string): Completion[] {
  const names = new Set<string>(["in_channels"]);
  for (const found of text.matchAll(/^\s*(?:variables|with|for):\s*\{([^}]*)\}/gm))
    for (const name of found[1]!.matchAll(/([A-Za-z_]\w*)\s*:/g)) names.add(name[1]!);
  for (const found of text.matchAll(/^(\s*)(?:variables|with|for):\s*\n((?:\1\s+.*\n?)*)/gm))
    for (const name of found[2]!.matchAll(/^\s+([A-Za-z_]\w*):/gm)) names.add(name[1]!);
  return [...names].map((name) => option(`$${name}`, "variable", "variable"));
}
