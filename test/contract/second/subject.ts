import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isTooDeep } from "../../../src/json/depth.ts";
import { isObject, type JsonObject } from "../../../src/json/object.ts";
import { incrementalJson } from "../../../src/json/partial.ts";
import type { CommonFinishReason } from "../../../src/provider/native.ts";
import { RequestLimiter } from "../../../src/recovery/limiter.ts";
import type { Beat, Script, ServedRequest, Subject } from "../subject.ts";
import type { FolioNative } from "./native.ts";
import { call, client, folio, structuredCall } from "./provider.ts";
import { type FolioExchange, serveFolio } from "./server.ts";

const SECRET = "folio-secret";
/** The secrets of the clients, by the addresses of their servers. */
const secrets = new Map<string, string>();

/** Folio, for the suites that run for every provider. */
export const folioSubject: Subject<FolioNative> = {
  name: "folio",
  models: ["folio-large", "folio-small"],
  call,
  structuredCall,
  client(url, { secret = SECRET, headers } = {}) {
    secrets.set(url, secret);
    return client({ baseURL: url, secret, headers });
  },
  limiter: (options) => new RequestLimiter(options),
  async serve(script) {
    const requests: ServedRequest[] = [];
    const arrivals = new EventTarget();
    const replies: Reply[] = [];
    const server = await serveFolio(
      (url) => secrets.get(url) ?? SECRET,
      async (exchange) => {
        const request = servedRequest(exchange, requests.length);
        requests.push(request);
        arrivals.dispatchEvent(new Event("request"));
        const found = exchange.missed === null ? problems(request.body) : [];
        const played = found.length > 0 ? { status: 400, message: found.join("; ") } : await script(request);
        await play(played, exchange, replyOf(exchange, replies)).catch(() => exchange.response.destroy());
      },
    );
    return {
      url: server.url,
      requests,
      async request(index) {
        for (;;) {
          const request = requests[index];
          if (request !== undefined) return request;
          await once(arrivals, "request");
        }
      },
      get cancelled() {
        return server.cancelled.map(String);
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
  problems,
  traits: { resumesExactly: true, cancels: true, endsWithBody: true, pings: true, thinking: true },
};

/** How far a reply has come: it goes on in the next exchange, if it is resumed. */
interface Reply {
  readonly id: string;
  /** The place of its last part, and what kind that is. */
  place: number;
  kind: string;
  events: number;
}

function replyOf({ request }: FolioExchange, replies: Reply[]): Reply {
  const [, index] = /token=reply_(\d+)/.exec(request.url ?? "") ?? [];
  const known = replies[Number(index)];
  if (known !== undefined) return known;
  const reply = { id: `reply_${replies.length}`, place: -1, kind: "", events: 0 };
  replies.push(reply);
  return reply;
}

function servedRequest({ request, response, body }: FolioExchange, index: number): ServedRequest {
  return {
    index,
    path: request.url ?? "",
    headers: request.headers as Readonly<Record<string, string | undefined>>,
    body,
    closed: once(response, "close").then(() => !response.writableFinished),
  };
}

async function play(script: Script, exchange: FolioExchange, reply: Reply): Promise<void> {
  const { status = 200, headers = {}, beats = [], pieceSize = Infinity } = script;
  const { response, body, missed } = exchange;
  const model = String(body["model"]);
  response.socket?.setNoDelay(true);
  if (status >= 400) {
    const failed = { code: "refused", message: script.message ?? "no" };
    const limit = script.waitMs === undefined ? undefined : { group: folio.limitGroup(model), waitMs: script.waitMs };
    response.writeHead(status, { ...headers, "content-type": "application/json" });
    response.end(JSON.stringify({ failed, limit }));
    return;
  }
  response.writeHead(status, { "x-folio-request": `request_${reply.id}`, ...headers });
  response.flushHeaders();
  const hasUsage = beats.some((beat) => "usage" in beat);
  const start = { id: reply.id, model, checkpoint: `${reply.id}.0` };
  const opening: readonly JsonObject[] = missed ?? [start];
  const write = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length; at += pieceSize) {
      if (response.destroyed) return;
      await new Promise((resolve) => response.write(bytes.subarray(at, at + pieceSize), resolve));
      if (pieceSize < Infinity) await nextTurn();
    }
  };
  // A replay is written in one piece, as are the events of a beat.
  await write(Buffer.concat(opening.map((event) => exchange.frame(event))));
  for (const beat of beats) {
    if ("wait" in beat) await beat.wait;
    else if ("raw" in beat) await write(Buffer.from(beat.raw));
    else if ("end" in beat) return end(exchange, beat.end);
    else await write(Buffer.concat(eventsOf(beat, reply, hasUsage).map((event) => exchange.frame(event))));
  }
  end(exchange, "clean");
}

function end({ response }: FolioExchange, how: "clean" | "reset" | "open"): void {
  if (how === "clean") response.end();
  // Not a real reset: the client would lose what it has not read yet.
  if (how === "reset") response.destroy();
}

const REASONS: Readonly<Partial<Record<CommonFinishReason, string>>> = {
  stop: "done",
  length: "limit",
  tool_calls: "call",
  content_filter: "blocked",
  pause: "pause",
  context_exceeded: "full",
};

/** A beat in events. Every third one is a checkpoint. */
function eventsOf(
  beat: Exclude<Beat, { raw: unknown } | { wait: unknown } | { end: unknown }>,
  reply: Reply,
  hasUsage: boolean,
): JsonObject[] {
  if ("ping" in beat) return [{ idle: true }];
  if ("usage" in beat) return beat.usage === null ? [] : [{ usage: beat.usage }];
  if ("error" in beat) return [{ failed: { code: beat.retryable ? "overloaded" : "refused", message: beat.error } }];
  if ("finish" in beat) {
    const finish = { candidates: [{ index: 0, finish: REASONS[beat.finish] ?? beat.finish }] };
    return hasUsage ? [finish] : [finish, { usage: { input: 10, output: 25 } }];
  }
  const [kind, parts] =
    "tool" in beat
      ? ["call", callParts(beat)]
      : "text" in beat
        ? ["text", [{ text: beat.text }]]
        : ["thought", [{ thought: beat.thinking }]];
  if (kind === "call" || kind !== reply.kind) reply.place++;
  reply.kind = kind;
  return parts.map((part) => ({
    candidates: [{ index: 0, parts: [{ at: reply.place, ...part }] }],
    ...(++reply.events % 3 === 0 && { checkpoint: `${reply.id}.${reply.events}` }),
  }));
}

/** A call: its arguments whole, or value by value. Those that are cut lack their last value. */
function callParts({ tool, input, pieces = 1, isCut = false }: Extract<Beat, { tool: string }>): JsonObject[] {
  const json = incrementalJson();
  let isJson = true;
  try {
    if (input !== "") json.push(input);
  } catch {
    isJson = false;
  }
  if (!isCut && !(isJson && json.complete)) return [{ call: tool }, ...(input === "" ? [] : [{ args: input }])];
  const args = json.snapshot();
  if (!isCut && (pieces === 1 || !isObject(args))) return [{ call: tool }, { args }];
  const values = valuesOf(args).map(([path, value]) => ({ arg: { path, value } }));
  return [{ call: tool }, ...(isCut ? values.slice(0, -1) : values)];
}

/** The values in an object, with their paths. A key with a dot in it cannot be part of a path. */
function valuesOf(args: unknown): [path: string, value: unknown][] {
  if (!isObject(args)) return [];
  return Object.entries(args).flatMap(([key, value]): [string, unknown][] => {
    const inner = isObject(value) && !Object.keys(value).some((name) => name.includes(".")) ? valuesOf(value) : [];
    return inner.length === 0 ? [[key, value]] : inner.map(([path, part]) => [`${key}.${path}`, part]);
  });
}

const KINDS = ["rule", "ask", "text", "thought", "call", "result"];

/** What Folio would refuse about a body. */
function problems(body: unknown): readonly string[] {
  if (!isObject(body) || typeof body["model"] !== "string") return ["model is missing"];
  const { log, tools = [] } = body;
  if (!Array.isArray(log) || log.length === 0) return ["log is empty"];
  const found: string[] = [];
  const open = new Set<unknown>();
  let isAnswering = false;
  log.forEach((entry: unknown, place) => {
    const kinds = isObject(entry) ? KINDS.filter((kind) => kind in entry) : [];
    const [kind] = kinds;
    if (!isObject(entry) || kind === undefined || kinds.length > 1) return void found.push(`log.${place} has no kind`);
    const { [kind]: value, ref, args } = entry;
    const problem = (text: string): void => void found.push(`log.${place} (${kind}) ${text}`);
    if (typeof value !== "string") problem("has no text");
    else if (value.trim() === "" && kind !== "result") problem("is blank");
    if (!isWellFormed(entry)) problem("has half a character");
    if (isTooDeep(args)) problem("is nested too deeply");
    if (kind === "result") {
      isAnswering = true;
      if (!open.delete(ref)) problem("answers no call");
      return;
    }
    if (isAnswering && open.size > 0) problem("comes before all calls were answered");
    if (kind === "ask" && open.size > 0) problem("comes before all calls were answered");
    isAnswering = false;
    if (kind !== "call") return;
    if (!isObject(args)) problem("has no arguments");
    if (open.has(ref)) problem("has the ref of another");
    open.add(ref);
  });
  if (open.size > 0) found.push("the log ends before all calls were answered");
  for (const tool of Array.isArray(tools) ? tools : [null]) {
    if (!isObject(tool) || typeof tool["name"] !== "string" || !isObject(tool["input"]))
      found.push("a tool has no input");
  }
  return found;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return !/\p{Surrogate}/u.test(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, part]) => isWellFormed(key) && isWellFormed(part));
}
