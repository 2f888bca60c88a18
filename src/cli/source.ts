import { readFile } from "node:fs/promises";
import type { Client } from "../http/client.ts";
import { client } from "../providers/anthropic/client.ts";
import { demoReply } from "../testing/demo.ts";
import { fakeAnthropic } from "../testing/index.ts";
import type { CommandOptions } from "./options.ts";

/** Where the reply comes from. */
export interface Source {
  readonly client: Client | undefined;
  /** What to say on stderr before the reply, or null. */
  readonly notice: string | null;
  close(): Promise<void>;
}

const nothingToClose = (): Promise<void> => Promise.resolve();

/** Opens what the options ask for: a recording, the scripted demo, or the API. */
export async function openSource(options: CommandOptions): Promise<Source> {
  if (options.replay !== undefined) {
    const body = await recordedBody(options.replay);
    const respond = (): Promise<Response> =>
      Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
    return { client: client({ apiKey: "replay", fetch: respond }), notice: null, close: nothingToClose };
  }
  if (options.demo) {
    const server = await fakeAnthropic({ replies: demoReply(options.prompt) });
    return {
      client: client({ apiKey: "demo", baseURL: server.url }),
      notice: "Demo: a scripted reply, streamed over HTTP from a server on this machine. No model was asked.",
      close: () => server.close(),
    };
  }
  const { baseURL } = options;
  return { client: baseURL === undefined ? undefined : client({ baseURL }), notice: null, close: nothingToClose };
}

async function recordedBody(file: string): Promise<string> {
  const text = await readFile(file, "utf8");
  if (!file.endsWith(".jsonl")) return text;
  const frames = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return frames.map((line) => `data: ${line}\n\n`).join("");
}
