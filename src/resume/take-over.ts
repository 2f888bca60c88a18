import { after, callTransitions } from "../attempt/lifecycle.ts";
import type { Attempt } from "../attempt/attempt.ts";
import { InvalidOptionError, messageOf, StreamTruncatedError } from "../errors.ts";
import { checkedLog } from "../log/checked-log.ts";
import { inTime } from "../log/in-time.ts";
import type { Log, LogRead, RunKey } from "../log/log.ts";
import type { Decoder } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";
import type { CallStream } from "../stream/call-stream.ts";
import { journalOf, produce } from "./keep.ts";
import { truncation } from "./error-record.ts";
import { productionOf } from "./kept-stream.ts";
import { LogWriter } from "./log-writer.ts";
import { openPairs, readReply } from "./read-reply.ts";
import type { LogRecord } from "./record.ts";
import { plannedRecord, Recorder } from "./recorder.ts";
import { recordsIn } from "./run-reader.ts";
import { type LoadProvider, loaderFor, ProviderLoader } from "./run-records.ts";

/** A run to take over. */
export interface Orphan {
  readonly log: Log;
  readonly key: RunKey;
  /** As it was when its lease had lapsed. */
  readonly state: LogRead;
}

/** How a run goes on. */
export interface Successor {
  /** Makes the same call again, which nobody reads yet. Called before the lease is taken. */
  readonly open: () => CallStream<Native>;
  readonly waitUntil: ((work: Promise<void>) => void) | undefined;
}

/** What had been logged of a reply when its producer was lost. */
interface Remains {
  readonly decoder: Decoder<Native>;
  readonly shown: Attempt<Native>;
  /** The attempts before it. */
  readonly earlier: readonly Attempt<Native>[];
  readonly position: number;
}

/**
 * Takes the lease of a run whose producer is gone, and goes on with its reply: as its call does after an interruption.
 * All readers of the log read on.
 *
 * @returns Whether this one goes on with it: of many that try, one does.
 */
export async function takeOver(load: LoadProvider, orphan: Orphan, { open, waitUntil }: Successor): Promise<boolean> {
  const { log, key, state } = orphan;
  const { beat, leaseMs, last } = state;
  const token = crypto.randomUUID();
  const stream = open();
  const reply = stream["~reply"];
  if (reply.state !== "idle") throw new InvalidOptionError("continue", "it must make a stream that nobody reads.");
  if (!(await inTime(checkedLog(log).take(key, beat, { token, leaseMs }), leaseMs))) return false;
  const onStop = (reason: string): void => stream.abort(reason);
  const writer = new LogWriter({ log, key, token, leaseMs, begin: null, onStop }, last + 1);
  try {
    const remains = await remainsOf(loaderFor(reply.plan, load), orphan);
    goOn(load, { orphan, stream, writer, remains, waitUntil });
  } catch (error) {
    // The lease was taken: nobody else will end the run.
    await writer.end({ type: "end", outcome: "truncated", error: truncation(messageOf(error)), time: Date.now() });
  }
  return true;
}

function goOn(
  load: LoadProvider,
  {
    orphan: { log, key, state },
    stream,
    writer,
    remains,
    waitUntil,
  }: {
    readonly orphan: Orphan;
    readonly stream: CallStream<Native>;
    readonly writer: LogWriter;
    readonly remains: Remains | null;
    readonly waitUntil: Successor["waitUntil"];
  },
): void {
  const reply = stream["~reply"];
  const journal = journalOf(writer, remains?.position);
  const start = { type: "start", version: 1, kind: "reply" } as const;
  if (state.last === 0) journal.put({ ...start, time: Date.now(), reply: plannedRecord(reply.plan) });
  if (remains !== null) interrupt(reply, remains);
  const recorder = new Recorder(reply, journal, false, remains && { shown: reply.shown, earlier: remains.earlier });
  const run = { key, writer, journal, logsRequest: false };
  const production = productionOf(load, stream, recorder, { log, run });
  // Nobody reads it here but from the log.
  void production.feed.live.return();
  produce(run, production, { replace: true, waitUntil });
}

/** Makes a call begin as if its first request had been interrupted just where the log ends. */
function interrupt(reply: Reply<Native>, { decoder, shown, earlier }: Remains): void {
  const { targets } = reply.plan;
  const { name } = shown.provider;
  const places = targets.map(({ provider, model }, place) => ({ place, isSame: provider.name === name, model }));
  const found =
    places.find(({ isSame, model }) => isSame && model === shown.model) ?? places.find(({ isSame }) => isSame);
  const attempt = reply.shown;
  const target = found?.place ?? 0;
  // Of the same provider, whose decoder goes on.
  Object.assign(attempt, { target, model: shown.model, provider: targets[target]?.provider ?? shown.provider });
  Object.assign(reply.plan, { earlier });
  // What a tool did cannot be taken back.
  if (decoder.toolInputs.some(({ state }) => state === "complete")) reply.mayRestart = false;
  attempt.send = async (prepare) => {
    attempt.times.start = Date.now();
    attempt.move("start");
    try {
      const { call, request } = await prepare();
      Object.assign(attempt, { prepared: call, request, decoder });
      for (const event of ["prepared", "admitted", "headers", "content"] as const) attempt.move(event);
      reply.state = after(callTransitions, reply.state, "show");
      attempt.fail(new StreamTruncatedError({ cause: new Error("The producer of the reply is gone.") }));
    } catch (error) {
      attempt.fail(error);
    }
    reply.onReady();
  };
}

/** What the log has of a reply; null if nothing was shown of it. */
async function remainsOf(load: LoadProvider, { log, key, state }: Orphan): Promise<Remains | null> {
  const records: LogRecord[] = [];
  for (let number = 0; number < state.last;) {
    const { entries = [] } = (await inTime(checkedLog(log).read(key, number), state.leaseMs)) ?? {};
    if (entries.length === 0) return null;
    number = entries.at(-1)?.number ?? number;
    records.push(...entries.flatMap(recordsIn));
  }
  const start = records.find((record) => record.type === "start");
  if (start === undefined || !records.some(({ type }) => type === "event")) return null;
  const providers = new ProviderLoader(load);
  await providers.loadFor(records);
  const never = new Promise<null>(() => {});
  const source = { isWhole: () => false, next: () => never, providerNamed: providers.named, leave() {} };
  const as = { tools: [], messages: [], after: 0, signal: undefined, open: openPairs };
  const { stream, replay, ...run } = readReply(source, { start, first: records }, as);
  const reply = stream["~reply"];
  while (reply.next() !== null || !replay.isDrained) {
    if (!replay.isDrained) await new Promise<void>((resolve) => (reply.onReady = resolve));
  }
  const { shown, attempts } = reply;
  return { decoder: replay.decoder, shown, earlier: attempts.filter((attempt) => attempt !== shown), ...run };
}
