import { pricesForm } from "../../../src/cost/price.ts";
import { defineCalls } from "../../../src/call/define-calls.ts";
import { UnsupportedContentError } from "../../../src/errors.ts";
import { type ClientOptions, createClient, type Destination, destinationOf } from "../../../src/http/client.ts";
import { secretsOf } from "../../../src/http/secrets.ts";
import { field, stringField, tryParse } from "../../../src/json/object.ts";
import { stringify, wellFormedJson } from "../../../src/json/stringify.ts";
import { wellFormed } from "../../../src/json/well-formed.ts";
import type { EncodedPrompt, Prompt, Provider, Request } from "../../../src/provider/provider.ts";
import type { CommonMessage, CommonPart } from "../../../src/prompt/common-message.ts";
import { anObject } from "../../../src/schema/option-form.ts";
import { defineStructuredCalls } from "../../../src/structured/define-structured-calls.ts";
import { FolioDecoder } from "./decode.ts";
import { createEventFrames, FolioFrames } from "./frames.ts";
import type { Entry, FolioNative } from "./native.ts";
import { apiError, createChunk, limitIn, repliesOf, views } from "./view.ts";

export const MEDIA_TYPE = "application/x-folio";

type Options = ClientOptions & { readonly secret: string };
type To = Destination<Options> & { readonly connectTimeoutMs: number };

const settings = {
  baseURL: "https://folio.test",
  baseURLVariable: "FOLIO_URL",
  keyVariable: "FOLIO_SECRET",
  credentials: () => ({}),
  headers: () => ({ accept: MEDIA_TYPE }),
};

export const client = (options: Options) => createClient<Options>(settings, options);

/** What proves that whoever sends this knows the secret. */
export async function sign(secret: string, ...signed: readonly string[]): Promise<string> {
  const bytes = Buffer.from([secret, ...signed].join("\n"));
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

async function requestOf(to: To, path: string, json: object): Promise<Request<FolioNative>> {
  const { baseURL, options, transport, agent, connectTimeoutMs } = to;
  const url = baseURL + path;
  const body = JSON.stringify(json);
  const nonce = crypto.randomUUID();
  const signature = await sign(options.secret, nonce, path, body);
  const headers = { ...to.headers, "x-folio-nonce": nonce, "x-folio-signature": signature };
  const secrets = (): string[] => [options.secret, ...secretsOf(headers, url)];
  return {
    http: { url, headers, body, connectTimeoutMs, agent, secrets },
    transport,
    createFrames: (frameLimit, _refuse, header) =>
      header("content-type")?.startsWith(MEDIA_TYPE) ? new FolioFrames(frameLimit) : null,
    resume(message) {
      const token = message?.checkpoint;
      return token === undefined ? null : requestOf(to, `/resume?token=${encodeURIComponent(token)}`, {});
    },
    async cancel(message) {
      if (message === null) return;
      const { http } = await requestOf(to, "/cancel", { id: message.id });
      (await transport(http).response).body.finish();
    },
  };
}

/** Encodes a prompt. All replies are streamed. */
async function encode(prompt: Prompt<FolioNative>): Promise<EncodedPrompt<FolioNative>> {
  const { model, callParams, toolChoice: choice, connectTimeoutMs } = prompt;
  const log = prompt.messages.flatMap(entriesOf);
  const tools = prompt.tools.map(({ name, inputSchema }) => ({ name, input: inputSchema }));
  const base = { ...callParams, model, log, ...(tools.length > 0 && { tools, choice }) };
  const { body: wanted, jsonTool } = prompt.formatBody?.(base) ?? { body: base, jsonTool: null };
  const body = JSON.parse(wellFormedJson(stringify(wanted))) as typeof wanted;
  const request = await requestOf(
    { ...destinationOf<Options>(settings, prompt.client), connectTimeoutMs },
    "/write",
    body,
  );
  return { body, items: log, jsonTool, totalTimeoutMs: undefined, request };
}

function entriesOf(message: Prompt<FolioNative>["messages"][number]): Entry[] {
  if (!("role" in message)) return [message];
  const { role, content } = message;
  return textsOf(content).map((text) =>
    role === "user" ? { ask: text } : role === "system" ? { rule: text } : { text },
  );
}

function textsOf(content: string | readonly object[]): string[] {
  if (typeof content === "string") return [content];
  return content.map((part) => {
    const text = stringField(part, "text");
    if (text === null) throw new UnsupportedContentError(String(field(part, "type")), "only text can be sent.");
    return text;
  });
}

/** Entries of one side, one after another, are one message. */
function commonMessages(entries: readonly Entry[]): readonly CommonMessage[] {
  const messages: { role: CommonMessage["role"]; content: CommonPart[] }[] = [];
  for (const entry of entries) {
    const role = "rule" in entry ? "system" : "ask" in entry || "result" in entry ? "user" : "assistant";
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(commonPart(entry));
    else messages.push({ role, content: [commonPart(entry)] });
  }
  return messages;
}

function commonPart(entry: Entry): CommonPart {
  if ("call" in entry) return { type: "toolCall", id: entry.ref, name: entry.call, args: entry.args };
  if ("result" in entry) return { type: "toolResult", id: entry.ref, content: entry.result, isError: entry.failed };
  if ("thought" in entry) return { type: "native", provider: "folio", block: entry };
  return { type: "text", text: "rule" in entry ? entry.rule : "ask" in entry ? entry.ask : entry.text };
}

/** A copy that can be sent: where a reply was cut there may be half a character. */
const sendable = (item: Entry): Entry =>
  JSON.parse(JSON.stringify(item), (_key, value: unknown) => (typeof value === "string" ? wellFormed(value) : value));

export const folio: Provider<FolioNative> = {
  name: "folio",
  entry: "folio",
  label: "Folio",
  optionForms: { callParams: anObject, prices: pricesForm(["input", "output", "cacheRead"]) },
  nativeParams: ({ maxTokens, ...others }) => ({
    callParams: { ...(maxTokens !== undefined && { length: maxTokens }) },
    unsupported: Object.keys(others) as (keyof typeof others)[],
  }),
  encode,
  isItem: (value) => ["rule", "ask", "text", "thought", "call", "result"].some((key) => key in value),
  createDecoder: () => new FolioDecoder(),
  createEventFrames,
  createChunk,
  sendable: (items) => items.map(sendable).filter((item) => !("text" in item && item.text.trim() === "")),
  turn: (items) => items,
  common: commonMessages,
  toolResults: (results) =>
    results.map(({ id, content, isError }) => ({ result: textsOf(content).join("\n"), ref: id, failed: isError })),
  // Not needed: a reply goes on exactly, or not at all.
  continuation: () => ({ items: [], withheld: 0 }),
  errorFromResponse: (status, _header, body) => (status < 400 ? null : apiError(status, tryParse(body) ?? body)),
  requestId: (header) => header("x-folio-request"),
  limitGroup: (model) => model.replace(/-\d+$/, ""),
  rateLimit: ({ body }) => limitIn(body),
  views,
  accessors: (message) => ({ alternatives: repliesOf(message, "text").slice(1) }),
};

export const calls = defineCalls(folio);

export const { call: structuredCall } = defineStructuredCalls<FolioNative>(
  {
    provider: folio,
    formatBody: (format) => (body) => ({ body: { ...body, format: format?.schema ?? {} }, jsonTool: null }),
    hasTools: ({ tools = [] }) => tools.length > 0,
  },
  calls,
);
