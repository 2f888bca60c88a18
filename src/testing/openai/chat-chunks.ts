import type { JsonObject } from "../json.ts";
import type { Random } from "../random.ts";
import type { ReplyOptions } from "../script.ts";
import type { WireEvent } from "../wire.ts";
import { type DialectRules, thoughtSignature } from "./dialect.ts";
import { type Call, type Counted, finishOf, type Output } from "./output.ts";
import { errorObject, usualProblem } from "./problem.ts";

/** When every reply was created. */
export const CREATED = 1_795_800_000;

/** What a reply depends on in the request. */
export interface ChatAsked {
  readonly model: string;
  /** How many choices. */
  readonly n: number;
  readonly logprobs: boolean;
  readonly usage: boolean;
  readonly obfuscates: boolean;
}

type Delta = JsonObject;

/** The chunks of a reply, as a server of this dialect would send them, without what ends the stream. */
export function chatChunks(
  outputs: readonly Output[],
  options: ReplyOptions,
  asked: ChatAsked,
  counted: Counted,
  rules: DialectRules,
  random: Random,
): WireEvent[] {
  const writer = new ChunkWriter(options, asked, rules, random);
  writer.first(outputs.find(({ kind }) => kind !== "pause")?.kind);
  const calls: Call[] = [];
  for (const output of outputs) {
    if (output.kind === "pause") writer.pause(output.ms);
    else if (output.kind === "event") writer.raw(output.event);
    else if (output.kind === "error") {
      const problem = usualProblem(500, output.type, output.message);
      writer.raw({ error: errorObject(problem) });
      return writer.events;
    } else if (output.kind === "call") {
      for (const delta of callDeltas(output, calls.length, rules, random)) writer.delta({ tool_calls: [delta] });
      calls.push(output);
    } else if (output.kind !== "item") {
      for (const delta of textDeltas(output.kind, output.pieces, rules)) writer.delta(delta);
    }
  }
  writer.finish(finishOf(outputs, options), chatUsage(counted, rules));
  return writer.events;
}

/** Makes chunks, each for every choice in turn. */
class ChunkWriter {
  readonly events: WireEvent[] = [];
  readonly #options: ReplyOptions;
  readonly #asked: ChatAsked;
  readonly #rules: DialectRules;
  readonly #random: Random;
  readonly #base: JsonObject;
  #pause = 0;

  constructor(options: ReplyOptions, asked: ChatAsked, rules: DialectRules, random: Random) {
    this.#options = options;
    this.#asked = asked;
    this.#rules = rules;
    this.#random = random;
    this.#base = {
      id: options.id ?? random.id("chatcmpl-"),
      object: "chat.completion.chunk",
      created: CREATED,
      model: options.model ?? asked.model,
      ...(rules.isStrict ? { service_tier: "default", system_fingerprint: "fp_fake" } : {}),
      ...rules.every,
      ...options.message,
    };
  }

  /** The chunk with the role. */
  first(kind: Output["kind"] | undefined): void {
    const isText = kind !== "call" && kind !== "refusal";
    if (this.#rules.opening !== null) this.#push(this.#rules.opening);
    this.#each({ role: "assistant", content: isText ? "" : null, refusal: null }, null, this.#rules.first);
  }

  delta(delta: Delta): void {
    const text = delta["content"] ?? delta["refusal"];
    const logprobs = this.#asked.logprobs && typeof text === "string" ? logprobsOf(text, "refusal" in delta) : null;
    this.#each(this.#rules.repeatsRole ? { role: "assistant", ...delta } : delta, null, {}, { logprobs });
  }

  raw(event: JsonObject): void {
    this.#push(event);
  }

  pause(ms: number): void {
    this.#pause += ms;
  }

  /** The chunk with the finish reason, and that with usage. */
  finish(reason: string | null, usage: JsonObject): void {
    const { usage: when, usageHasChoice, finishNames, last } = this.#rules;
    const name = reason === null ? null : (finishNames[reason] ?? reason);
    const withUsage = { ...last, ...(when === "finish" ? { usage } : when === "x_groq" ? groqUsage(usage) : {}) };
    if (name !== null) this.#each({}, name, withUsage);
    if (!this.#asked.usage || when === "finish") return;
    const empty = { index: 0, delta: { role: "assistant", content: "" }, finish_reason: null };
    this.#push({ ...this.#chunk(), choices: usageHasChoice ? [empty] : [], usage });
  }

  #each(delta: Delta, finish: string | null, more: JsonObject, inChoice: JsonObject = { logprobs: null }): void {
    const { finish: missing, leavesOutNulls } = this.#rules;
    for (let index = 0; index < this.#asked.n; index++) {
      const ends = finish === null && missing === "absent" ? {} : { finish_reason: finish };
      const choice = { index, delta, ...inChoice, ...ends, ...this.#rules.inChoice };
      const chunk = { ...this.#chunk(), choices: [choice], ...more };
      this.#push(leavesOutNulls ? (withoutNulls(chunk) as JsonObject) : chunk);
    }
  }

  #chunk(): JsonObject {
    return { ...this.#base, ...(this.#asked.usage && this.#rules.usage === "asked" ? { usage: null } : {}) };
  }

  #push(event: JsonObject): void {
    const padded =
      this.#asked.obfuscates && this.#rules.obfuscates && this.#options.pad !== false && "choices" in event
        ? { ...event, obfuscation: this.#random.base64(1 + this.#random.integer(12)).replace(/\W/g, "x") }
        : event;
    this.events.push(this.#pause === 0 ? { data: padded } : { data: padded, pause: this.#pause });
    this.#pause = 0;
  }
}

function groqUsage(usage: JsonObject): JsonObject {
  return { x_groq: { id: "req_01fake", usage } };
}

/** One token for each piece of text. */
function logprobsOf(text: string, isRefusal: boolean): JsonObject {
  const tokens = text === "" ? [] : [{ token: text, logprob: -0.25, bytes: [...Buffer.from(text)], top_logprobs: [] }];
  return isRefusal ? { content: null, refusal: tokens } : { content: tokens, refusal: null };
}

function textDeltas(kind: "text" | "reasoning" | "refusal", pieces: readonly string[], rules: DialectRules): Delta[] {
  if (kind === "text") return pieces.map((content) => ({ content }));
  if (kind === "refusal") return pieces.map((refusal) => ({ refusal }));
  const { reasoning } = rules;
  // OpenAI is silent while a model reasons here.
  if (reasoning.length === 0) return [];
  if (reasoning.includes("thinking")) {
    return pieces.map((text) => ({ content: [{ type: "thinking", thinking: [{ type: "text", text }] }] }));
  }
  return pieces.map((text) =>
    Object.fromEntries(
      reasoning.map((name) => [
        name,
        name === "reasoning_details" ? [{ type: "reasoning.text", text, format: "unknown", index: 0 }] : text,
      ]),
    ),
  );
}

function callDeltas(call: Call, place: number, rules: DialectRules, random: Random): JsonObject[] {
  const index = rules.callIndex(place);
  const at = index === undefined ? {} : { index };
  const id = call.id ?? (rules.callId === null ? random.id("call_") : random.base64(9).replace(/\W/g, "x"));
  const typed = rules.hasCallType ? { type: call.type } : {};
  const signed = rules.wants === "thought_signature" ? { extra_content: thoughtSignature } : {};
  const text = call.pieces.join("");
  const part = (name: string | null, written: string): JsonObject => {
    const named = name === null ? {} : { name };
    return call.type === "custom"
      ? { custom: { ...named, input: written } }
      : { function: { ...named, arguments: written } };
  };
  if (rules.calls === "whole") return [{ ...at, id, ...typed, ...signed, ...part(call.name, text) }];
  return [
    { ...at, id, ...typed, ...signed, ...part(call.name, "") },
    ...call.pieces.map((piece) => ({ ...at, ...part(null, piece) })),
  ];
}

/** Usage under the names of Chat Completions. */
export function chatUsage(
  { input, cached, written, output, reasoning, more }: Counted,
  rules: DialectRules,
): JsonObject {
  return {
    prompt_tokens: input,
    completion_tokens: rules.reasoningBeside ? output - reasoning : output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: cached,
      ...(written > 0 ? { cache_write_tokens: written } : {}),
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
    ...more,
  };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(kept.map(([name, part]) => [name, withoutNulls(part)]));
}
