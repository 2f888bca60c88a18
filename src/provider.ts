import type { CostMetadata, Prices } from "./cost/price.ts";
import type { Usage, UsageSource } from "./cost/usage.ts";
import type { MillraceError, ReportedUsage } from "./errors.ts";
import type { HttpRequest, Transport } from "./http/request.ts";
import type { SseReader } from "./frame/sse-reader.ts";
import type { AnyTool } from "./tool/tool.ts";
import type { ToolInput, ToolUpdate } from "./tool/tool-box.ts";
import type { ToolResult } from "./tool/tool-result.ts";
import type { ToolChoice } from "./tool/tool-choice.ts";

/** The native types of a provider, in one bundle. Type only: there is no such value. */
export interface Native {
  /** What the wire sends: one event of the stream. */
  readonly event: unknown;
  /** Our view of one event. */
  readonly chunk: ResponseChunk;
  /** The whole reply, as if it had not been streamed. */
  readonly message: unknown;
  /** One message of the request. */
  readonly messageParam: unknown;
  /** The block of the message that asks for a tool. */
  readonly toolCall: unknown;
  /** Anything a prompt function may give as a message. */
  readonly promptMessage: unknown;
  readonly usage: ReportedUsage;
  readonly finishReason: string;
  /** A tool in the provider's own shape: one that it runs itself, say. */
  readonly toolParam: object;
  /** The provider's own parameters of a call. */
  readonly callParams: unknown;
  /** The body of the request. */
  readonly body: unknown;
  /** What the option `client` takes. */
  readonly client: unknown;
}

/** The provider-neutral words for why a reply ended. */
export type CommonFinishReason =
  | "stop"
  | "length"
  | "tool_calls"
  | "content_filter"
  | "pause"
  | "context_exceeded"
  | "compaction"
  | "unknown";

/** What the first half of a pair has, whoever the provider is. */
export interface ResponseChunk {
  /** The event as `JSON.parse` gives it. */
  readonly chunk: unknown;
  /** The text that this event adds, or `""`. */
  readonly content: string;
  /** The thinking that this event adds, or `""`. */
  readonly thinking: string;
  /** The signature of thinking that this event carries, or null. */
  readonly signature: string | null;
  /** The stop reason that this event carries, in a list; empty where it carries none. */
  readonly finishReasons: readonly string[];
}

/** A prompt whose function has run, ready to be encoded. */
export interface Prompt<N extends Native> {
  readonly model: string;
  readonly messages: readonly N["promptMessage"][];
  readonly callParams: N["callParams"] | undefined;
  readonly tools: readonly (AnyTool | N["toolParam"])[];
  readonly toolChoice: ToolChoice | undefined;
  /** Has the last word on the body, where the reply is to be more than words. */
  shape?(body: N["body"]): ShapedBody<N>;
  readonly client: N["client"] | undefined;
  readonly streamed: boolean;
  readonly connectTimeoutMs: number;
}

/** A body that asks for JSON, and the tool whose input that is, or null where it is the text. */
export interface ShapedBody<N extends Native> {
  readonly body: N["body"];
  readonly jsonTool: string | null;
}

/** Makes a body ask for JSON. */
export type ShapeBody<N extends Native> = NonNullable<Prompt<N>["shape"]>;

/** A prompt as the provider takes it. */
export interface EncodedPrompt<N extends Native> extends ShapedBody<N> {
  /** The messages of the body. */
  readonly messages: readonly N["messageParam"][];
  readonly request: HttpRequest;
  readonly transport: Transport;
  /** The `total` limit of the call parameters, where they have one. */
  readonly totalTimeoutMs: number | undefined;
}

/**
 * Turns what the wire sends into chunks, and accumulates the native message: the only state of a reply.
 *
 * It throws a MillraceError where the reply cannot go on.
 */
export interface Decoder<N extends Native, Tag = unknown> {
  /** The next chunk out of frames that were read together, or null. The short way: {@link take} begins with it too. */
  takeReady(): N["chunk"] | null;
  /** The next chunk out of what the reader holds, or null: it needs more bytes. */
  take(reader: SseReader<Tag>): N["chunk"] | null;
  /** What the event of a chunk that was just taken did to the inputs of tools. */
  toolUpdates(chunk: N["chunk"]): readonly ToolUpdate[];
  /** The tools that the message asks for so far, in its order. The same object each time for the same tool. */
  readonly toolInputs: readonly ToolInput[];
  /** The native message so far; null before its first event. */
  readonly message: N["message"] | null;
  /** What stays of the reply so far: all text, be it white space alone. Null where nothing does. */
  readonly kept: N["messageParam"] | null;
  /** A stop reason was seen: the message is complete. */
  readonly stopped: boolean;
  /** The last event was seen: nothing may follow. */
  readonly done: boolean;
  /** The reply could be cut here, and go on in another: no tool was asked for, and it was not refused. */
  readonly canContinue: boolean;
  /** About how many tokens have been written so far. */
  readonly estimatedTokens: number;
  /** The model has begun to answer. */
  readonly hasContent: boolean;
  /** Rises with every event that changes the message. */
  readonly progress: number;
}

/** A reply that was cut. */
export interface CutReply<N extends Native> {
  /** What stays of it. */
  readonly kept: N["messageParam"];
  /** What was asked. */
  readonly body: N["body"];
  /** Who is to go on with it. */
  readonly model: string;
  /** What asks for the rest, in a turn of the user's; null for what the provider finds best. */
  readonly words: string | null;
}

/** What asks a model for the rest of a reply. */
export interface Continuation<N extends Native> {
  /** None where nothing of it may be sent back: it is asked anew. */
  readonly messages: readonly N["messageParam"][];
  readonly withheld: number;
}

/** Everything the core knows of a provider. */
export interface Provider<N extends Native> {
  readonly name: string;
  /** Encodes a prompt; throws where that cannot be done. Sends nothing. */
  encode(prompt: Prompt<N>): EncodedPrompt<N>;
  createDecoder(): Decoder<N>;
  /** A chunk of any event, with text of its own. */
  createChunk(event: unknown, content: string): N["chunk"];
  /** What stays of a reply, as it may be sent back, or null where it may not. */
  turn(kept: N["messageParam"]): N["messageParam"] | null;
  /** A message, or what stays of it, after what it goes on from. `repeated` is how much of its text was there before. */
  join<M extends N["message"] | N["messageParam"]>(before: N["messageParam"], after: M, repeated: number): M;
  /** How a model is asked for the rest of a reply. `withheld` is how many characters at its end it is not shown. */
  continuation(cut: CutReply<N>): Continuation<N>;
  /** The message that gives the model the results of its tools. */
  toolResults(results: readonly ToolResult[]): N["messageParam"];
  /** The error of a response with a status of 400 or above, or of one whose body is an error; else null. */
  errorFromResponse(status: number, header: (name: string) => string | null, body: string): MillraceError | null;
  /** The provider's id of the request, from the response's headers. */
  requestId(header: (name: string) => string | null): string | null;
  readonly views: MessageViews<N>;
}

/** What usage is read off. */
export type Reply<N extends Native> = Pick<Decoder<N>, "message" | "estimatedTokens">;

/** What can be read off a native message, finished or not; null stands for one that has not begun. */
export interface MessageViews<N extends Native> {
  id(message: N["message"] | null): string | null;
  model(message: N["message"] | null): string | null;
  content(message: N["message"] | null): string;
  thinking(message: N["message"] | null): string;
  signature(message: N["message"] | null): string | null;
  finishReasons(message: N["message"] | null): readonly N["finishReason"][];
  commonFinishReasons(message: N["message"] | null): readonly CommonFinishReason[];
  usage(reply: Reply<N>, source: UsageSource): N["usage"];
  commonUsage(reply: Reply<N>, source: UsageSource): Usage;
  /** @param model - The model that was asked, for a message that names none. */
  cost(reply: Reply<N>, model: string, source: UsageSource, prices: Prices | undefined): CostMetadata | null;
  /** The last user message of a request, or null. */
  userMessageParam(messages: readonly N["messageParam"][]): N["messageParam"] | null;
}
