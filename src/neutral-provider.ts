/** The providers by the prefix of a model's id. Their code is loaded when it is first needed. */

import { InvalidOptionError, type ReportedUsage, StreamNotStartedError } from "./errors.ts";
import type { ResponseChunk, OwnChunk } from "./provider/chunk.ts";
import type { CommonMessage } from "./prompt/common-message.ts";
import type { MessageLike } from "./prompt/message.ts";
import type { CommonFinishReason, Native, StreamKinds } from "./provider/native.ts";
import type { Provider } from "./provider/provider.ts";
import type { AnthropicNative } from "./providers/anthropic/native.ts";
import type { OpenAINative } from "./providers/openai/native.ts";
import type { DialectName } from "./providers/openai-chat/dialects.ts";
import type { OpenAIChatNative } from "./providers/openai-chat/native.ts";
import { anObject, shown } from "./schema/option-form.ts";
import type { CallResponse } from "./stream/response.ts";
import type { Stream } from "./stream/stream.ts";
import type { StructuredProvider } from "./structured/define-structured-calls.ts";
import type { StructuredStream } from "./structured/structured-stream.ts";
import type { PairTypes } from "./tool/pair.ts";

/** The native types of each provider, by the prefix of its ids. */
export interface Natives {
  /** The Messages API of Anthropic. */
  readonly anthropic: AnthropicNative;
  /** The Responses API. */
  readonly openai: OpenAINative;
  // Servers of Chat Completions, by their dialects.
  /** Azure OpenAI. */
  readonly azure: OpenAIChatNative;
  /** DeepSeek. */
  readonly deepseek: OpenAIChatNative;
  /** Fireworks. */
  readonly fireworks: OpenAIChatNative;
  /** Groq. */
  readonly groq: OpenAIChatNative;
  /** LM Studio, on this machine. */
  readonly lmstudio: OpenAIChatNative;
  /** Mistral. */
  readonly mistral: OpenAIChatNative;
  /** Ollama, on this machine. */
  readonly ollama: OpenAIChatNative;
  /** OpenRouter. */
  readonly openrouter: OpenAIChatNative;
  /** Together. */
  readonly together: OpenAIChatNative;
  /** vLLM, on this machine. */
  readonly vllm: OpenAIChatNative;
  /** xAI. */
  readonly xai: OpenAIChatNative;
}

/** The types that depend on the tools of a call whose provider is not known. @internal */
export interface NeutralKinds extends StreamKinds {
  readonly stream: Stream<NeutralNative, Extract<this["tools"], PairTypes>>;
  readonly response: CallResponse<NeutralNative, Extract<this["tools"], PairTypes>>;
  readonly structuredStream: StructuredStream<NeutralNative, this["model"], this["arriving"]>;
}

/** The types of a call whose provider is only known when it runs. */
export interface NeutralNative extends Native {
  readonly name: string;
  readonly entry: "millrace";
  readonly model: string;
  readonly event: object;
  readonly chunk: ResponseChunk;
  readonly ownChunk: OwnChunk;
  readonly toolCall: object;
  readonly role: string;
  readonly promptMessage: MessageLike | CommonMessage;
  readonly usage: ReportedUsage;
  readonly finishReason: string;
  readonly callParams: Readonly<Record<string, unknown>>;
  readonly body: object;
  readonly client: object;
  readonly kinds: NeutralKinds;
}

/** How a provider is loaded. */
interface Row {
  readonly name: string;
  readonly label: string;
  /** The names of the accessors that only its streams and responses have. */
  readonly accessors: readonly string[];
  /** Gives its {@link StructuredProvider}. */
  load(): Promise<unknown>;
}

const ROWS: { readonly [Prefix in keyof Natives]: Row } = {
  anthropic: {
    name: "anthropic",
    label: "Anthropic",
    accessors: ["signature", "container"] satisfies readonly (keyof AnthropicNative["accessors"])[],
    load: async () => (await import("./providers/anthropic/structured.ts")).structuredAnthropic,
  },
  openai: {
    name: "openai",
    label: "OpenAI",
    accessors: ["refusal"] satisfies readonly (keyof OpenAINative["accessors"])[],
    load: async () => (await import("./providers/openai/structured.ts")).structuredOpenAI,
  },
  azure: chat("azure"),
  deepseek: chat("deepseek"),
  fireworks: chat("fireworks"),
  groq: chat("groq"),
  lmstudio: chat("lmstudio"),
  mistral: chat("mistral"),
  ollama: chat("ollama"),
  openrouter: chat("openrouter"),
  together: chat("together"),
  vllm: chat("vllm"),
  xai: chat("xai"),
};

/** A server of Chat Completions. Calls without a client of their own ask it. */
function chat(dialect: DialectName): Row {
  return {
    name: "openai-chat",
    label: "OpenAIChat",
    accessors: ["refusal", "audio", "audioTranscript"] satisfies readonly (keyof OpenAIChatNative["accessors"])[],
    async load() {
      const { structuredOpenAIChat, client } = await import("./providers/openai-chat/structured.ts");
      const { provider } = structuredOpenAIChat;
      const own = client({ dialect });
      const groupAt = (group: string): string => `${dialect}/${group}`;
      const server: Provider<OpenAIChatNative> = {
        ...provider,
        encode: (prompt) => provider.encode({ ...prompt, client: prompt.client ?? own }),
        limitGroup: (model) => groupAt(provider.limitGroup(model)),
        rateLimit(response) {
          const limit = provider.rateLimit(response);
          return limit && { ...limit, group: groupAt(limit.group) };
        },
      };
      return { ...structuredOpenAIChat, provider: server };
    },
  };
}

/** The prefixes of ids. */
export const PREFIXES = Object.keys(ROWS) as (keyof Natives)[];

/** A provider whose code is loaded when it is first needed. */
export interface DeferredProvider extends Provider<NeutralNative> {
  /** How its bodies are made to ask for JSON. Null before it was loaded. */
  structured: Pick<StructuredProvider<NeutralNative>, "formatBody" | "hasTools"> | null;
}

const deferred = new Map<string, DeferredProvider>();

/** The provider of ids that begin so. */
export function providerOf(prefix: keyof Natives): DeferredProvider {
  const known = deferred.get(prefix) ?? defer(ROWS[prefix]);
  deferred.set(prefix, known);
  return known;
}

/**
 * Loads the provider whose streams have this name.
 *
 * @throws InvalidOptionError if there is none.
 */
export async function loadProvider(name: string): Promise<Provider<Native>> {
  const prefix = PREFIXES.find((known) => ROWS[known].name === name);
  if (prefix === undefined)
    throw new InvalidOptionError("provider", `${shown(name)} is not known here: pass the call.`);
  const loaded = (await ROWS[prefix].load()) as StructuredProvider<Native>;
  return loaded.provider;
}

function defer({ name, label, accessors, load }: Row): DeferredProvider {
  let loading: Promise<void> | undefined;
  const loadNow = async (): Promise<void> => {
    try {
      // Its messages are of its own types, which the neutral ones leave open.
      const loaded = (await load()) as StructuredProvider<NeutralNative>;
      Object.assign(provider, loaded.provider, { structured: loaded, load: undefined });
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
  const provider = { ...unloaded(name, label, accessors), load: () => (loading ??= loadNow()) };
  return provider;
}

/** Stands for a provider before its code is loaded: it knows its names, and that there is no reply yet. */
function unloaded(name: string, label: string, accessors: readonly string[]): DeferredProvider {
  const notYet = (accessor: string) => (): never => {
    throw new StreamNotStartedError(accessor);
  };
  return {
    name,
    label,
    entry: "millrace",
    structured: null,
    optionForms: { callParams: anObject, prices: anObject },
    nativeParams: notYet("callParams"),
    encode: notYet("callKwargs"),
    createDecoder: notYet("message"),
    createEventFrames: notYet("message"),
    createChunk: notYet("message"),
    sendable: (items) => items,
    turn: notYet("messageParam"),
    common: () => [],
    toolResults: () => [],
    continuation: () => ({ items: [], withheld: 0 }),
    errorFromResponse: () => null,
    requestId: () => null,
    limitGroup: (model) => model,
    rateLimit: () => null,
    views: {
      id: () => null,
      model: () => null,
      content: () => "",
      thinking: () => "",
      finishReasons: () => [],
      commonFinishReasons: (): CommonFinishReason[] => [],
      usage: notYet("usage"),
      commonUsage: notYet("commonUsage"),
      cost: notYet("cost"),
      userMessageParam: () => null,
    },
    accessors: () => Object.fromEntries(accessors.map((accessor) => [accessor, null])),
  };
}
