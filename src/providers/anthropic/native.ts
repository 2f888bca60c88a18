import type { ReportedUsage } from "../../errors.ts";
import type { Message, MessageLike } from "../../prompt/message.ts";
import type { DynamicConfig } from "../../prompt/dynamic-config.ts";
import type { Client } from "../../http/client.ts";
import type { Native, StreamKinds } from "../../provider/native.ts";
import type { PairTool, PairTypes } from "../../tool/pair.ts";
import type { AnyTool, Tool } from "../../tool/tool.ts";
import type { ToolUseBlock } from "./block.ts";
import type { AnthropicCallResponseChunk, AnthropicOwnChunk } from "./chunk.ts";
import type { AnthropicFrame } from "./frames.ts";
import type { AnthropicModel } from "./models.ts";
import type { AnthropicCallParams, MessageParam } from "./params.ts";
import type { CostMetadata, Prices } from "./price.ts";
import type { SdkClient } from "./sdk-client.ts";
import type { AnthropicCallResponse, AnthropicStream } from "./stream.ts";
import type { AnthropicStructuredStream } from "./structured.ts";
import type { ToolParam } from "./tool-param.ts";
import type { Usage } from "./usage.ts";
import type { AnthropicEvent, AnthropicMessage, AnthropicUsage, FinishReason } from "./wire.ts";

/** Usage as Anthropic reports it, and how far to trust it. */
export type SourcedUsage = AnthropicUsage & ReportedUsage;

/** The body of a request to the Messages API. */
export type AnthropicBody = Readonly<Record<string, unknown>> & {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly MessageParam[];
};

/**
 * The object that a prompt function may return to decide more than the messages. `D` are its tools: name them, and the
 * pairs of the call know their arguments and results.
 *
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import { type AnthropicDynamicConfig, call } from "millrace/anthropic";
 *
 * const clock = tool({ name: "clock", description: "Tells the time.", call: () => new Date().toISOString() });
 * const ask = call("claude-sonnet-5-5", { stream: true }, (question: string): AnthropicDynamicConfig<typeof clock> => ({
 *   messages: [{ role: "user", content: question }],
 *   tools: [clock],
 *   callParams: { max_tokens: 1_000 },
 * }));
 * ```
 */
export type AnthropicDynamicConfig<D extends AnyTool | ToolParam = Tool | ToolParam> = DynamicConfig<
  Message | MessageParam,
  AnthropicCallParams,
  Client | SdkClient,
  D
>;

/** What an asynchronous prompt function may return. */
export type AsyncAnthropicDynamicConfig<D extends AnyTool | ToolParam = Tool | ToolParam> = Promise<
  AnthropicDynamicConfig<D>
>;

/** Accessors that only Anthropic's streams and responses have. */
export interface AnthropicAccessors {
  /** The signature of the last thinking block, or null. */
  readonly signature: string | null;
  /**
   * The id of the container in which the reply ran code, or null. An agent sends it back by itself. In a loop of your
   * own, give it to the next request: `callParams: { container: stream.container }`.
   */
  readonly container: string | null;
}

/** The types of Anthropic's streams and responses for the tools of a call. @internal */
export interface AnthropicKinds extends StreamKinds {
  readonly stream: AnthropicStream<Extract<this["tools"], PairTypes>>;
  readonly response: AnthropicCallResponse<Extract<this["tools"], PairTypes>>;
  readonly structuredStream: AnthropicStructuredStream<this["model"], this["arriving"]>;
}

/** Anthropic's native types. */
export interface AnthropicNative extends Native {
  readonly name: "anthropic";
  readonly entry: "millrace/anthropic";
  readonly model: AnthropicModel;
  readonly event: AnthropicEvent;
  readonly frame: AnthropicFrame;
  readonly chunk: AnthropicCallResponseChunk;
  readonly ownChunk: AnthropicOwnChunk;
  readonly message: AnthropicMessage;
  readonly item: MessageParam;
  readonly turn: MessageParam;
  readonly toolCall: ToolUseBlock;
  readonly toolParam: ToolParam;
  readonly role: MessageParam["role"];
  readonly promptMessage: MessageLike | MessageParam;
  readonly usage: SourcedUsage;
  readonly commonUsage: Usage;
  readonly costMetadata: CostMetadata;
  readonly prices: Prices;
  readonly finishReason: FinishReason;
  readonly callParams: AnthropicCallParams;
  readonly body: AnthropicBody;
  readonly client: Client | SdkClient;
  readonly accessors: AnthropicAccessors;
  readonly kinds: AnthropicKinds;
}

/** A tool that the model asks for, as the pairs of a call with the tools `T` hold it; `toolCall` is the native block. */
export type AnthropicTool<T extends PairTypes = Tool> = NonNullable<PairTool<T, ToolUseBlock>>;
