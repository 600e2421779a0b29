// Python, in a thread of its own: it is loaded once, and answers one question after another.

import { loadPyodide, type PyodideInterface } from "pyodide";

type Ask = { id: number; question: string; content?: ArrayBuffer };

const LIBRARY = "/lib/cnncalc";

async function started(): Promise<(question: string, content?: Uint8Array) => string> {
  const packed = fetch("python.zip").then((got) => got.arrayBuffer());
  const python: PyodideInterface = await loadPyodide({ indexURL: new URL("pyodide/", self.location.href).href });
  python.unpackArchive(await packed, "zip", { extractDir: LIBRARY });
  const asking = python.runPython(`
import gc, sys
sys.path.insert(0, "${LIBRARY}")
sys.dont_write_bytecode = True
gc.freeze()
gc.set_threshold(100_000, 20, 20)
from web.answers.asking import answer
lambda question, content=None: answer(question, content.to_bytes() if content else b"")
`);
  return (question, content) => (content ? asking(question, content) : asking(question));
}

const ready = started();
ready.then(
  () => self.postMessage({ ready: true }),
  (error: unknown) => self.postMessage({ broken: String(error) }),
);

self.onmessage = async (event: MessageEvent<Ask>) => {
  const { id, question, content } = event.data;
  try {
    const answer = await ready;
    const began = performance.now();
    const text = answer(question, content && new Uint8Array(content));
    self.postMessage({ id, text, took: performance.now() - began });
  } catch (error) {
    self.postMessage({ id, broken: String(error) });
  }
};
