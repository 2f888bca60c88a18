import type { ToolCall } from "./tool-call.ts";

/** Asked before a tool runs: false or a reason refuses it. */
type Approve = (tool: ToolCall) => boolean | string | Promise<boolean | string>;

/** Runs tools, so many at a time. What they throw is their output. */
export class ToolRunner {
  readonly #parallel: number;
  readonly #signal: AbortSignal;
  readonly #approve: Approve | undefined;
  readonly #outputs = new Map<ToolCall, Promise<unknown>>();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(parallel: number, signal: AbortSignal, approve: Approve | undefined) {
    this.#parallel = parallel;
    this.#signal = signal;
    this.#approve = approve;
  }

  /** Runs a tool, unless that was done. */
  start(call: ToolCall): void {
    if (this.#outputs.has(call)) return;
    const output = this.#run(call).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    this.#outputs.set(call, output);
  }

  /** What the tools gave, in the order of their start; rejects as soon as the signal is aborted. */
  async finish(): Promise<[call: ToolCall, output: unknown][]> {
    const signal = this.#signal;
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort);
    });
    try {
      signal.throwIfAborted();
      const all = [...this.#outputs].map(async ([call, output]): Promise<[ToolCall, unknown]> => [call, await output]);
      return await Promise.race([Promise.all(all), aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #run(call: ToolCall): Promise<unknown> {
    while (this.#running >= this.#parallel) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      this.#signal.throwIfAborted();
      const answer = (await this.#approve?.(call)) ?? true;
      if (answer !== true) throw new Error(answer || "The user did not allow this tool to run.");
      return await call.call({ signal: this.#signal });
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}
