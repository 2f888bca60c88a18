import type { Client } from "../../http/client.ts";
import type { DynamicConfig } from "../../prompt/dynamic-config.ts";
import type { Message, MessageLike } from "../../prompt/message.ts";
import type { ReportedUsage } from "../../errors.ts";
import type { Native, StreamKinds } from "../../provider/native.ts";
import type { PairTool, PairTypes } from "../../tool/pair.ts";
import type { AnyTool, Tool } from "../../tool/tool.ts";
import type { OpenAIModel } from "../openai-platform/models.ts";
import type { OpenAICostMetadata, OpenAIPrices } from "../openai-platform/price.ts";
import type { OpenAIUsage as CommonUsage } from "../openai-platform/usage.ts";
import type { OpenAICallResponseChunk, OpenAIOwnChunk } from "./chunk.ts";
import type { OpenAIFrame } from "./frames.ts";
import type { InputItem } from "./input-item.ts";
import type { CustomToolCall, FunctionCall } from "./item.ts";
import type { OpenAICallParams } from "./params.ts";
import type { SdkClient } from "./request.ts";
import type { OpenAICallResponse, OpenAIStream } from "./stream.ts";
import type { OpenAIStructuredStream } from "./structured.ts";
import type { ToolParam } from "./tool-param.ts";
import type { FinishReason, OpenAIEvent, OpenAIResponse, OpenAIUsage } from "./wire.ts";

/** Usage as OpenAI reports it, and how far to trust it. */
export type SourcedUsage = OpenAIUsage & ReportedUsage;

/** The body of a request to the Responses API. */
export type OpenAIBody = Readonly<Record<string, unknown>> & {
  readonly model: string;
  readonly input: readonly InputItem[];
};

/**
 * The object that a prompt function may return to decide more than the messages. `D` are its tools: name them, and the
 * pairs of the call know their arguments and results.
 *
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import { call, type OpenAIDynamicConfig } from "millrace/openai";
 *
 * const clock = tool({ name: "clock", description: "Tells the time.", call: () => new Date().toISOString() });
 * const ask = call("gpt-6-sol", { stream: true }, (question: string): OpenAIDynamicConfig<typeof clock> => ({
 *   messages: [{ role: "user", content: question }],
 *   tools: [clock],
 *   callParams: { max_output_tokens: 1_000 },
 * }));
 * ```
 */
export type OpenAIDynamicConfig<D extends AnyTool | ToolParam = Tool | ToolParam> = DynamicConfig<
  Message | InputItem,
  OpenAICallParams,
  Client | SdkClient,
  D
>;

/** What an asynchronous prompt function may return. */
export type AsyncOpenAIDynamicConfig<D extends AnyTool | ToolParam = Tool | ToolParam> = Promise<
  OpenAIDynamicConfig<D>
>;

/** Accessors that only the streams and responses of this API have. */
export interface OpenAIAccessors {
  /** Why the model does not do what was asked, or null. */
  readonly refusal: string | null;
}

/** The types of OpenAI's streams and responses for the tools of a call. @internal */
export interface OpenAIKinds extends StreamKinds {
  readonly stream: OpenAIStream<Extract<this["tools"], PairTypes>>;
  readonly response: OpenAICallResponse<Extract<this["tools"], PairTypes>>;
  readonly structuredStream: OpenAIStructuredStream<this["model"], this["arriving"]>;
}

/** The native types of the Responses API. */
export interface OpenAINative extends Native {
  readonly name: "openai";
  readonly entry: "millrace/openai";
  readonly model: OpenAIModel;
  readonly event: OpenAIEvent;
  readonly frame: OpenAIFrame;
  readonly chunk: OpenAICallResponseChunk;
  readonly ownChunk: OpenAIOwnChunk;
  readonly message: OpenAIResponse;
  readonly item: InputItem;
  /** The items of the reply, in their order. */
  readonly turn: readonly InputItem[];
  readonly toolCall: FunctionCall | CustomToolCall;
  readonly toolParam: ToolParam;
  readonly role: "user" | "assistant" | "system" | "developer";
  readonly promptMessage: MessageLike | InputItem;
  readonly usage: SourcedUsage;
  readonly commonUsage: CommonUsage;
  readonly costMetadata: OpenAICostMetadata;
  readonly prices: OpenAIPrices;
  readonly finishReason: FinishReason;
  readonly callParams: OpenAICallParams;
  readonly body: OpenAIBody;
  readonly client: Client | SdkClient;
  readonly accessors: OpenAIAccessors;
  readonly kinds: OpenAIKinds;
}

/** A tool that the model asks for, as the pairs of a call with the tools `T` hold it; `toolCall` is the native item. */
export type OpenAITool<T extends PairTypes = Tool> = NonNullable<PairTool<T, FunctionCall | CustomToolCall>>;
