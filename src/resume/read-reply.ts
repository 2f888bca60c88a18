import { type StreamClasses, streamClasses } from "../call/define-calls.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";
import type { Reply } from "../recovery/reply.ts";
import type { CallStream } from "../stream/call-stream.ts";
import type { Stream } from "../stream/stream.ts";
import { errorRecord } from "./error-record.ts";
import type { EndRecord, LogRecord, ReplyEndRecord, ReplyRecord, StartRecord } from "./record.ts";
import { type ReadFormat, Replay } from "./replay.ts";
import type { ReplayedRecord } from "./replay-decoder.ts";
import type { RunRecords } from "./run-records.ts";

/** How the replies of a run are made again. */
export interface ReplayedAs<S = CallStream<Native>> {
  /** Gives how to make the stream of a plan. */
  readonly open: (provider: Provider<Native>) => (plan: CallPlan<Native>) => S;
  /** The tools, with their functions; null if they are data alone. */
  readonly tools: readonly object[] | null;
  readonly fromJson?: ReadFormat | undefined;
  /** The prompt, if it is known. */
  readonly messages: () => readonly unknown[] | undefined;
  /** The last position that is known already: what comes after is handed out. */
  readonly after: number;
  readonly signal: AbortSignal | undefined;
}

/** A run that is read from a log. */
export interface LoggedRun<S> {
  readonly stream: S;
  /** The position of the last event that was handed out. */
  readonly position: number;
}

/** Reads a run that is one reply. */
export function readReply<S extends CallStream<Native>>(
  records: Pick<RunRecords, "isWhole" | "next" | "providerNamed" | "leave">,
  { start, first }: { readonly start: StartRecord; readonly first: readonly LogRecord[] },
  { open, tools, fromJson, messages, after, signal }: ReplayedAs<S>,
): LoggedRun<S> & { readonly replay: Replay<Native, S> } {
  let position = 0;
  let isReading = false;
  const pull = (): void => {
    if (isReading) return;
    isReading = true;
    void advance();
  };
  const advance = async (): Promise<void> => {
    try {
      const next = await records.next();
      isReading = false;
      replay.push((next ?? []).flatMap(replayed));
    } catch (error) {
      const end: EndRecord = { type: "end", outcome: "failed", error: errorRecord(error), time: Date.now() };
      replay.push([replyEndOf(end)]);
    }
  };
  const replay = new Replay<Native, S>({
    reply: start.reply,
    providerNamed: records.providerNamed,
    open: open(records.providerNamed(start.reply.provider)),
    tools,
    fromJson,
    messages,
    after,
    signal,
    pull,
    nextPosition: () => (position += 1),
    onLeave: () => records.leave(),
  });
  const ahead = stepsAhead(replay.stream["~reply"], after, () => position);
  records.isWhole = () => replay.wouldBeWhole;
  replay.push(first.flatMap(replayed));
  return {
    replay,
    stream: replay.stream,
    get position() {
      const [first] = ahead;
      return first === undefined ? position : first - 1;
    },
  };
}

/** The positions of the steps that were taken before anybody read them: `started()` does so. */
function stepsAhead(reply: Reply<Native>, after: number, position: () => number): readonly number[] {
  const ahead: number[] = [];
  const next = reply.next.bind(reply);
  const takeAhead = reply.takeAhead.bind(reply);
  reply.takeAhead = () => {
    const before = Math.max(after, position());
    takeAhead();
    for (let taken = before; taken < position();) ahead.push((taken += 1));
  };
  reply.next = () => {
    const step = next();
    if (step === null) ahead.length = 0;
    else ahead.shift();
    return step;
  };
  return ahead;
}

/** The records of a reply; the end of the run is its end, if it has none of its own. */
export function replayed(record: LogRecord): (ReplayedRecord | ReplyRecord)[] {
  if (record.type === "end") return [replyEndOf(record)];
  return record.type === "start" ||
    record.type === "prompt" ||
    record.type === "toolResult" ||
    record.type === "takeover"
    ? []
    : [record];
}

function replyEndOf({ outcome, error, time }: EndRecord): ReplyEndRecord {
  return {
    type: "replyEnd",
    outcome,
    error,
    requestId: null,
    start: null,
    firstContent: null,
    end: time,
    figures: null,
  };
}

/** The stream classes of providers, for replies that are read without their call. */
const classes = new Map<string, StreamClasses<Native>["Stream"]>();

/** Makes streams of pairs of a provider. */
export function openPairs(provider: Provider<Native>): (plan: CallPlan<Native>) => Stream<Native> {
  const known = classes.get(provider.name) ?? streamClasses(provider).Stream;
  classes.set(provider.name, known);
  return (plan) => new known(plan);
}
