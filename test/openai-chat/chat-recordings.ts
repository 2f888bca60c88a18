import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { corpusFolder, hasCorpus } from "../corpus.ts";

/** One recorded stream of Chat Completions. */
export interface ChatRecording {
  readonly file: string;
  readonly model: string;
  /** The body as it would come over the wire. */
  readonly bytes: Uint8Array;
  /** The events that a reader of server-sent events sees, parsed, in order. */
  readonly events: readonly Record<string, unknown>[];
  /** Whether `[DONE]` came. */
  readonly isDone: boolean;
}

interface IndexEntry {
  readonly file: string;
  readonly api: string;
  readonly model: string;
  readonly format: "sse" | "jsonl" | "http-error";
}

const index = (): IndexEntry[] => {
  if (!hasCorpus) return [];
  const entries = JSON.parse(readFileSync(resolve(corpusFolder, "INDEX.json"), "utf8")) as IndexEntry[];
  return entries.filter(({ api }) => api === "chat.completions");
};

const textOf = (file: string): string => readFileSync(resolve(corpusFolder, file), "utf8");

/** Every recorded stream of Chat Completions, OpenAI's and those of the servers that imitate it. */
export function chatRecordings(): ChatRecording[] {
  return index()
    .filter(({ format }) => format !== "http-error")
    .map(({ file, model, format }) => {
      const text = textOf(file);
      const lines =
        format === "jsonl"
          ? text.split("\n").filter(Boolean)
          : [...text.matchAll(/^data: ?(.*?)\r?$/gm)].map(([, data]) => data ?? "");
      const events = lines
        .filter((line) => line !== "[DONE]")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      // Those of the form `jsonl` lack their framing.
      const body = format === "jsonl" ? `${lines.map((line) => `data: ${line}\n\n`).join("")}data: [DONE]\n\n` : text;
      const isDone = format === "jsonl" || lines.includes("[DONE]");
      return { file, model, events, isDone, bytes: new TextEncoder().encode(body) };
    });
}
