import { once } from "node:events";
import { isDeeper } from "../../../src/json/depth.ts";
import { isObject, type JsonObject } from "../../../src/json/object.ts";
import { incrementalJson } from "../../../src/json/partial.ts";
import type { CommonFinishReason } from "../../../src/provider/native.ts";
import { RequestLimiter } from "../../../src/recovery/limiter.ts";
import { type PlayedWire, Player, type WireBeat, type WireReply } from "../script-server.ts";
import type { Beat, Script, ServedRequest, Server, Subject } from "../subject.ts";
import { encodeFrame } from "./frames.ts";
import type { FolioNative } from "./native.ts";
import { calls, client, folio, MEDIA_TYPE, structuredCall } from "./provider.ts";
import { type FolioExchange, serveFolio } from "./server.ts";

const SECRET = "folio-secret";
/** The secrets of the clients, by the keys that they send. */
const secrets = new Map<unknown, string>();

/** Folio, for the suites that run for every provider. */
export const folioSubject: Subject<FolioNative> = {
  name: "folio",
  models: ["folio-large", "folio-small"],
  call: calls.call,
  structuredCall,
  client(url, { secret = SECRET, headers } = {}) {
    const key = `key_${secrets.size}`;
    secrets.set(key, secret);
    return client({ baseURL: url, secret, headers: { ...headers, "x-folio-key": key } });
  },
  limiter: (options) => new RequestLimiter(options),
  price: (input, output) => ({ input, output, cacheRead: 0 }),
  serve: serveScripts,
  problems,
  traits: {
    resumesExactly: true,
    continuesInWords: false,
    cancels: true,
    endsWithBody: true,
    endsWithSign: false,
    starts: true,
    pings: true,
    thinking: true,
    countsEarly: false,
    // A call that another one follows is complete, but the last one of an event is not.
    joinsTools: false,
    textInputs: false,
    completesLate: true,
    sendsSecret: false,
  },
};

async function serveScripts(script: Parameters<Subject["serve"]>[0]): Promise<Server> {
  const requests: ServedRequest[] = [];
  const refused: string[] = [];
  const arrivals = new EventTarget();
  const replies: Reply[] = [];
  const server = await serveFolio(
    (key) => secrets.get(key) ?? SECRET,
    async (exchange) => {
      const { request, response, body, missed } = exchange;
      const index = requests.length;
      const player = new Player(response, wireOf(exchange, replies));
      const closed = once(response, "close").then(() => !player.hasEnded);
      const headers = request.headers as ServedRequest["headers"];
      const path = request.url ?? "";
      const served = { index, id: `req_${index}`, path, headers, body, closed };
      requests.push(served);
      arrivals.dispatchEvent(new Event("request"));
      response.on("error", () => {});
      response.setHeader("x-folio-request", served.id);
      const found = missed === null ? problems(body) : [];
      refused.push(...found);
      await player.play(found.length > 0 ? { status: 400, message: found.join("\n") } : await script(served));
    },
  );
  return {
    url: server.url,
    requests,
    get cancelled() {
      return server.cancelled.map(String);
    },
    async request(index) {
      for (;;) {
        const request = requests[index];
        if (request !== undefined) return request;
        await once(arrivals, "request");
      }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      if (refused.length > 0) throw new Error(`The server was asked what Folio refuses: ${refused.join("\n")}`);
    },
  };
}

function wireOf(exchange: FolioExchange, replies: Reply[]): PlayedWire {
  const { request, body, missed } = exchange;
  const model = String(body["model"]);
  return {
    contentType: MEDIA_TYPE,
    error: (message, waitMs) => ({
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        failed: { code: "refused", message },
        ...(waitMs !== null && { limit: { group: folio.limitGroup(model), waitMs } }),
      }),
    }),
    reply(script) {
      const [, index] = /token=reply_(\d+)/.exec(request.url ?? "") ?? [];
      const known = index === undefined ? undefined : replies[Number(index)];
      const reply = known ?? new Reply(`reply_${replies.length}`, model);
      if (known === undefined) replies.push(reply);
      reply.play(script, missed ?? [], exchange.frame);
      return reply;
    },
  };
}

const REASONS: Readonly<Record<CommonFinishReason, string>> = {
  stop: "done",
  length: "limit",
  tool_calls: "call",
  content_filter: "blocked",
  pause: "pause",
  context_exceeded: "full",
  compaction: "compacted",
  unknown: "of the future",
};

/** Writes a reply, which may go on in another exchange. Every third event is a checkpoint. */
class Reply implements WireReply {
  readonly #start: JsonObject;
  #frame: FolioExchange["frame"] = encodeFrame;
  /** What is written before the next beat. */
  #due: readonly JsonObject[] = [];
  /** It comes after the finish. */
  #usage: JsonObject | null = null;
  #hasStarted = false;
  /** The kind and the place of the last part. */
  #kind = "";
  #place = -1;
  #events = 0;
  /** How many beats were played, and how many of those of this exchange are to be passed over, since they were. */
  #played = 0;
  #passing = 0;

  constructor(id: string, model: string) {
    this.#start = { id, model, checkpoint: `${id}.0` };
  }

  /** Begins an exchange: that of a reply that goes on has the beats of the whole reply. */
  play({ beats = [] }: Script, missed: readonly JsonObject[], frame: FolioExchange["frame"]): void {
    this.#due = missed;
    this.#passing = this.#played;
    this.#frame = frame;
    const told = beats.findLast((beat): beat is Extract<Beat, { usage: unknown }> => "usage" in beat);
    this.#usage = told === undefined ? { input: 10, output: 25 } : told.usage;
  }

  write(beat: WireBeat): Uint8Array {
    const isPart = "text" in beat || "thinking" in beat || "tool" in beat || "tools" in beat || "finish" in beat;
    const isPassed = isPart && this.#passing-- > 0;
    if (isPart && !isPassed) this.#played++;
    const events = [...this.#due, ...(isPassed ? [] : this.#eventsOf(beat))];
    this.#due = [];
    const frames = Buffer.concat(events.map((event) => this.#frame(event)));
    if ("malformed" in beat) frames.writeUInt8(frames.readUInt8(frames.length - 1) ^ 1, frames.length - 1);
    return frames;
  }

  end(): Uint8Array {
    return Buffer.concat(this.#due.map((event) => this.#frame(event)));
  }

  #eventsOf(beat: WireBeat): JsonObject[] {
    if ("ping" in beat) return [{ idle: true }];
    if ("usage" in beat) return [];
    if ("error" in beat) return [{ failed: { code: beat.retryable ? "overloaded" : "refused", message: beat.error } }];
    const started = this.#hasStarted ? [] : [this.#start];
    this.#hasStarted = true;
    if ("start" in beat) return started;
    if ("malformed" in beat) return [{ failed: {} }];
    if ("finish" in beat) {
      const finish = { candidates: [{ index: 0, finish: REASONS[beat.finish] }] };
      return [...started, finish, ...(this.#usage === null ? [] : [{ usage: this.#usage }])];
    }
    if ("tools" in beat) {
      const parts = beat.tools.map(({ tool, input }) => ({ at: ++this.#place, call: tool, args: JSON.parse(input) }));
      this.#kind = "call";
      return [{ ...started[0], candidates: [{ index: 0, parts }] }];
    }
    const [kind, parts] = partsOf(beat);
    if (kind === "call" || kind !== this.#kind) this.#place++;
    this.#kind = kind;
    return [...started, ...parts.map((part) => this.#eventOf(part))];
  }

  #eventOf(part: JsonObject): JsonObject {
    const event = { candidates: [{ index: 0, parts: [{ at: this.#place, ...part }] }] };
    return ++this.#events % 3 === 0 ? { ...event, checkpoint: `${String(this.#start["id"])}.${this.#events}` } : event;
  }
}

function partsOf(
  beat: Extract<WireBeat, { text: string } | { thinking: string } | { tool: string }>,
): [kind: string, parts: JsonObject[]] {
  if ("tool" in beat) return ["call", callParts(beat)];
  return "text" in beat ? ["text", [{ text: beat.text }]] : ["thought", [{ thought: beat.thinking }]];
}

/** A call: its arguments whole, or value by value. Those that are cut lack their last value. */
function callParts({ tool, input, pieces = 1, isCut = false }: Extract<Beat, { tool: string }>): JsonObject[] {
  const json = incrementalJson();
  try {
    json.push(input);
  } catch {
    // What came before the fault counts.
  }
  const args = json.snapshot();
  if (isCut) return [{ call: tool }, ...valuesOf(args).slice(0, -1)];
  if (input === "") return [{ call: tool }];
  // What is not JSON cannot be sent but as text.
  if (!json.complete || typeof args === "string") return [{ call: tool }, { args: input }];
  return [{ call: tool }, ...(pieces === 1 || valuesOf(args).length === 0 ? [{ args }] : valuesOf(args))];
}

/** The values in an object, with their paths. */
function valuesOf(args: unknown, prefix = ""): JsonObject[] {
  if (!isObject(args)) return [];
  return Object.entries(args).flatMap(([key, value]) => {
    const inner = valuesOf(value, `${prefix}${key}.`);
    return inner.length === 0 ? [{ arg: { path: prefix + key, value } }] : inner;
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
    if (isDeeper(args, 1_000)) problem("is nested too deeply");
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
