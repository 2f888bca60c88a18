import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Recorded API responses of third parties: read in place, never copied. `INDEX.json` says what each covers. */
export const corpusFolder = resolve(process.env["MILLRACE_STREAMS"] ?? "../shared/streams");

interface IndexEntry {
  readonly file: string;
  readonly provider: string;
  readonly api: string;
  readonly format: "sse" | "jsonl" | "http-error";
  readonly origin: string;
  readonly covers: readonly string[];
  readonly model: string;
}

/** One recorded stream. */
export interface Recording extends IndexEntry {
  /** The body as it would come over the wire. */
  readonly bytes: Uint8Array;
  /** The events, parsed, in order. */
  readonly events: readonly Record<string, unknown>[];
}

export const hasCorpus = existsSync(resolve(corpusFolder, "INDEX.json"));

if (!hasCorpus) {
  console.warn(`\n*** No recorded streams at ${corpusFolder}: their tests are SKIPPED. Set MILLRACE_STREAMS. ***\n`);
}

function index(provider: string): IndexEntry[] {
  if (!hasCorpus) return [];
  const entries = JSON.parse(readFileSync(resolve(corpusFolder, "INDEX.json"), "utf8")) as IndexEntry[];
  return entries.filter((entry) => entry.provider === provider);
}

/** Every recorded stream of a provider, or of one of its APIs. */
export function recordings(provider: string, api?: string): Recording[] {
  return index(provider)
    .filter((entry) => entry.format !== "http-error" && (api === undefined || entry.api === api))
    .map((entry) => {
      const text = readFileSync(resolve(corpusFolder, entry.file), "utf8");
      const data =
        entry.format === "jsonl" ? text.split("\n") : [...text.matchAll(/^data: ?(.*)$/gm)].map(([, json]) => json);
      const events = data.filter(Boolean).map((json) => JSON.parse(json as string) as Record<string, unknown>);
      const body = entry.format === "jsonl" ? events.map(frame).join("") : text;
      return { ...entry, events, bytes: new TextEncoder().encode(body) };
    });
}

/** The places in a recording's bytes after each of its events. */
export function ends({ bytes }: Recording): number[] {
  const text = Buffer.from(bytes).toString("latin1");
  const places = [...text.matchAll(/\r?\n\r?\n/g)].map(({ index, 0: blank }) => index + blank.length);
  return places.at(-1) === bytes.length ? places : [...places, bytes.length];
}

/** Every recorded error response of a provider. */
export function recordedErrors(
  provider: string,
): { file: string; status: number; headers: Record<string, string>; bodyText: string }[] {
  return index(provider)
    .filter((entry) => entry.format === "http-error")
    .map((entry) => ({ file: entry.file, ...JSON.parse(readFileSync(resolve(corpusFolder, entry.file), "utf8")) }));
}

function frame(event: Record<string, unknown>): string {
  return `event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`;
}
