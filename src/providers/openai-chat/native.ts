import type { ReportedUsage } from "../../errors.ts";
import type { Client } from "../../http/client.ts";
import type { DynamicConfig } from "../../prompt/dynamic-config.ts";
import type { Message, MessageLike } from "../../prompt/message.ts";
import type { Native, StreamKinds } from "../../provider/native.ts";
import type { PairTool, PairTypes } from "../../tool/pair.ts";
import type { AnyTool, Tool } from "../../tool/tool.ts";
import type { OpenAIChatModel } from "../openai-platform/models.ts";
import type { OpenAICostMetadata, OpenAIPrices } from "../openai-platform/price.ts";
import type { OpenAIUsage } from "../openai-platform/usage.ts";
import type { OpenAIChatCallResponseChunk, OpenAIChatOwnChunk } from "./chunk.ts";
import type { ChatFrame } from "./frames.ts";
import type { ChatMessageParam } from "./message-param.ts";
import type { OpenAIChatCallParams } from "./params.ts";
import type { SdkClient } from "./sdk-client.ts";
import type { OpenAIChatCallResponse, OpenAIChatStream } from "./stream.ts";
import type { OpenAIChatStructuredStream } from "./structured.ts";
import type { ToolParam } from "./tool-param.ts";
import type { ChatCompletion, ChatCompletionChunk, ChatUsage, FinishReason, FunctionToolCall } from "./wire.ts";

/** The provider's name in model ids and on streams. */
export const PROVIDER = "openai-chat";
/** The provider's name in errors. */
export const LABEL = "OpenAIChat";

/** Usage as the server reports it, and how far to trust it. */
export type OpenAIChatUsage = ChatUsage & ReportedUsage;

/** The body of a request to Chat Completions. */
export type OpenAIChatBody = Readonly<Record<string, unknown>> & {
  readonly model: string;
  readonly messages: readonly ChatMessageParam[];
};

/**
 * The object that a prompt function may return to decide more than the messages. `D` are its tools: name them, and the
 * pairs of the call know their arguments and results.
 *
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import { call, type OpenAIChatDynamicConfig } from "millrace/openai/chat";
 *
 * const clock = tool({ name: "clock", description: "Tells the time.", call: () => new Date().toISOString() });
 * const ask = call("gpt-6.2-sol", { stream: true }, (question: string): OpenAIChatDynamicConfig<typeof clock> => ({
 *   messages: [{ role: "user", content: question }],
 *   tools: [clock],
 *   callParams: { max_completion_tokens: 1_000 },
 * }));
 * ```
 */
export type OpenAIChatDynamicConfig<D extends AnyTool | ToolParam = Tool | ToolParam> = DynamicConfig<
  Message | ChatMessageParam,
  OpenAIChatCallParams,
  Client | SdkClient,
  D
>;

/** What an asynchronous prompt function may return. */
export type AsyncOpenAIChatDynamicConfig<D extends AnyTool | ToolParam = Tool | ToolParam> = Promise<
  OpenAIChatDynamicConfig<D>
>;

/** Accessors that only these streams and responses have. All are those of the first choice. */
export interface OpenAIChatAccessors {
  /** Why the model refused, or null. */
  readonly refusal: string | null;
  /** What the model has said so far, in the format that was asked for; null if it said nothing. */
  readonly audio: Uint8Array | null;
  /** The words of {@link audio}, or null. */
  readonly audioTranscript: string | null;
}

/** The types of these streams and responses for the tools of a call. @internal */
export interface OpenAIChatKinds extends StreamKinds {
  readonly stream: OpenAIChatStream<Extract<this["tools"], PairTypes>>;
  readonly response: OpenAIChatCallResponse<Extract<this["tools"], PairTypes>>;
  readonly structuredStream: OpenAIChatStructuredStream<this["model"], this["arriving"]>;
}

/** The native types of Chat Completions. */
export interface OpenAIChatNative extends Native {
  readonly name: typeof PROVIDER;
  readonly entry: "millrace/openai/chat";
  readonly model: OpenAIChatModel;
  readonly event: ChatCompletionChunk;
  readonly frame: ChatFrame;
  readonly chunk: OpenAIChatCallResponseChunk;
  readonly ownChunk: OpenAIChatOwnChunk;
  readonly message: ChatCompletion;
  readonly item: ChatMessageParam;
  readonly turn: readonly ChatMessageParam[];
  readonly toolCall: FunctionToolCall;
  readonly toolParam: ToolParam;
  readonly role: ChatMessageParam["role"];
  readonly promptMessage: MessageLike | ChatMessageParam;
  readonly usage: OpenAIChatUsage;
  readonly commonUsage: OpenAIUsage;
  readonly costMetadata: OpenAICostMetadata;
  readonly prices: OpenAIPrices;
  readonly finishReason: FinishReason;
  readonly callParams: OpenAIChatCallParams;
  readonly body: OpenAIChatBody;
  readonly client: Client | SdkClient;
  readonly accessors: OpenAIChatAccessors;
  readonly kinds: OpenAIChatKinds;
}

/** A tool that the model asks for, as the pairs of a call with the tools `T` hold it; `toolCall` is the native call. */
export type OpenAIChatTool<T extends PairTypes = Tool> = NonNullable<PairTool<T, FunctionToolCall>>;
