import { call, client, limiter } from "../../src/providers/anthropic/index.ts";
import type { AnthropicNative } from "../../src/providers/anthropic/native.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";
import type { CommonFinishReason } from "../../src/provider/native.ts";
import { SentBlocks } from "../../src/testing/anthropic/sent.ts";
import { bodyProblem } from "../../src/testing/anthropic/validate.ts";
import { serveScripts, type Wire, type WireBeat, type WireReply } from "./script-server.ts";
import type { Beat, Script, Subject } from "./subject.ts";

const MODELS = ["claude-sonnet-5-5", "claude-haiku-5-5"] as const;

/** What was sent: thinking has to come back as it was. */
const sent = new SentBlocks();
let replies = 0;
let calls = 0;

/** The Messages API of Anthropic. */
export const anthropicSubject: Subject<AnthropicNative> = {
  name: "anthropic",
  models: MODELS,
  call,
  structuredCall,
  client: (url, { secret = "sk-test", headers } = {}) => client({ baseURL: url, apiKey: secret, headers }),
  limiter,
  price: (input, output) => ({ input, output, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 }),
  serve: (script) => serveScripts(wire, script),
  problems: (body) => problemsOf(body as Record<string, unknown>, { "anthropic-version": "2023-06-01" }),
  traits: {
    resumesExactly: false,
    continuesInWords: true,
    cancels: false,
    endsWithBody: false,
    endsWithSign: false,
    starts: true,
    pings: true,
    thinking: true,
    countsEarly: true,
    joinsTools: true,
    textInputs: true,
    completesLate: false,
    sendsSecret: true,
  },
};

const wire: Wire = {
  contentType: "text/event-stream; charset=utf-8",
  idHeader: "request-id",
  problems: ({ body, headers }) => problemsOf(body, headers),
  error: (message, retryAfterMs) => ({
    headers: {
      "content-type": "application/json",
      ...(retryAfterMs !== null && { "retry-after": String(retryAfterMs / 1000) }),
    },
    body: JSON.stringify({ type: "error", error: { type: "api_error", message } }),
  }),
  reply: (script) => new Reply(script),
};

function problemsOf(
  body: Record<string, unknown>,
  headers: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const rules = { validate: true, apiKey: undefined, models: ["house-model"], betas: [], fields: [], sent };
  const problem = bodyProblem(body, headers, "message", rules);
  return problem === null ? [] : [problem.message];
}

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

const STOP_REASONS: Readonly<Record<CommonFinishReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
  pause: "pause_turn",
  context_exceeded: "model_context_window_exceeded",
  compaction: "compaction",
  unknown: "future_reason",
};

/** Writes a reply: its parts become blocks. */
class Reply implements WireReply {
  readonly #model: string;
  readonly #usage: { readonly input: number; readonly output: number } | null;
  #hasStarted = false;
  #hasFinished = false;
  #index = -1;
  /** The type of the block that is open, and its text so far. */
  #open: { readonly type: string; text: string } | null = null;

  constructor({ beats = [], model = MODELS[0] }: Script) {
    this.#model = model;
    const told = beats.findLast((beat): beat is Extract<Beat, { usage: unknown }> => "usage" in beat);
    this.#usage = told === undefined ? { input: 10, output: 25 } : told.usage;
  }

  write(beat: WireBeat): string {
    if ("malformed" in beat) return "data: {]\n\n";
    return framed(this.#events(beat));
  }

  end(): string {
    return this.#hasFinished ? framed([...this.#close(), { type: "message_stop" }]) : "";
  }

  #events(beat: Exclude<WireBeat, { malformed: unknown }>): Event[] {
    if ("usage" in beat) return [];
    if ("ping" in beat) return [{ type: "ping" }];
    if ("error" in beat) {
      const type = beat.retryable ? "overloaded_error" : "invalid_request_error";
      return [{ type: "error", error: { type, message: beat.error } }];
    }
    if ("start" in beat) return this.#start();
    if ("tools" in beat) return this.#start(beat.tools.map(({ tool, input }) => toolUse(tool, JSON.parse(input))));
    if ("finish" in beat) return this.#finish(STOP_REASONS[beat.finish]);
    const start = this.#start();
    if ("tool" in beat) return [...start, ...this.#tool(beat)];
    const [type, text] = "text" in beat ? ["text", beat.text] : ["thinking", beat.thinking];
    const block = type === "text" ? { type, text: "" } : { type, thinking: "", signature: "" };
    const opened = this.#open?.type === type ? [] : this.#openBlock(block);
    if (this.#open !== null) this.#open.text += text;
    return [...start, ...opened, this.#delta({ type: `${type}_delta`, [type]: text })];
  }

  #start(content: readonly object[] = []): Event[] {
    if (this.#hasStarted) return [];
    this.#hasStarted = true;
    this.#index = content.length - 1;
    const usage = this.#usage && { input_tokens: this.#usage.input, output_tokens: 1 };
    const message = {
      id: `msg_${replies++}`,
      type: "message",
      role: "assistant",
      model: this.#model,
      content,
      stop_reason: null,
      stop_sequence: null,
      ...(usage && { usage }),
    };
    return [{ type: "message_start", message }];
  }

  #tool({ tool, input, pieces = 1, isCut = false }: Extract<Beat, { tool: string }>): Event[] {
    const size = Math.max(1, Math.ceil(input.length / pieces));
    const fragments = input.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    return [
      ...this.#openBlock(toolUse(tool, {})),
      ...fragments.map((partial_json) => this.#delta({ type: "input_json_delta", partial_json })),
      ...(isCut ? [] : this.#close()),
    ];
  }

  #finish(stop_reason: string): Event[] {
    this.#hasFinished = true;
    const usage = this.#usage && { output_tokens: this.#usage.output };
    const delta = { stop_reason, stop_sequence: null };
    return [...this.#start(), ...this.#close(), { type: "message_delta", delta, ...(usage && { usage }) }];
  }

  #openBlock(content_block: { readonly type: string }): Event[] {
    const closed = this.#close();
    this.#index++;
    this.#open = { type: content_block.type, text: "" };
    return [...closed, { type: "content_block_start", index: this.#index, content_block }];
  }

  #close(): Event[] {
    const block = this.#open;
    if (block === null) return [];
    this.#open = null;
    const stop = { type: "content_block_stop", index: this.#index };
    if (block.type !== "thinking") return [stop];
    const signature = Buffer.from(`${sent.thinking.size} ${block.text}`).toString("base64");
    sent.thinking.set(signature, block.text);
    return [this.#delta({ type: "signature_delta", signature }), stop];
  }

  #delta(delta: object): Event {
    return { type: "content_block_delta", index: this.#index, delta };
  }
}

interface ToolUse {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

function toolUse(name: string, input: unknown): ToolUse {
  // Ids are new in each reply, as the API's are.
  const id = `toolu_${calls++}`;
  return { type: "tool_use", id, name, input };
}

function framed(events: readonly Event[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}
