// Questions to Python. Of each topic the newest waits, and those before it are forgotten: nobody reads their answers.

export type Fault = {
  message: string;
  values: string;
  help: string;
  layer: string;
  at: [line: number, column: number, width: number] | null;
  elsewhere: string;
};
export type Answer<T> = (T & { faults?: undefined }) | { faults: Fault[] };

type Waiting = { topic: string; question: object; content?: ArrayBuffer; done: (text: string) => void; lost: (why: Error) => void };

/** Said instead of an answer to a question that a newer one has replaced. */
export class Superseded extends Error {}

/** Milliseconds that an answer may take while a newer question waits. */
const PATIENCE = 8_000;

export class Python {
  private worker!: Worker;
  private running: Waiting | undefined;
  private waiting: Waiting[] = [];
  private count = 0;
  private timer = 0;
  private isReady = false;
  /** Milliseconds that Python took for the last answer. */
  took = 0;

  constructor(private readonly told: (state: "loading" | "ready" | "busy" | "broken", why?: string) => void) {
    this.start();
  }

  private start(): void {
    this.isReady = false;
    this.told("loading");
    this.worker = new Worker("python.js", { type: "module" });
    this.worker.onmessage = (event) => this.heard(event.data);
    this.worker.onerror = (event) => this.told("broken", event.message);
  }

  /** Ask about a topic; rejects with Superseded where a newer question of it comes before this one is answered. */
  ask<T>(topic: string, question: object, content?: ArrayBuffer): Promise<Answer<T>> {
    for (const old of this.waiting.filter((one) => one.topic === topic)) old.lost(new Superseded());
    this.waiting = this.waiting.filter((one) => one.topic !== topic);
    return new Promise<Answer<T>>((done, lost) => {
      this.waiting.push({ topic, question, content, lost, done: (text) => done(JSON.parse(text) as Answer<T>) });
      this.next();
    });
  }

  private next(): void {
    if (this.running) {
      this.watch();
      return;
    }
    const one = this.waiting.shift();
    if (!one) {
      if (this.isReady) this.told("ready");
      return;
    }
    this.running = one;
    if (this.isReady) this.told("busy");
    this.worker.postMessage({ id: ++this.count, question: JSON.stringify(one.question), content: one.content });
  }

  /** A newer question waits: one that takes very long is given up, with the worker that it runs in. */
  private watch(): void {
    if (this.timer || !this.isReady) return;
    this.timer = window.setTimeout(() => this.stop(), PATIENCE);
  }

  /** Give up what runs now. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.worker.terminate();
    this.running?.lost(new Superseded());
    this.running = undefined;
    this.start();
    this.next();
  }

  private heard(said: { ready?: true; id?: number; text?: string; took?: number; broken?: string }): void {
    if (said.ready) {
      this.isReady = true;
      this.told(this.running ? "busy" : "ready");
      return;
    }
    if (said.id === undefined) {
      this.told("broken", said.broken);
      return;
    }
    clearTimeout(this.timer);
    this.timer = 0;
    const one = this.running;
    this.running = undefined;
    this.took = said.took ?? 0;
    if (said.text !== undefined) one?.done(said.text);
    else one?.lost(new Error(said.broken));
    this.next();
  }
}
