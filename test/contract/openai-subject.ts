import { isDeeper } from "../../src/json/depth.ts";
import type { CommonFinishReason } from "../../src/provider/native.ts";
import { call, client, limiter } from "../../src/providers/openai/index.ts";
import type { OpenAINative } from "../../src/providers/openai/native.ts";
import { call as structuredCall } from "../../src/providers/openai/structured.ts";
import { serveScripts, type Wire, type WireBeat, type WireReply } from "./script-server.ts";
import type { Beat, Script, Subject } from "./subject.ts";

const MODELS = ["gpt-6-sol", "gpt-6-luna"] as const;

let replies = 0;
let items = 0;
/** The replies that may be asked for again, by their ids. */
const background = new Map<string, Reply>();
/** The tokens that may come back, and the reasoning that they stand for. */
const tokens = new Map<string, string>();

/** The Responses API of OpenAI. */
export const openAISubject = {
  name: "openai",
  models: MODELS,
  call,
  structuredCall,
  client: (url, { secret = "sk-test", headers } = {}) => client({ baseURL: `${url}/v1`, apiKey: secret, headers }),
  limiter,
  price: (input, output) => ({ input, output, cacheRead: 0 }),
  serve: (script) => serveScripts(wire, script),
  problems: (body) => problemsOf(body as Fields),
  traits: {
    resumesExactly: false,
    continuesInWords: true,
    cancels: false,
    endsWithBody: false,
    endsWithSign: true,
    starts: true,
    pings: true,
    thinking: true,
    countsEarly: false,
    joinsTools: true,
    textInputs: true,
    completesLate: false,
    sendsSecret: true,
  },
} as const satisfies Subject<OpenAINative>;

type Options = { readonly callParams?: object };

/** Every call of it in the background. */
function inBackground<C extends typeof call | typeof structuredCall>(define: C): C {
  const options = ({ callParams, ...others }: Options = {}): object => {
    return { ...others, callParams: { background: true, ...callParams } };
  };
  const calls = define as unknown as (model: string, ...rest: readonly unknown[]) => unknown;
  return ((model: string, ...rest: readonly unknown[]) =>
    rest.length === 1 ? calls(model, options(), rest[0]) : calls(model, options(rest[0] as Options), rest[1])) as C;
}

/** The same for replies that go on when the connection is lost. */
export const openAIBackgroundSubject: Subject<OpenAINative> = {
  ...openAISubject,
  name: "openai in the background",
  call: inBackground(call),
  structuredCall: inBackground(structuredCall),
  traits: { ...openAISubject.traits, resumesExactly: true, cancels: true },
};

const wire: Wire = {
  contentType: "text/event-stream; charset=utf-8",
  idHeader: "x-request-id",
  problems: ({ body, headers, path }) => [
    ...(headers["authorization"]?.startsWith("Bearer ") ? [] : ["there is no key"]),
    ...(path.startsWith("/v1/responses/") ? [] : problemsOf(body)),
  ],
  error: (message, retryAfterMs) => ({
    headers: {
      "content-type": "application/json",
      ...(retryAfterMs !== null && { "retry-after-ms": String(retryAfterMs) }),
    },
    body: JSON.stringify({ error: { message, type: "server_error", param: null, code: null } }),
  }),
  reply(script, { path }) {
    const { pathname, searchParams } = new URL(path, "http://127.0.0.1");
    const known = background.get(pathname.slice("/v1/responses/".length));
    if (known !== undefined) return known.resume(Number(searchParams.get("starting_after")));
    const started = new Reply(script);
    background.set(started.id, started);
    return started;
  },
  cancelledBy: (path) => /^\/v1\/responses\/(.+)\/cancel$/.exec(path)?.[1] ?? null,
};

type Fields = Readonly<Record<string, unknown>>;
type Event = Fields & { readonly type: string };

/** How each reason is written: the status, and the reason why it is not complete. */
const ENDS: Readonly<Record<CommonFinishReason, readonly [status: string, reason?: string]>> = {
  stop: ["completed"],
  tool_calls: ["completed"],
  length: ["incomplete", "max_output_tokens"],
  content_filter: ["incomplete", "content_filter"],
  pause: ["completed"],
  context_exceeded: ["incomplete", "context_length_exceeded"],
  compaction: ["completed"],
  unknown: ["incomplete", "future_reason"],
};

/** Writes a reply: its parts become items. */
class Reply implements WireReply {
  readonly id = `resp_${replies++}`;
  readonly #response: Fields;
  readonly #usage: { readonly input: number; readonly output: number } | null;
  readonly #output: Fields[] = [];
  #hasStarted = false;
  /** The frames so far, by the numbers of their events. */
  readonly #frames: string[] = [];
  /** How many parts were played, and how many of those of this exchange are to be passed over, since they were. */
  #played = 0;
  #passing = 0;
  /** What is written before the next part. */
  #due = "";
  /** The item that is open, and its text so far. */
  #open: { readonly item: Fields; text: string } | null = null;

  constructor({ beats = [], model = MODELS[0] }: Script) {
    this.#response = { id: this.id, object: "response", model, error: null, incomplete_details: null };
    const told = beats.findLast((beat): beat is Extract<Beat, { usage: unknown }> => "usage" in beat);
    this.#usage = told === undefined ? { input: 10, output: 25 } : told.usage;
  }

  /** Begins another exchange, with the events after one. Its script is that of the whole reply. */
  resume(sequence: number): this {
    this.#passing = this.#played;
    this.#due = this.#frames.slice(sequence + 1).join("");
    return this;
  }

  write(beat: WireBeat): string {
    const due = this.#due;
    this.#due = "";
    if ("malformed" in beat) return `${due}data: {]\n\n`;
    const isPart = ["text", "thinking", "tool", "tools", "finish"].some((kind) => kind in beat);
    if (isPart && this.#passing-- > 0) return due;
    if (isPart) this.#played++;
    const isKept = isPart || "start" in beat;
    const written = this.#events(beat).map((event) => {
      const json = JSON.stringify({ ...event, sequence_number: this.#frames.length });
      const frame = `event: ${event.type}\ndata: ${json}\n\n`;
      if (isKept) this.#frames.push(frame);
      return frame;
    });
    return due + written.join("");
  }

  end(): string {
    return this.#due;
  }

  #events(beat: Exclude<WireBeat, { malformed: unknown }>): Event[] {
    if ("usage" in beat) return [];
    if ("ping" in beat) return [{ type: "keepalive" }];
    if ("error" in beat) {
      const code = beat.retryable ? "server_error" : "invalid_prompt";
      return [{ type: "error", error: { type: code, code, message: beat.error, param: null } }];
    }
    if ("start" in beat) return this.#start();
    if ("tools" in beat) return [this.#whole(beat.tools.map(({ tool, input }) => functionCall(tool, input)))];
    const start = this.#start();
    if ("finish" in beat)
      return [...start, ...this.#close(ENDS[beat.finish][0] === "incomplete"), this.#finish(beat.finish)];
    if ("tool" in beat) return [...start, ...this.#tool(beat)];
    return [...start, ...("text" in beat ? this.#text(beat.text) : this.#thought(beat.thinking))];
  }

  #start(): Event[] {
    if (this.#hasStarted) return [];
    this.#hasStarted = true;
    const response = { ...this.#response, status: "in_progress", output: [], usage: null };
    return [
      { type: "response.created", response },
      { type: "response.in_progress", response },
    ];
  }

  #text(delta: string): Event[] {
    const opened =
      this.#open?.item["type"] === "message"
        ? []
        : [
            ...this.#openItem({ id: `msg_${items++}`, type: "message", role: "assistant", content: [] }),
            this.#of({ type: "response.content_part.added", content_index: 0, part: outputText("") }),
          ];
    if (this.#open !== null) this.#open.text += delta;
    return [...opened, this.#of({ type: "response.output_text.delta", content_index: 0, delta, logprobs: [] })];
  }

  #thought(delta: string): Event[] {
    // The token at the beginning is another one, and may not come back.
    const item = { id: `rs_${items++}`, type: "reasoning", summary: [], encrypted_content: "early" };
    const part = { type: "summary_text", text: "" };
    const opened =
      this.#open?.item["type"] === "reasoning"
        ? []
        : [
            ...this.#openItem(item),
            this.#of({ type: "response.reasoning_summary_part.added", summary_index: 0, part }),
          ];
    if (this.#open !== null) this.#open.text += delta;
    return [...opened, this.#of({ type: "response.reasoning_summary_text.delta", summary_index: 0, delta })];
  }

  #tool({ tool, input, pieces = 1, isCut = false }: Extract<Beat, { tool: string }>): Event[] {
    const size = Math.max(1, Math.ceil(input.length / pieces));
    const fragments = input.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    const opened = this.#openItem({ ...functionCall(tool, ""), status: "in_progress" });
    if (this.#open !== null) this.#open.text = input;
    return [
      ...opened,
      ...fragments.map((delta) => this.#of({ type: "response.function_call_arguments.delta", delta })),
      ...(isCut ? [] : this.#close()),
    ];
  }

  #openItem(item: Fields): Event[] {
    const closed = this.#close();
    this.#open = { item, text: "" };
    return [...closed, { type: "response.output_item.added", output_index: this.#output.length, item }];
  }

  /** @param isCut - The API closes the item all the same, and says so. */
  #close(isCut = false): Event[] {
    if (this.#open === null) return [];
    const { item, text } = this.#open;
    const whole = wholeItem(item, text, isCut);
    const type = item["type"];
    const done =
      type === "message"
        ? [
            this.#of({ type: "response.output_text.done", content_index: 0, text, logprobs: [] }),
            this.#of({ type: "response.content_part.done", content_index: 0, part: outputText(text) }),
          ]
        : type === "reasoning"
          ? [this.#of({ type: "response.reasoning_summary_text.done", summary_index: 0, text })]
          : [this.#of({ type: "response.function_call_arguments.done", arguments: text })];
    const index = this.#output.push(whole) - 1;
    this.#open = null;
    return [...done, { type: "response.output_item.done", output_index: index, item: whole }];
  }

  /** An event of the item that is open. */
  #of(event: Event): Event {
    return { ...event, item_id: this.#open?.item["id"], output_index: this.#output.length };
  }

  #finish(finish: CommonFinishReason): Event {
    const [status, reason] = ENDS[finish];
    const { input = 0, output = 0 } = this.#usage ?? {};
    const usage = this.#usage && { input_tokens: input, output_tokens: output, total_tokens: input + output };
    const incomplete_details = reason === undefined ? null : { reason };
    const response = { ...this.#response, status, incomplete_details, output: this.#output, usage };
    // Without a call only xAI can say so, in its own way.
    const isOdd = finish === "tool_calls" && this.#output.every(({ type }) => type !== "function_call");
    if (isOdd) return { type: "response.done", response: { ...response, status: finish } };
    return { type: `response.${status}`, response };
  }

  /** The reply in one event. */
  #whole(calls: readonly Fields[]): Event {
    this.#output.push(...calls);
    return this.#finish("tool_calls");
  }
}

function outputText(text: string): Fields {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function functionCall(name: string, text: string): Fields {
  // Ids are new in each reply, as the API's are.
  const id = `fc_${items++}`;
  return { id, type: "function_call", status: "completed", call_id: `call_${id}`, name, arguments: text };
}

function wholeItem(item: Fields, text: string, isCut: boolean): Fields {
  const status = isCut ? "incomplete" : "completed";
  if (item["type"] === "message") return { ...item, status, content: [outputText(text)] };
  if (item["type"] === "function_call") return { ...item, status, arguments: text };
  const token = `token_${tokens.size}`;
  tokens.set(token, text);
  return { ...item, summary: [{ type: "summary_text", text }], encrypted_content: token };
}

const KNOWN =
  /^(model|input|stream|include|tools|tool_choice|parallel_tool_calls|instructions|text|reasoning|metadata|store|background|max_output_tokens|temperature|top_p|service_tier)$/;

/** What the API would refuse about a body, as its reference lists it. */
function problemsOf(body: Fields): readonly string[] {
  const found = Object.keys(body).flatMap((key) => (KNOWN.test(key) ? [] : [`unknown parameter ${key}`]));
  const { input, model } = body;
  if (typeof model !== "string") found.push("model is missing");
  if (!Array.isArray(input) || input.length === 0) return [...found, "input is missing"];
  const called = new Set<unknown>();
  const open = new Set<unknown>();
  (input as Fields[]).forEach((item, place) => {
    const problem = (text: string): void => void found.push(`input.${place} (${String(item["type"])}) ${text}`);
    const { role, type = "message", content, call_id, arguments: args, output } = item;
    if (isDeeper(item, 1_000)) problem("is nested too deeply");
    if (!isWellFormed(item)) problem("has half a character");
    switch (type) {
      case "message":
        if (!["user", "assistant", "system", "developer"].includes(String(role))) problem("has no role");
        if (typeof content === "string") break;
        if (!Array.isArray(content) || content.length === 0) return problem("has no content");
        for (const part of content as Fields[]) {
          const isFit = role === "assistant" ? /^(output_text|refusal)$/ : /^input_(text|image|file)$/;
          if (!isFit.test(String(part["type"]))) problem(`has a part ${String(part["type"])}`);
        }
        break;
      case "function_call":
        if (typeof args !== "string" || typeof item["name"] !== "string") problem("has no arguments or no name");
        if (called.has(call_id)) problem("has the id of another");
        called.add(call_id);
        open.add(call_id);
        break;
      case "function_call_output":
        if (!open.delete(call_id)) problem("answers no call");
        if (typeof output !== "string" && !Array.isArray(output)) problem("has no output");
        break;
      case "reasoning":
        if (!Array.isArray(item["summary"])) problem("has no summary");
        if (tokens.get(String(item["encrypted_content"])) !== summaryOf(item)) problem("is not what was sent");
        if (!/^(message|function_call)$/.test(String((input[place + 1] as Fields | undefined)?.["type"])))
          problem("was provided without its required following item");
        break;
      default:
        problem("is of an unknown type");
    }
  });
  for (const id of open) found.push(`No tool output found for function call ${String(id)}`);
  for (const tool of (body["tools"] ?? []) as Fields[]) {
    if (tool["type"] === "function" && !("parameters" in tool && "strict" in tool)) found.push("a tool is not whole");
  }
  return found;
}

function summaryOf({ summary }: Fields): string {
  return (summary as readonly { readonly text: string }[]).map(({ text }) => text).join("");
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return !/\p{Surrogate}/u.test(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isWellFormed);
}
