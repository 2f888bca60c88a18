import { StreamAbortedError } from "../errors.ts";
import type { ToolCall } from "../tool/tool-call.ts";

/** Asked before a tool runs: anything but true refuses it; text says why. */
type Approve = (tool: ToolCall) => boolean | string | Promise<boolean | string>;

/** Runs the tools of one turn, so many at a time. What they throw is their output. */
export class ToolRunner {
  readonly #parallel: number;
  readonly #signal: AbortSignal;
  readonly #approve: Approve | undefined;
  readonly #runs = new Map<ToolCall, Promise<void>>();
  readonly #outputs = new Map<ToolCall, unknown>();
  readonly #underWay = new Set<ToolCall>();
  /** How many run, or are asked about. */
  #busy = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(parallel: number, signal: AbortSignal, approve: Approve | undefined) {
    this.#parallel = Math.max(1, parallel);
    this.#signal = signal;
    this.#approve = approve;
  }

  /** Runs a tool, unless that was done. */
  start(call: ToolCall): void {
    if (this.#runs.has(call)) return;
    const run = this.#run(call);
    // Told by finish(), which may come much later.
    run.catch(() => {});
    this.#runs.set(call, run);
  }

  /** What the tools gave so far; an error for those that were interrupted. */
  get outputs(): [call: ToolCall, output: unknown][] {
    const cut = this.#signal.aborted ? [...this.#underWay] : [];
    return [
      ...this.#outputs,
      ...cut.map((call): [ToolCall, unknown] => [call, new Error("The tool was interrupted.")]),
    ];
  }

  /** Waits for the tools. Rejects if there was no answer to whether one may run, and as {@link wait} does. */
  async finish(): Promise<void> {
    await this.wait(Promise.all(this.#runs.values()));
  }

  /** What a promise gives. Rejects as soon as the signal is aborted. */
  async wait<V>(promise: Promise<V>): Promise<V> {
    const signal = this.#signal;
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(new StreamAbortedError(signal.reason));
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort);
    });
    try {
      return await Promise.race([aborted, promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #run(call: ToolCall): Promise<void> {
    while (this.#busy >= this.#parallel) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#signal.aborted) return;
    this.#busy++;
    try {
      const answer = this.#approve === undefined || (await this.#approve(call));
      if (!this.#signal.aborted)
        this.#outputs.set(call, answer === true ? await this.#outputOf(call) : refusal(answer));
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }

  async #outputOf(call: ToolCall): Promise<unknown> {
    this.#underWay.add(call);
    try {
      return await call.call({ signal: this.#signal });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#underWay.delete(call);
    }
  }
}

function refusal(reason: unknown): Error {
  return new Error(typeof reason === "string" && reason !== "" ? reason : "The user did not allow this tool to run.");
}
