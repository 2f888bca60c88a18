import type { Native } from "../provider/native.ts";
import { handled } from "../stream/leavable.ts";
import type { AnyToolCall, PairTool, PairTypes } from "../tool/pair.ts";
import type { ToolCall } from "../tool/tool-call.ts";
import type { AgentTurn } from "./options.ts";
import { resultChunk } from "./result-chunk.ts";
import type { ToolRunner } from "./tool-runner.ts";

/** A pair, the provider's or the run's own, and the turn that it belongs to. */
export type Triple<N extends Native, T extends PairTypes> = [
  chunk: N["chunk"] | N["ownChunk"],
  tool: PairTool<T, N["toolCall"]>,
  turn: AgentTurn<N, T>,
];

/**
 * The pairs of a turn's reply, with the results of tools that run early.
 *
 * @param startsEarly - Whether a call that has just come is run while the reply goes on.
 */
export async function* replyPairs<N extends Native, T extends PairTypes>(
  turn: AgentTurn<N, T>,
  runner: ToolRunner,
  startsEarly: (call: ToolCall) => boolean,
): AsyncGenerator<Triple<N, T>, void, undefined> {
  const pairs = turn.stream[Symbol.asyncIterator]();
  try {
    /** The event of the last pair, if that has a tool. */
    let event: unknown;
    for (let read = pairs.next(); ;) {
      const further = event === undefined ? null : await furtherOf(event, read);
      // The pairs of one event stay together: a reader elsewhere gets them together, and its position is that of the event.
      if (further === null) yield* resultPairs(turn, runner);
      const result = further ?? (await (runner.isBusy ? runner.beforeResult(read) : read));
      if (result === null) continue;
      if (result.done) return;
      const [chunk, tool] = result.value;
      event = tool === null ? undefined : chunk.chunk;
      // A call, which `PairTypes` leaves open: options that are written in place would not fit otherwise.
      const call = tool as unknown as AnyToolCall | null;
      if (call?.state === "complete" && startsEarly(call)) runner.start(call);
      yield [chunk, tool, turn];
      read = pairs.next();
    }
  } finally {
    await pairs.return?.();
  }
}

/** The results of all tools that were started. */
export async function* finishTools<N extends Native, T extends PairTypes>(
  turn: AgentTurn<N, T>,
  runner: ToolRunner,
): AsyncGenerator<Triple<N, T>, void, undefined> {
  const finished = handled(runner.finish());
  do yield* resultPairs(turn, runner);
  while ((await runner.beforeResult(finished)) === null);
}

/** What tools have given meanwhile. */
function* resultPairs<N extends Native, T extends PairTypes>(
  turn: AgentTurn<N, T>,
  runner: ToolRunner,
): Generator<Triple<N, T>, void, undefined> {
  for (let result = runner.takeResult(); result !== undefined; result = runner.takeResult()) {
    yield [resultChunk(...result, turn), null, turn];
  }
}

/** The next pair, if it is there already and belongs to the same event; else null. */
async function furtherOf<P extends readonly [{ readonly chunk: unknown }, unknown]>(
  event: unknown,
  read: Promise<IteratorResult<P, undefined>>,
): Promise<IteratorResult<P, undefined> | null> {
  // If it fails, results come first.
  const next = await Promise.race([read, null]).catch(() => null);
  return next !== null && next.done !== true && next.value[0].chunk === event ? next : null;
}
