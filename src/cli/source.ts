import { readFile } from "node:fs/promises";
import { demoReply } from "../testing/demo.ts";
import type { CommandOptions } from "./options.ts";
import { clientOf, fakeOf, providerOfId } from "./provider.ts";

/** Where the reply comes from. */
export interface Source {
  readonly client: object | undefined;
  /** What to say on stderr before the reply, or null. */
  readonly notice: string | null;
  close(): Promise<void>;
}

const nothingToClose = (): Promise<void> => Promise.resolve();

/** Opens what the options ask for: a recording, the scripted demo, or the API. */
export async function openSource(options: CommandOptions): Promise<Source> {
  const { prefix, model } = providerOfId(options.model);
  if (options.replay !== undefined) {
    const body = await recordedBody(options.replay);
    const respond = (): Promise<Response> =>
      Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
    const client = await clientOf(prefix, { apiKey: "replay", fetch: respond });
    return { client, notice: null, close: nothingToClose };
  }
  if (options.demo) {
    const server = await fakeOf(prefix, model, demoReply(options.prompt));
    return {
      client: await clientOf(prefix, { apiKey: "demo", baseURL: server.url }),
      notice: "Demo: a scripted reply, streamed over HTTP from a server on this machine. No model was asked.",
      close: () => server.close(),
    };
  }
  const { baseURL } = options;
  const client = baseURL === undefined ? undefined : await clientOf(prefix, { baseURL });
  return { client, notice: null, close: nothingToClose };
}

async function recordedBody(file: string): Promise<string> {
  const text = await readFile(file, "utf8");
  if (!file.endsWith(".jsonl")) return text;
  const frames = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return frames.map((line) => `data: ${line}\n\n`).join("");
}
