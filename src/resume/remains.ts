import { after, callTransitions } from "../attempt/lifecycle.ts";
import type { Attempt } from "../attempt/attempt.ts";
import type { PastRun, PastTurn } from "../agent/past-run.ts";
import { type MillraceError, StreamTruncatedError } from "../errors.ts";
import type { Decoder } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";
import type { ToolBox } from "../tool/tool-box.ts";
import { outputOf } from "./read-agent.ts";
import { openPairs, readReply } from "./read-reply.ts";
import type { LogRecord, ReplyRecord, StartRecord, ToolResultRecord } from "./record.ts";
import { copyFigures } from "./replay.ts";
import { type LoadProvider, ProviderLoader } from "./run-records.ts";

/** What had been logged of a reply when its producer was lost. */
export interface Remains {
  readonly decoder: Decoder<Native>;
  readonly shown: Attempt<Native>;
  /** The attempts before it. */
  readonly earlier: readonly Attempt<Native>[];
  /** How many events it had. */
  readonly position: number;
  readonly hasEvents: boolean;
  /** Whether its end was logged. */
  readonly hasEnded: boolean;
  /** The error that it has ended with. */
  readonly error: MillraceError | null;
}

/** What had been logged of an agent's run. */
export interface AgentRemains {
  readonly past: PastRun;
  /** The replies of its turns. */
  readonly replies: readonly Remains[];
  readonly position: number;
}

/** What the log has of a run that is one reply; null if nothing was shown of it. */
export async function replyRemains(load: LoadProvider, records: readonly LogRecord[]): Promise<Remains | null> {
  const start = startOf(records);
  if (start === null || !records.some(({ type }) => type === "event")) return null;
  const providers = new ProviderLoader(load);
  await providers.loadFor(records);
  return remainsOf(providers, start, records);
}

/** What the log has of an agent's run. */
export async function agentRemains(load: LoadProvider, records: readonly LogRecord[]): Promise<AgentRemains> {
  const providers = new ProviderLoader(load);
  await providers.loadFor(records);
  const { turns, answers } = turnsIn(records);
  const start = startOf(records);
  const replies: Remains[] = [];
  for (const { reply, own } of turns) {
    if (start !== null) replies.push(await remainsOf(providers, { ...start, reply }, [reply, ...own]));
  }
  const results = turns.flatMap((turn) => turn.results);
  return {
    past: {
      turns: replies.map((reply, index) => pastTurn(reply, turns[index]?.results ?? [])),
      answers: answers.map((record) => ({ id: record.id, name: record.name, output: outputOf(record) })),
    },
    replies,
    position: replies.reduce((sum, { position }) => sum + position, answers.length + results.length),
  };
}

/**
 * Makes a call begin as if its first request had got what the log has, and then been interrupted; or as if it had ended, if
 * the reply had.
 */
export function beginWith(reply: Reply<Native>, remains: Remains): void {
  const { decoder, shown, earlier, hasEvents, error } = remains;
  const { targets, timeout } = reply.plan;
  const { name } = shown.provider;
  const places = targets.map(({ provider, model }, place) => ({ place, isSame: provider.name === name, model }));
  const found =
    places.find(({ isSame, model }) => isSame && model === shown.model) ?? places.find(({ isSame }) => isSame);
  const attempt = reply.shown;
  const target = found?.place ?? 0;
  const { model, requestId } = shown;
  // Of the same provider, whose decoder goes on.
  const provider = targets[target]?.provider ?? shown.provider;
  Object.assign(attempt, { target, model, provider, requestId, decoder });
  copyFigures(shown, attempt);
  Object.assign(reply.plan, { earlier, ...(isOver(remains) && { timeout: { ...timeout, total: Infinity } }) });
  // What a tool did cannot be taken back.
  if (decoder.toolInputs.some(({ state }) => state === "complete")) reply.mayRestart = false;
  attempt.send = async (prepare) => {
    attempt.times.start = Date.now();
    attempt.move("start");
    // Of what was shown, nothing is sent again in silence.
    if (hasEvents) reply.state = after(callTransitions, reply.state, "show");
    try {
      const { call, request } = await prepare();
      await bringUpToDate(call.tools, decoder);
      Object.assign(attempt, { prepared: call, request });
      for (const event of ["prepared", "admitted", "headers", "content"] as const) attempt.move(event);
      if (error !== null) reply.fail(error);
      else if (isOver(remains)) for (const event of ["wholeMessage", "lastEvent"] as const) attempt.move(event);
      else attempt.fail(new StreamTruncatedError({ cause: new Error("The producer of the reply is gone.") }));
    } catch (thrown) {
      attempt.fail(thrown);
    }
    reply.onReady();
  };
}

/** Whether nothing of a reply is missing, or nothing more can come of it. */
function isOver({ hasEnded, decoder }: Remains): boolean {
  return hasEnded || decoder.isWhole;
}

/** Lets the tools of a call know the input that has arrived. */
async function bringUpToDate(tools: ToolBox | null, { toolInputs }: Decoder<Native>): Promise<void> {
  for (const input of toolInputs) {
    const { state, text } = input;
    if (state !== "truncated") await tools?.apply({ input, fragment: state === "streaming" ? text : null });
  }
}

function startOf(records: readonly LogRecord[]): StartRecord | null {
  return records.find((record) => record.type === "start") ?? null;
}

async function remainsOf(
  providers: ProviderLoader,
  start: StartRecord,
  records: readonly LogRecord[],
): Promise<Remains> {
  const never = new Promise<null>(() => {});
  const source = { isWhole: () => false, next: () => never, providerNamed: providers.named, leave() {} };
  const as = { tools: [], messages: () => [], after: 0, signal: undefined, open: openPairs };
  const { stream, replay, ...run } = readReply(source, { start, first: records }, as);
  const reply = stream["~reply"];
  while (reply.next() !== null || !replay.isDrained) {
    if (!replay.isDrained) await new Promise<void>((resolve) => (reply.onReady = resolve));
  }
  const { shown, attempts, error } = reply;
  return {
    decoder: replay.decoder,
    shown,
    earlier: attempts.filter((attempt) => attempt !== shown),
    position: run.position,
    hasEvents: records.some(({ type }) => type === "event"),
    hasEnded: records.some(({ type }) => type === "replyEnd"),
    error,
  };
}

/** The records of a turn. */
interface TurnRecords {
  readonly reply: ReplyRecord;
  /** Those of its reply. */
  readonly own: LogRecord[];
  readonly results: ToolResultRecord[];
}

function turnsIn(records: readonly LogRecord[]): {
  readonly turns: readonly TurnRecords[];
  readonly answers: readonly ToolResultRecord[];
} {
  const turns: TurnRecords[] = [];
  const answers: ToolResultRecord[] = [];
  for (const record of records) {
    const turn = turns.at(-1);
    if (record.type === "reply") turns.push({ reply: record, own: [], results: [] });
    else if (record.type === "toolResult") (turn?.results ?? answers).push(record);
    else turn?.own.push(record);
  }
  return { turns, answers };
}

function pastTurn(reply: Remains, results: readonly ToolResultRecord[]): PastTurn {
  const { toolInputs } = reply.decoder;
  return {
    hasEnded: isOver(reply),
    arrived: toolInputs.flatMap(({ state }, place) => (state === "complete" ? [place] : [])),
    outputs: results.map((record) => ({ place: record.place, output: outputOf(record) })),
    begin: (stream) => beginWith(stream["~reply"], reply),
  };
}
