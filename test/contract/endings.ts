import type { Outcome } from "../../src/attempt/lifecycle.ts";
import type { Timeout } from "../../src/http/timeout.ts";
import { readToWait } from "./iterators.ts";
import { type AnyStream, open, type Options, type Pair, read, type Read } from "./reading.ts";
import type { Beat, Script, Server, Subject } from "./subject.ts";

/** What becomes of a reply. */
interface Fate {
  /** What the reader does once all of the beats have been read. */
  readonly reader: "reads on" | "breaks" | "aborts";
  readonly outcome: Exclude<Outcome, "pending">;
  /** The code of the error; null if it is the provider's choice. */
  readonly code: string | null;
}

/** How a reply ends, or is ended. */
export interface Ending extends Fate {
  readonly name: string;
  /** What follows the parts of the reply. */
  readonly beats: readonly Beat[];
  /** Whether the sign comes that the message is complete. */
  readonly hasSign: boolean;
  readonly timeout: Timeout;
}

/** How long a stream waits whose server falls silent. The others wait as long as they need on a busy machine. */
const STALL_MS = 150;

/** All endings, before and after the sign that the message is complete; but for a silence of 2 s after it. */
export function endingsOf({ traits }: Subject): readonly Ending[] {
  const after: readonly (readonly [name: string, Beat[], Fate])[] = [
    ["a clean end", [{ end: "clean" }], { reader: "reads on", outcome: "truncated", code: "stream_truncated" }],
    ["a reset", [{ end: "reset" }], { reader: "reads on", outcome: "truncated", code: "stream_truncated" }],
    ["a stall", [{ end: "open" }], { reader: "reads on", outcome: "failed", code: "timeout" }],
    [
      "an error that may pass",
      [{ error: "Out of paper", retryable: true }],
      { reader: "reads on", outcome: "failed", code: "api_error" },
    ],
    [
      "an error that stays",
      [{ error: "Out of paper", retryable: false }],
      { reader: "reads on", outcome: "failed", code: "api_error" },
    ],
    ["an event that cannot be read", [{ malformed: true }], { reader: "reads on", outcome: "failed", code: null }],
    ["a break", [{ end: "open" }], { reader: "breaks", outcome: "aborted", code: "stream_aborted" }],
    ["an abort", [{ end: "open" }], { reader: "aborts", outcome: "aborted", code: "stream_aborted" }],
  ];
  const limited = (name: string): Timeout => (name === "a stall" ? { idle: STALL_MS, firstContent: STALL_MS } : {});
  const early = after.map(([name, beats, rest]) => ({ name, beats, ...rest, hasSign: false, timeout: limited(name) }));
  const late = after.map(([name, beats, rest]): Ending => {
    const isKept = traits.endsWithSign || rest.code !== "api_error";
    const isWhole = traits.endsWithBody ? name === "a clean end" : isKept;
    const outcome = isWhole ? ({ outcome: "complete", code: null } as const) : {};
    const sign = { finish: "stop" } as const;
    return {
      name: `${name} after the sign`,
      beats: [sign, ...beats],
      ...rest,
      ...outcome,
      ...(traits.endsWithSign && { reader: "reads on" }),
      hasSign: true,
      timeout: limited(name),
    };
  });
  // The message is complete, and its stream silent for 2 s: too long to be tested everywhere.
  return [...early, ...late].filter(({ name }) => traits.endsWithBody || name !== "a stall after the sign");
}

/** A reply that ends like this. */
export function ended(ending: Ending, ...parts: readonly Beat[]): Script {
  return { beats: [...parts, ...ending.beats] };
}

/** A stream that has ended, and what its reader got. */
export interface Ended extends Read {
  readonly stream: AnyStream;
}

/** Opens a stream, and reads it until it has ended as it should. */
export async function readTo(
  { reader, timeout }: Ending,
  subject: Subject,
  server: Server,
  options: Options = {},
  prompt?: () => unknown,
): Promise<Ended> {
  const stream = open(subject, server, { retry: false, timeout, ...options }, prompt);
  if (reader === "reads on") return { stream, ...(await read(stream)) };
  const pairs: Pair[] = [];
  const iterator = stream[Symbol.asyncIterator]();
  const waiting = await readToWait(server, iterator, (pair) => pairs.push(pair as Pair));
  if (reader === "breaks") await iterator.return?.();
  else stream.abort("enough");
  const error = await waiting.read.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { stream, pairs, text: pairs.map(([{ content }]) => content).join(""), error };
}
