import type { Native } from "../provider.ts";
import type { AnyToolCall, PairTool, PairTypes } from "../tool/pair.ts";
import type { CallState } from "./call-state.ts";

/** One event of the stream, and the tool that it completes, or null. */
export type Pair<N extends Native, T extends PairTypes> = [chunk: N["chunk"], tool: PairTool<T, N["toolCall"]>];

/** The pairs of a call, pulled. */
export class PairSource<N extends Native, T extends PairTypes> {
  readonly state: CallState<N>;
  /** Further tools of an event that completed several. */
  readonly #further: (AnyToolCall | Promise<AnyToolCall>)[] = [];

  constructor(state: CallState<N>) {
    this.state = state;
  }

  /** The next pair, a promise of it where a tool's schema is asynchronous, or null: none has arrived, or none will. */
  take(): Pair<N, T> | Promise<Pair<N, T>> | null {
    const { state } = this;
    const further = this.#further.length > 0 ? this.#further.shift() : undefined;
    if (further !== undefined) return pair(state.plan.provider.createChunk({ type: "ping" }, ""), further);
    const chunk = state.take();
    if (chunk === null) return null;
    const tools = state.prepared?.tools;
    if (!tools) return [chunk, null];
    let first: AnyToolCall | Promise<AnyToolCall> | null = null;
    for (const update of state.shown.decoder.toolUpdates(chunk)) {
      const call = tools.apply(update);
      if (first === null) first = call;
      else if (call !== null) this.#further.push(call);
    }
    return first === null ? [chunk, null] : pair(chunk, first);
  }
}

/** Calls that failed are no half of a pair: they stay in `stream.tools`. */
function pair<N extends Native, T extends PairTypes>(
  chunk: N["chunk"],
  call: AnyToolCall | Promise<AnyToolCall>,
): Pair<N, T> | Promise<Pair<N, T>> {
  if (call instanceof Promise) return handled(call.then((settled) => pair<N, T>(chunk, settled)));
  // The declared tools are what `T` stands for.
  return [chunk, call.error === null ? (call as unknown as PairTool<T, N["toolCall"]>) : null];
}

/** The promise, which may be ignored without an unhandled rejection: its error is the stream's, and stays readable. */
export function handled<R>(promise: Promise<R>): Promise<R> {
  promise.catch(() => {});
  return promise;
}
