import type { JsonObject } from "../json.ts";

/** The servers whose Chat Completions a fake can imitate. */
export type Dialect =
  | "openai"
  | "openrouter"
  | "groq"
  | "deepseek"
  | "mistral"
  | "xai"
  | "together"
  | "fireworks"
  | "vllm"
  | "llamacpp"
  | "ollama"
  | "lmstudio"
  | "azure"
  | "gemini"
  | "anthropic";

/** How a server's Chat Completions differ from OpenAI's. Each line is from the reference; none is guessed. */
export interface DialectRules {
  /** Whether it refuses what it does not know. */
  readonly isStrict: boolean;
  /** The fields of deltas and messages that carry reasoning. */
  readonly reasoning: readonly ("reasoning" | "reasoning_content" | "reasoning_details" | "thinking")[];
  /** When usage is sent: if it was asked for, in the last chunk unasked, on every chunk, or in `x_groq`. */
  readonly usage: "asked" | "finish" | "each" | "x_groq";
  /** Whether the usage chunk has a choice with an empty delta, and comes after the finish reason. */
  readonly usageHasChoice: boolean;
  /** Whether each chunk has the role. */
  readonly repeatsRole: boolean;
  /** How calls of tools are sent. */
  readonly calls: "pieces" | "whole";
  /** The index of the n-th call; undefined to leave it out. */
  readonly callIndex: (place: number) => number | undefined;
  /** Whether calls have a `type`. */
  readonly hasCallType: boolean;
  /** Whether a finish reason that is not there yet is null, or left out. */
  readonly finish: "null" | "absent";
  /** The names of finish reasons that differ. */
  readonly finishNames: Readonly<Record<string, string>>;
  /** Whether fields without a value are left out. */
  readonly leavesOutNulls: boolean;
  /** The comment that is sent before the first chunk. */
  readonly comment: string | null;
  /** Whether chunks have an `obfuscation`. */
  readonly obfuscates: boolean;
  /** Whether `completion_tokens` leave out reasoning. */
  readonly reasoningBeside: boolean;
  /** The pattern of ids of calls in requests. */
  readonly callId: RegExp | null;
  /** Whether the arguments of calls in requests must be JSON. */
  readonly parsesArguments: boolean;
  /** What an assistant's message with calls must have. */
  readonly wants: "reasoning_content" | "thought_signature" | null;
  /** Whether it knows the role `developer`. */
  readonly knowsDeveloper: boolean;
  /** A chunk without choices that comes before the first one. */
  readonly opening: JsonObject | null;
  /** Fields of every choice. */
  readonly inChoice: JsonObject;
  /** Fields of the first chunk, of every chunk, and of the last. */
  readonly first: JsonObject;
  readonly every: JsonObject;
  readonly last: JsonObject;
}

const openai: DialectRules = {
  isStrict: true,
  reasoning: [],
  usage: "asked",
  usageHasChoice: false,
  repeatsRole: false,
  calls: "pieces",
  callIndex: (place) => place,
  hasCallType: true,
  finish: "null",
  finishNames: {},
  leavesOutNulls: false,
  comment: null,
  obfuscates: true,
  reasoningBeside: false,
  callId: null,
  parsesArguments: false,
  wants: null,
  knowsDeveloper: true,
  opening: null,
  inChoice: {},
  first: {},
  every: {},
  last: {},
};

const compatible: DialectRules = { ...openai, isStrict: false, obfuscates: false, knowsDeveloper: false };

/** What Azure's filters found. */
const SAFE: JsonObject = {
  hate: { filtered: false, severity: "safe" },
  self_harm: { filtered: false, severity: "safe" },
  sexual: { filtered: false, severity: "safe" },
  violence: { filtered: false, severity: "safe" },
};
/** What a signature of Gemini looks like. */
const SIGNATURE = "CiQBjz1rX6NxZmFrZQ==";

/** The rules of each server. */
export const dialects: Readonly<Record<Dialect, DialectRules>> = {
  openai,
  openrouter: {
    ...compatible,
    reasoning: ["reasoning", "reasoning_details"],
    usageHasChoice: true,
    repeatsRole: true,
    comment: "OPENROUTER PROCESSING",
    every: { provider: "Fake" },
  },
  groq: {
    ...compatible,
    reasoning: ["reasoning"],
    usage: "x_groq",
    first: { x_groq: { id: "req_01fake" } },
  },
  deepseek: {
    ...compatible,
    reasoning: ["reasoning_content"],
    usage: "finish",
    wants: "reasoning_content",
  },
  mistral: {
    ...compatible,
    isStrict: true,
    reasoning: ["thinking"],
    usage: "finish",
    calls: "whole",
    callIndex: () => undefined,
    hasCallType: false,
    finishNames: { length: "model_length" },
    callId: /^[a-zA-Z0-9]{9}$/,
    parsesArguments: true,
  },
  xai: {
    ...compatible,
    reasoning: ["reasoning_content"],
    usage: "asked",
    calls: "whole",
    finish: "absent",
    reasoningBeside: true,
  },
  together: { ...compatible, reasoning: ["reasoning"], finishNames: { stop: "eos" } },
  fireworks: { ...compatible, reasoning: ["reasoning_content"], usage: "finish" },
  vllm: { ...compatible, reasoning: ["reasoning"], leavesOutNulls: true, parsesArguments: true },
  llamacpp: {
    ...compatible,
    reasoning: ["reasoning_content"],
    parsesArguments: true,
    last: { timings: { prompt_n: 1, predicted_n: 1 } },
  },
  ollama: {
    ...compatible,
    reasoning: ["reasoning"],
    calls: "whole",
    callIndex: () => 0,
    parsesArguments: true,
  },
  lmstudio: { ...compatible, reasoning: ["reasoning_content"], last: { stats: {} } },
  azure: {
    ...openai,
    obfuscates: false,
    opening: {
      choices: [],
      created: 0,
      id: "",
      model: "",
      object: "",
      prompt_filter_results: [{ prompt_index: 0, content_filter_results: SAFE }],
    },
    inChoice: { content_filter_results: SAFE },
  },
  gemini: { ...compatible, callIndex: () => undefined, wants: "thought_signature" },
  anthropic: { ...compatible, callIndex: (place) => place + 1 },
};

/** The `extra_content` of a call at Gemini, which must be sent back. */
export const thoughtSignature: JsonObject = { google: { thought_signature: SIGNATURE } };
