import { commonPrompt, openConversation } from "../agent/open-calls.ts";
import { resultChunk } from "../agent/result-chunk.ts";
import { AgentRun, type AgentScript } from "../agent/run.ts";
import type { Triple } from "../agent/turn-pairs.ts";
import { lostOutput, unseenOutput, withUnknown } from "../agent/past-run.ts";
import type { AgentStop, AgentTurn } from "../agent/options.ts";
import { ToolRefusedError, UNANSWERED } from "../agent/tool-refused-error.ts";
import { type AnsweredCall, answered, callAt, shownTurn } from "../agent/turn.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { PairSource } from "../stream/pair-source.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes } from "../tool/pair.ts";
import { errorOf, ownErrorOf } from "./error-record.ts";
import { type LoggedRun, openPairs, replayed, type ReplayedAs } from "./read-reply.ts";
import type { EndRecord, LogRecord, ReplyRecord, StartRecord, ToolResultRecord } from "./record.ts";
import { Replay, replayPlan } from "./replay.ts";
import type { RunRecords } from "./run-records.ts";

/** A run of an agent, whatever its provider and tools. */
export type AnyRun = AgentRun<Native, PairTypes>;

type AnyTriple = Triple<Native, PairTypes>;
type AnyTurn = AgentTurn<Native, PairTypes>;

/** How the run of an agent is made again. */
export interface ReplayedAgent extends Omit<ReplayedAs, "open"> {
  /** Starts a run of the agent that was kept; null: of no agent that is known here. */
  readonly start: ((plan: CallPlan<Native>, script: AgentScript<Native, PairTypes>) => AnyRun) | null;
}

/** Reads a run that an agent has made. */
export function readAgent(
  records: RunRecords,
  { start: { reply }, first }: { readonly start: StartRecord; readonly first: readonly LogRecord[] },
  options: ReplayedAgent,
): LoggedRun<AnyRun> {
  const count = { position: 0 };
  let player: TurnPlayer | null = null;
  const known = { records, planned: reply, options, count };
  const script: AgentScript<Native, PairTypes> = async function* (turns, signal) {
    signal.addEventListener("abort", () => records.leave());
    try {
      player = new TurnPlayer({ ...known, turns, signal });
      for (let batch: readonly LogRecord[] | null = first; batch !== null; batch = await records.next()) {
        for (const record of batch) {
          if (signal.aborted) return null;
          yield* player.play(record);
          if (record.type === "end") return player.end(record);
        }
      }
      return null;
    } finally {
      records.leave();
    }
  };
  const { tools, signal } = options;
  const provider = records.providerNamed(reply.provider);
  const plan = replayPlan<Native>({
    provider,
    reply,
    tools,
    signal,
    prepare: () => Promise.reject(new Error()),
    common: () => (player ?? new TurnPlayer({ ...known, turns: [], signal: NEVER })).prompt,
  });
  const run = options.start?.(plan, script) ?? new AgentRun(plan, { open: openPairs(provider) }, {}, script);
  return {
    stream: run,
    get position() {
      return count.position;
    },
  };
}

const NEVER = new AbortController().signal;

/** A turn that is being read. */
interface OpenTurn {
  readonly turn: AnyTurn;
  readonly replay: Replay<Native, Stream<Native>>;
  readonly source: PairSource<Native, PairTypes>;
  readonly outputs: [call: AnsweredCall, output: unknown][];
}

/** Plays the records of an agent's turns. */
class TurnPlayer {
  readonly #records: RunRecords;
  readonly #options: ReplayedAgent;
  readonly #turns: AnyTurn[];
  readonly #count: { position: number };
  /** What the first reply was expected to be. */
  readonly #planned: ReplyRecord;
  #open: OpenTurn | null = null;
  /** What became of the calls that the prompt left open. */
  readonly #answers: { readonly id: string; readonly name: string; readonly output: unknown }[] = [];
  /** Whether the turn that is open has not begun: tools that ran before it have given something. */
  #isAhead = false;

  /** How the run has ended; null before, and for a reader that has left. */
  #end: EndRecord | null = null;
  readonly #signal: AbortSignal;

  constructor({
    records,
    planned,
    options,
    turns,
    count,
    signal,
  }: {
    readonly records: RunRecords;
    readonly planned: ReplyRecord;
    readonly options: ReplayedAgent;
    readonly turns: AnyTurn[];
    readonly count: { position: number };
    /** Aborted once nothing more is read. */
    readonly signal: AbortSignal;
  }) {
    this.#records = records;
    this.#planned = planned;
    this.#options = options;
    this.#turns = turns;
    this.#count = count;
    this.#signal = signal;
  }

  /** The pairs that a record leads to. */
  async *play(record: LogRecord): AsyncGenerator<AnyTriple, void, undefined> {
    if (record.type === "reply") {
      if (!this.#isAhead) this.#begin(record);
      this.#isAhead = false;
    }
    if (record.type === "toolResult") yield* this.#result(record);
    if (this.#open === null) return;
    this.#open.replay.push(replayed(record));
    yield* available(this.#open);
  }

  /** Why the run has ended. @throws The error that it has ended with. */
  end(end: EndRecord): AgentStop | null {
    const { error, stopReason, unfinished = [] } = end;
    this.#end = end;
    const open = this.#open;
    if (open !== null) for (const record of unfinished) this.#addOutput(record, open);
    // Another version of the library may know further ones.
    if (error === null) return (stopReason ?? null) as AgentStop | null;
    throw ownErrorOf(error) ?? this.#open?.turn.stream.error ?? errorOf(error);
  }

  #begin(reply: ReplyRecord): void {
    const index = this.#turns.length;
    const { tools, fromJson, after, signal } = this.#options;
    const { providerNamed } = this.#records;
    const replay = new Replay<Native, Stream<Native>>({
      reply,
      providerNamed,
      open: openPairs(providerNamed(reply.provider)),
      tools,
      fromJson,
      messages: () => this.#messagesOf(index),
      after,
      signal,
      // All of it is pushed.
      pull: () => {},
      nextPosition: () => (this.#count.position += 1),
      onLeave: () => {},
    });
    const { stream } = replay;
    const outputs: OpenTurn["outputs"] = [];
    const unknownOutput = (): { readonly output: Error } | null => this.#unknownOutput(index);
    const turn = shownTurn({
      index,
      stream,
      get outputs() {
        const hasEnded = stream.outcome === "complete";
        return withUnknown(stream, outputs, hasEnded, (_, mayHaveRun) => (mayHaveRun ? unknownOutput() : null));
      },
    });
    this.#open = { turn, replay, outputs, source: new PairSource<Native, PairTypes>(stream["~reply"]) };
    this.#turns.push(turn);
  }

  /** The prompt of a run that was not sent to the model; once that has ended, with what became of the calls in it. */
  get prompt(): readonly CommonMessage[] | null {
    const isOver = this.#end !== null || this.#signal.aborted;
    const messages = isOver ? this.#messagesOf(0) : this.#options.messages();
    const author = this.#records.providerNamed(this.#planned.provider);
    return messages === undefined ? null : commonPrompt<Native>({ author, messages });
  }

  /** What was sent in a turn: in the first, the prompt with a result for each call; after it, all that came before. */
  #messagesOf(index: number): readonly unknown[] | undefined {
    const before = this.#turns[index - 1];
    if (before !== undefined) return before.stream.history(before.outputs);
    const messages = this.#options.messages();
    if (messages === undefined) return undefined;
    const author = this.#records.providerNamed(this.#planned.provider);
    const conversation = openConversation<Native>({ author, messages });
    if (conversation.isSettled) return messages;
    const answers = [...this.#answers];
    return conversation.answered(({ id, name, answer }) => {
      const place = answers.findIndex((given) => given.id === id && given.name === name);
      const [given] = place < 0 ? [] : answers.splice(place, 1);
      // A tool that was approved may have been started before the first request.
      const unknown = answer === true ? lostOutput() : new ToolRefusedError(name, answer ?? UNANSWERED);
      const output = given === undefined ? unknown : given.output;
      return answered({ ...NO_INPUT, id, name })["~result"](output);
    });
  }

  *#result(record: ToolResultRecord): Generator<AnyTriple, void, undefined> {
    if (this.#open === null) {
      this.#isAhead = true;
      this.#begin(this.#planned);
    }
    if (this.#open === null) return;
    const { turn } = this.#open;
    const result = this.#addOutput(record, this.#open);
    this.#count.position += 1;
    if (this.#count.position > this.#options.after) yield [resultChunk(...result, turn), null, turn];
  }

  #addOutput(record: ToolResultRecord, { turn, outputs }: OpenTurn): [call: AnsweredCall, output: unknown] {
    const { place, id, name } = record;
    const output = outputOf(record);
    const result: [AnsweredCall, unknown] = [callOf(turn.stream, record), output];
    if (place >= 0) outputs.push(result);
    // That of a call in an earlier run is sent with the prompt.
    else this.#answers.push({ id, name, output });
    return result;
  }

  /** What is told of a call of a turn that has no result, though its tool may have run; null if it has not. */
  #unknownOutput(index: number): { readonly output: Error } | null {
    const end = this.#end;
    if (index < this.#turns.length - 1) return null;
    if (end === null) return this.#signal.aborted ? { output: unseenOutput() } : null;
    // The producer itself knows, and has told.
    return end.error === null || end.unfinished !== undefined ? null : { output: lostOutput() };
  }
}

/** What a tool has given, as it was logged. */
export function outputOf({ name, output, error, isRefused }: ToolResultRecord): unknown {
  if (error === undefined) return output;
  return isRefused ? new ToolRefusedError(name, error) : new Error(error);
}

/** The pairs that are there. */
async function* available({ turn, replay, source }: OpenTurn): AsyncGenerator<AnyTriple, void, undefined> {
  for (;;) {
    const pair = source.take();
    if (pair !== null) yield [pair[0], pair[1], turn];
    else if (source.isOver || (replay.isDrained && !source.isValidating)) return;
    else await new Promise<void>((resolve) => (source.reply.onReady = resolve));
  }
}

function callOf(stream: Stream<Native, PairTypes>, { place, id, name }: ToolResultRecord): AnsweredCall {
  return callAt(stream, place) ?? { ...NO_CALL, id, name };
}

const NO_INPUT = { id: "", name: "", block: null, text: "", value: undefined, state: "invalid" } as const;
const NO_CALL = answered(NO_INPUT);
