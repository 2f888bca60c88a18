import type { Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";
import type { AnyToolCall, PairTool, PairTypes } from "../tool/pair.ts";
import type { ToolBox } from "../tool/tool-box.ts";

/** One event of the stream, and the tool whose input it completes or adds to; else null. */
export type Pair<N extends Native, T extends PairTypes> = [chunk: N["chunk"], tool: PairTool<T, N["toolCall"]>];

/** Turns the steps of a reply into pairs. */
export class PairSource<N extends Native, T extends PairTypes> {
  readonly reply: Reply<N>;
  /** Pairs that wait: further tools of an event, or pairs whose tools have been validated. */
  readonly #ready: Pair<N, T>[] = [];
  /** The inputs of tools are being validated: the pairs behind them have to wait. */
  isValidating = false;

  constructor(reply: Reply<N>) {
    this.reply = reply;
  }

  /** Nothing more will come. */
  get isOver(): boolean {
    return this.reply.outcome !== "pending" && !this.isValidating;
  }

  /** The next pair, or null: none is there yet, or none will come. */
  take(): Pair<N, T> | null {
    if (this.#ready.length > 0 && !this.reply.isStopped) return this.#ready.shift() ?? null;
    while (!this.isValidating) {
      const step = this.reply.next();
      if (step === null) return null;
      const tools = this.reply.prepared?.tools ?? null;
      if (tools === null || step.tools.length === 0) return [step.chunk, null];
      this.#apply(step, tools);
      // A validator may have stopped the reply.
      const pair = this.reply.isStopped ? undefined : this.#ready.shift();
      if (pair !== undefined) return pair;
    }
    return null;
  }

  #apply({ chunk, tools: updates }: Step<N>, tools: ToolBox): void {
    const calls = updates.map((update) => tools.apply(update)).filter((call) => call !== null);
    if (calls.every((call): call is AnyToolCall => !(call instanceof Promise))) return this.#queue(chunk, calls);
    const { reply } = this;
    let isOpen = (this.isValidating = true);
    const finish = (settled: readonly AnyToolCall[]): void => {
      if (!isOpen) return;
      isOpen = this.isValidating = false;
      this.#queue(chunk, settled);
      reply.onReady();
    };
    const end = reply.guard(() => {
      tools.abandon();
      finish([]);
    });
    // Calls never reject: a validator that fails makes them invalid.
    void Promise.all(calls).then(finish).then(end);
  }

  #queue(chunk: N["chunk"], calls: readonly AnyToolCall[]): void {
    const parts = { event: chunk.chunk, content: "", thinking: "", recovery: null };
    // Calls that failed are not handed out: they stay in `stream.tools`.
    const [first = null, ...rest] = calls.filter(({ error }) => error === null);
    this.#ready.push(pair(chunk, first));
    for (const call of rest) this.#ready.push(pair(this.reply.shown.provider.createChunk(parts), call));
  }
}

function pair<N extends Native, T extends PairTypes>(chunk: N["chunk"], call: AnyToolCall | null): Pair<N, T> {
  // The declared tools are what `T` stands for.
  return [chunk, call as unknown as PairTool<T, N["toolCall"]>];
}
