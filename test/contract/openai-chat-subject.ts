import type { CommonFinishReason } from "../../src/provider/native.ts";
import { call, client, limiter } from "../../src/providers/openai-chat/index.ts";
import type { OpenAIChatNative } from "../../src/providers/openai-chat/native.ts";
import { call as structuredCall } from "../../src/providers/openai-chat/structured.ts";
import { chatProblems } from "../openai-chat/chat-problems.ts";
import { serveScripts, type Wire, type WireBeat, type WireReply } from "./script-server.ts";
import type { Beat, Script, Subject } from "./subject.ts";

const MODELS = ["gpt-6-sol", "gpt-6-luna"] as const;

let replies = 0;
let calls = 0;

/** Chat Completions, of a server that shows its reasoning. */
export const openAIChatSubject: Subject<OpenAIChatNative> = {
  name: "openai-chat",
  models: MODELS,
  call,
  structuredCall,
  client: (url, { secret = "sk-test", headers } = {}) =>
    client({ baseURL: `${url}/v1`, apiKey: secret, ...(headers && { headers }) }),
  limiter,
  price: (input, output) => ({ input, output, cacheRead: 0 }),
  serve: (script) => serveScripts(wire, script),
  problems: chatProblems,
  traits: {
    resumesExactly: false,
    continuesInWords: true,
    cancels: false,
    endsWithBody: false,
    endsWithSign: false,
    starts: true,
    pings: true,
    thinking: true,
    countsEarly: false,
    joinsTools: false,
    textInputs: true,
    completesLate: true,
    sendsSecret: true,
  },
};

const wire: Wire = {
  contentType: "text/event-stream; charset=utf-8",
  idHeader: "x-request-id",
  problems: ({ body, headers }) => [
    ...(headers["authorization"]?.startsWith("Bearer ") === true ? [] : ["no key"]),
    ...chatProblems(body),
  ],
  error: (message, retryAfterMs) => ({
    headers: {
      "content-type": "application/json",
      ...(retryAfterMs !== null && { "retry-after": String(retryAfterMs / 1000) }),
    },
    body: JSON.stringify({ error: { message, type: "server_error", param: null, code: null } }),
  }),
  reply: (script) => new Reply(script),
};

const FINISH_REASONS: Readonly<Record<CommonFinishReason, string>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  pause: "future_reason",
  context_exceeded: "model_context_window_exceeded",
  compaction: "future_reason",
  unknown: "future_reason",
};

/** Writes a reply: its parts become deltas of one choice. */
class Reply implements WireReply {
  readonly #head: object;
  readonly #usage: { readonly input: number; readonly output: number } | null;
  #hasStarted = false;
  #hasFinished = false;
  #index = -1;

  constructor({ beats = [], model = MODELS[0] }: Script) {
    this.#head = { id: `chatcmpl-${replies++}`, object: "chat.completion.chunk", created: 1_795_800_000, model };
    const told = beats.findLast((beat): beat is Extract<Beat, { usage: unknown }> => "usage" in beat);
    this.#usage = told === undefined ? { input: 10, output: 25 } : told.usage;
  }

  write(beat: WireBeat): string {
    if ("malformed" in beat) return "data: {]\n\n";
    // The API itself sends none; gateways send comments.
    if ("ping" in beat) return ": PROCESSING\n\n";
    return this.#chunks(beat).map(framed).join("");
  }

  end(): string {
    return this.#hasFinished ? "data: [DONE]\n\n" : "";
  }

  #chunks(beat: Exclude<WireBeat, { malformed: unknown } | { ping: unknown }>): object[] {
    if ("usage" in beat) return [];
    if ("error" in beat) {
      const code = beat.retryable ? "server_error" : "invalid_request_error";
      return [{ error: { message: beat.error, type: code, param: null, code } }];
    }
    const start = this.#start();
    if ("start" in beat) return start;
    if ("finish" in beat) return [...start, ...this.#finish(FINISH_REASONS[beat.finish])];
    if ("text" in beat) return [...start, this.#delta({ content: beat.text })];
    if ("thinking" in beat) return [...start, this.#delta({ reasoning_content: beat.thinking })];
    const all = "tools" in beat ? beat.tools : [beat];
    return [...start, ...all.flatMap((one) => this.#tool(one))];
  }

  #start(): object[] {
    if (this.#hasStarted) return [];
    this.#hasStarted = true;
    return [this.#delta({ role: "assistant", content: "", refusal: null })];
  }

  #tool({ tool, input, pieces = 1 }: Omit<Extract<Beat, { tool: string }>, "isCut">): object[] {
    const index = ++this.#index;
    const size = Math.max(1, Math.ceil(input.length / pieces));
    const fragments = input.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    const id = `call_${calls++}`;
    return [
      this.#delta({ tool_calls: [{ index, id, type: "function", function: { name: tool, arguments: "" } }] }),
      ...fragments.map((text) => this.#delta({ tool_calls: [{ index, function: { arguments: text } }] })),
    ];
  }

  #finish(finish_reason: string): object[] {
    this.#hasFinished = true;
    const end = { ...this.#head, choices: [{ index: 0, delta: {}, finish_reason }], usage: null };
    if (this.#usage === null) return [end];
    const { input, output } = this.#usage;
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    return [end, { ...this.#head, choices: [], usage }];
  }

  #delta(delta: object): object {
    return { ...this.#head, choices: [{ index: 0, delta, finish_reason: null }], usage: null };
  }
}

function framed(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
