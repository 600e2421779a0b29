// A net in the hash of a link: a bundled one by its name, any other as its text, pressed.

const MOST = 2_000_000;

async function through(bytes: Uint8Array<ArrayBuffer>, by: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(by).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let got = await reader.read(); !got.done; got = await reader.read()) {
    length += got.value.length;
    if (length > MOST) throw new Error("the link holds more than a net");
    parts.push(got.value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The hash that stands for a text. */
export async function hashOf(text: string, library = ""): Promise<string> {
  if (library) return `#${library}`;
  const pressed = await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"));
  let letters = "";
  for (const byte of pressed) letters += String.fromCharCode(byte);
  return `#net=${btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** What a hash stands for: a text, or the name of a bundled net; neither where there is none, or it is damaged. */
export async function ofHash(hash: string): Promise<{ text?: string; library?: string }> {
  const held = /^#net=([\w-]+)$/.exec(hash)?.[1];
  if (held === undefined) {
    const name = /^#(\w+)$/.exec(hash)?.[1];
    return name === undefined ? {} : { library: name };
  }
  try {
    const letters = atob(held.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    return { text: new TextDecoder().decode(await through(bytes, new DecompressionStream("deflate-raw"))) };
  } catch {
    return {};
  }
}
