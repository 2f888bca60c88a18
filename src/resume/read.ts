import { type StreamClasses, streamClasses } from "../call/define-calls.ts";
import { InvalidOptionError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";
import {
  aList,
  anObject,
  aSignal,
  aText,
  checkForm,
  checkOptions,
  type Forms,
  needed,
  wholeFrom,
} from "../schema/option-form.ts";
import type { CallStream } from "../stream/call-stream.ts";
import type { EndRecord, LogRecord, ReplyEndRecord, ReplyRecord } from "./record.ts";
import { Replay } from "./replay.ts";
import type { ReplayedRecord } from "./replay-decoder.ts";
import { RunReader, type RunReaderOptions } from "./run-reader.ts";

/** Loads a provider by the name that its streams have. */
export type LoadProvider = (name: string) => Promise<Provider<Native>>;

/** Prefers the providers of a plan: programs may have their own. */
export function loaderFor(plan: CallPlan<Native> | undefined, load: LoadProvider): LoadProvider {
  return async (name) => {
    const known = plan?.targets.find(({ provider }) => provider.name === name)?.provider;
    await known?.load?.();
    return known ?? load(name);
  };
}

/** How the replies of a run are made again. */
export interface ReplayedAs {
  /** Makes the stream of a plan; null: that of the provider, whatever it is. */
  readonly open: ((plan: CallPlan<Native>) => CallStream<Native>) | null;
  /** The tools, with their functions; null if they are data alone. */
  readonly tools: readonly object[] | null;
  readonly messages: readonly unknown[] | undefined;
  /** The last position that is known already: what comes after is handed out. */
  readonly after: number;
  readonly signal?: AbortSignal | undefined;
}

/** A reply that is read from a log. */
export interface LoggedReply {
  readonly stream: CallStream<Native>;
  /** The position of the last event that was handed out. */
  readonly position: number;
}

/** What a reply has that is read from a log. */
export interface Logged {
  /** The name of the run. */
  readonly run: string;
  /** The position of the last event that was handed out, counted from 1 at the beginning of the run. */
  readonly position: number;
}

/** How a run is read. */
export interface ReadOptions {
  /** The name of the run. Default: the one that began last in the place. */
  readonly run?: string | undefined;
  /** A position: what comes after it is handed out. Default 0, the beginning. */
  readonly after?: number | undefined;
  /** The messages that were sent, for `history()`, if the run was kept without its request. */
  readonly messages?: readonly unknown[] | undefined;
  /** Ends the reading, not the run. */
  readonly signal?: AbortSignal | undefined;
}

/** The call whose run is read: its streams are made again, with the functions of its tools. */
export interface ReadAs {
  readonly "~call": {
    plan(...args: never): CallPlan<Native>;
    stream(plan: CallPlan<never>): unknown;
  };
}

const FORMS: Forms = {
  run: aText,
  after: wholeFrom(0),
  messages: aList,
  signal: aSignal,
  of: { words: "a streamed call", holds: (value) => typeof value === "function" && "~call" in value },
};

/** Reads a run: see {@link ReadOptions}. Null if the log has nothing of it. */
export async function readRun(
  load: LoadProvider,
  log: Log,
  place: string,
  options: ReadOptions & { readonly of?: ReadAs | undefined },
): Promise<(CallStream<Native> & Logged) | null> {
  checkForm("log", log, needed(anObject));
  checkForm("id", place, needed(aText));
  checkOptions(options, FORMS);
  const { of, messages, after = 0, signal } = options;
  const run = options.run ?? (await log.latest(place));
  if (run === null || run === undefined) return null;
  const machine = of?.["~call"];
  // No argument is looked at before the prompt function runs, which it never does here.
  const plan = (machine?.plan as (() => CallPlan<Native>) | undefined)?.();
  const found = await readReply(
    loaderFor(plan, load),
    { log, key: { place, run } },
    {
      // That it is streamed was checked where it was defined.
      open: machine ? (from) => machine.stream(from as CallPlan<never>) as CallStream<Native> : null,
      tools: plan?.tools ?? null,
      messages,
      after,
      signal,
    },
  );
  if (found === null) return null;
  const { stream } = found;
  const position = { get: () => found.position };
  return Object.defineProperties(stream, { run: { value: run }, position }) as CallStream<Native> & Logged;
}

/** Reads a run that is one reply. Null if there is nothing of it. */
export async function readReply(
  load: LoadProvider,
  source: Omit<RunReaderOptions, "isWhole" | "signal">,
  { open, tools, messages, after, signal }: ReplayedAs,
): Promise<LoggedReply | null> {
  const providers = new Map<string, Provider<Native>>();
  const controller = new AbortController();
  let replay: Replay<Native, CallStream<Native>> | null = null;
  const isWhole = (): boolean => replay?.wouldBeWhole === true;
  const reader = new RunReader({ ...source, signal: controller.signal, isWhole });
  /** The next records, whose providers are loaded. */
  const next = async (): Promise<readonly LogRecord[] | null> => {
    const records = await reader.next();
    for (const name of records?.flatMap(providersIn) ?? []) {
      if (!providers.has(name)) providers.set(name, await load(name));
    }
    return records;
  };
  const first = await next();
  const start = first?.find((record) => record.type === "start");
  if (first === null || start === undefined) return null;
  let position = 0;
  let isReading = false;
  const providerNamed = (name: string): Provider<Native> => {
    const provider = providers.get(name);
    if (provider === undefined)
      throw new InvalidOptionError("log", `it names a provider "${name}", which is not known.`);
    return provider;
  };
  const push = (records: readonly LogRecord[] | null): void => replay?.push((records ?? []).flatMap(replayed));
  const pull = (): void => {
    if (isReading) return;
    isReading = true;
    void next().then((records) => {
      isReading = false;
      push(records);
    });
  };
  replay = new Replay<Native, CallStream<Native>>({
    reply: start.reply,
    providerNamed,
    open: open ?? ((plan) => new (streamClassOf(providerNamed(start.reply.provider)))(plan)),
    tools,
    messages,
    after,
    signal,
    pull,
    nextPosition: () => (position += 1),
    onLeave: () => controller.abort(),
  });
  push(first);
  return {
    stream: replay.stream,
    get position() {
      return position;
    },
  };
}

/** The names of the providers that a record needs. */
function providersIn(record: LogRecord): string[] {
  if (record.type === "reply" || record.type === "attempt") return [record.provider];
  return record.type === "start" || record.type === "recovery" ? [record.reply.provider] : [];
}

/** The records of a reply; the end of the run is its end, if it has none of its own. */
function replayed(record: LogRecord): (ReplayedRecord | ReplyRecord)[] {
  if (record.type === "end") return [replyEndOf(record)];
  return record.type === "start" || record.type === "toolResult" ? [] : [record];
}

function replyEndOf({ outcome, error, time }: EndRecord): ReplyEndRecord {
  return { type: "replyEnd", outcome, error, requestId: null, start: null, firstContent: null, end: time };
}

/** The classes of streams of providers that were read without a call. */
const classes = new Map<string, StreamClasses<Native>["Stream"]>();

function streamClassOf(provider: Provider<Native>): StreamClasses<Native>["Stream"] {
  const known = classes.get(provider.name) ?? streamClasses(provider).Stream;
  classes.set(provider.name, known);
  return known;
}
