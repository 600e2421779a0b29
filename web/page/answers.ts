// What Python answers, see web/answers/.

export type Row = [
  depth: number,
  name: string,
  notation: string,
  output: string,
  figures: string[],
  shares: number[],
  line: number,
  family: string,
];

export type Setting = {
  name: string;
  value: number | boolean;
  at: [line: number, column: number, line: number, column: number];
  pieces: string[];
};

export type Shown = {
  name: string;
  facts: string[];
  source: string;
  outputs: [string, string][];
  totals: [title: string, value: string, note: string][];
  columns: string[];
  rows: Row[];
  hints: [layers: string[], text: string][];
  settings: Setting[];
};

export type Explained = { html: string; svg: string; pixel: number[]; lengths: number[] };
export type Drawn = { svg: string };
export type Opened = { text: string; notes?: string[] };
export type Solved = { html: string };

/** Written by the build: nothing of it needs Python to run. */
export type Known = {
  library: { name: string; title: string; family: string; params: string }[];
  kinds: { kind: string; family: string; meaning: string; fields: { name: string; token: string; default: string; meaning: string }[] }[];
  blocks: string[];
  keys: Record<string, string>;
  dialects: string[];
  forms: { key: string; title: string; told: string; fields: { name: string; label: string; value: string; hint: string }[] }[];
  written: { name: string; title: string; suffix: string }[];
  first: string;
};
