import { messageOf, StreamAbortedError } from "../errors.ts";
import { copyOf } from "../json/copy.ts";
import { isError } from "../tool/plain-data.ts";
import type { ToolInput } from "../tool/tool-box.ts";
import type { ToolCall } from "../tool/tool-call.ts";
import { interruptedOutput, lostOutput } from "./past-run.ts";
import { ToolRefusedError } from "./tool-refused-error.ts";
import type { AnsweredCall } from "./turn.ts";

/** Asked before a tool runs. Any answer but true refuses; a string says why. */
type Approve = (tool: ToolCall) => boolean | string | Promise<boolean | string>;

/** One tool call, from its start to its output. */
interface Run {
  /** `waiting`: for its turn or for `approve`. `held`: until a person has agreed, which is not in this run. */
  state: "waiting" | "held" | "running" | "done";
  output: unknown;
}

/** What is known of a call: that a person has agreed to it, or that it may have run where its run was lost. */
type Known = "approved" | "lost" | null;

/** A call, and what its tool gave. */
type Result = [call: AnsweredCall, output: unknown];

/** Runs the tools of one turn, a limited number at a time. What a tool throws is its output. */
export class ToolRunner {
  readonly #parallel: number;
  readonly #signal: AbortSignal;
  readonly #approve: Approve | undefined;
  /** In the order in which the calls were started. */
  readonly #runs = new Map<AnsweredCall, Run>();
  /** The blocks of the calls whose outputs were handed out elsewhere. */
  readonly #restored = new Set<unknown>();
  readonly #ends: Promise<void>[] = [];
  /** How many of those have not ended. */
  #pending = 0;
  /** Those that nobody has taken, in the order in which they came. */
  readonly #results: Result[] = [];
  /** Settles the promise of {@link beforeResult}. */
  #onResult = (): void => {};
  /** What `approve` or `needsApproval` has thrown. Nothing is started after it. */
  #failure: { readonly error: unknown } | null = null;
  /** How many are running or await approval. */
  #busy = 0;
  readonly #queue: (() => void)[] = [];
  /** Rejects the promises of {@link wait} that are pending. */
  readonly #rejects = new Set<(error: StreamAbortedError) => void>();

  constructor(parallel: number, signal: AbortSignal, approve: Approve | undefined) {
    this.#parallel = Math.max(1, parallel);
    this.#signal = signal;
    this.#approve = approve;
  }

  /** Runs a tool, unless it was started before. One that may have run already gets an error instead. */
  start(call: ToolCall, known: Known = null): void {
    if (this.#runs.has(call)) return;
    const run: Run = { state: "waiting", output: undefined };
    this.#runs.set(call, run);
    this.#pending++;
    const end = this.#run(call, run, known).finally(() => this.#pending--);
    // finish() reports it, which may be much later.
    end.catch(() => {});
    this.#ends.push(end);
  }

  /** Gives a call its output, unless one was restored, without running anything. */
  settle(call: AnsweredCall, output: unknown): void {
    if (this.#restored.has(call.toolCall)) return;
    const run: Run = { state: "waiting", output: undefined };
    this.#runs.set(call, run);
    this.#finish(call, run, output);
  }

  /** Gives a call an output that was handed out already. */
  restore(call: AnsweredCall, output: unknown): void {
    this.#restored.add(call.toolCall);
    this.#runs.set(call, { state: "done", output });
  }

  /** Whether a call waits until a person has agreed. */
  get isHeld(): boolean {
    return [...this.#runs.values()].some(({ state }) => state === "held");
  }

  /** Whether there is something to wait for: a result, or the error that `approve` has thrown. */
  get isBusy(): boolean {
    return this.#pending > 0 || this.#failure !== null;
  }

  /** The first result that was not taken yet. */
  takeResult(): Result | undefined {
    return this.#results.shift();
  }

  /**
   * Waits for a promise, but not beyond the next result: then it gives null. One wait at a time.
   *
   * @throws What `approve` throws, as soon as it does.
   */
  beforeResult<V>(promise: Promise<V>): Promise<V | null> {
    return new Promise((resolve, reject) => {
      this.#onResult = () => (this.#failure === null ? resolve(null) : reject(this.#failure.error));
      // One may have come while nobody waited.
      if (this.#failure !== null || this.#results.length > 0) this.#onResult();
      promise.then(resolve, reject);
    });
  }

  /** The outputs so far, in the order of the message's calls. */
  outputsOf(inputs: readonly ToolInput[]): Result[] {
    const places = new Map<unknown, number>(inputs.map(({ block }, place) => [block, place]));
    const placeOf = ([{ toolCall }]: Result): number => places.get(toolCall) ?? Infinity;
    return this.outputs.toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  /** The outputs so far, in the order in which the calls were started. A tool that was interrupted has an error. */
  get outputs(): Result[] {
    const outputs: Result[] = [];
    for (const [call, { state, output }] of this.#runs) {
      if (state === "done") outputs.push([call, output]);
      else if (state === "running" && this.#signal.aborted) outputs.push([call, interruptedOutput()]);
    }
    return outputs;
  }

  /** Waits for all tools. Rejects with what `approve` throws, and, like {@link wait}, when the signal is aborted. */
  async finish(): Promise<void> {
    await this.wait(Promise.all(this.#ends));
  }

  /**
   * Waits for a promise.
   *
   * @throws StreamAbortedError As soon as the signal is aborted, even if the promise never settles.
   */
  wait<V>(promise: Promise<V>): Promise<V> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const settled = (): void => {
        this.#rejects.delete(reject);
        if (this.#rejects.size === 0) signal.removeEventListener("abort", this.#onAbort);
      };
      promise.finally(settled).then(resolve, reject);
      this.#rejects.add(reject);
      if (signal.aborted) this.#onAbort();
      // Adding the same listener again has no effect: however many wait, there is one.
      else signal.addEventListener("abort", this.#onAbort);
    });
  }

  readonly #onAbort = (): void => {
    for (const reject of this.#rejects) reject(new StreamAbortedError(this.#signal.reason));
    this.#rejects.clear();
    this.#signal.removeEventListener("abort", this.#onAbort);
  };

  get #isStopped(): boolean {
    return this.#signal.aborted || this.#failure !== null;
  }

  #finish(call: AnsweredCall, run: Run, output: unknown): void {
    Object.assign(run, { state: "done", output });
    this.#results.push([call, output]);
    this.#onResult();
  }

  async #run(call: ToolCall, run: Run, known: Known): Promise<void> {
    while (this.#busy >= this.#parallel) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#busy++;
    try {
      if (this.#isStopped) return;
      if (known !== "approved" && call["~asks"] && (await call.needsApproval())) {
        run.state = "held";
        return;
      }
      if (this.#isStopped) return;
      if (known === "lost") return this.#finish(call, run, lostOutput());
      const answer = this.#approve === undefined || (await this.#approve(shownCall(call)));
      if (this.#isStopped) return;
      run.state = "running";
      this.#finish(
        call,
        run,
        answer === true ? await outputOf(call, this.#signal) : new ToolRefusedError(call.name, answer),
      );
    } catch (error) {
      this.#failure ??= { error };
      this.#onResult();
      throw error;
    } finally {
      this.#busy--;
      this.#queue.shift()?.();
    }
  }
}

/** A call with `args` of its own: what is changed there must not reach the tool. */
function shownCall(call: ToolCall): ToolCall {
  const args = { value: copyOf(call.args), enumerable: true };
  return Object.create(Object.getPrototypeOf(call), { ...Object.getOwnPropertyDescriptors(call), args });
}

async function outputOf(call: ToolCall, signal: AbortSignal): Promise<unknown> {
  try {
    return await call.call({ signal });
  } catch (error) {
    return isError(error) ? error : new Error(messageOf(error));
  }
}
