import type { UsageSource } from "../cost/usage.ts";
import type { MillraceError } from "../errors.ts";
import type { FrameReader } from "../frame/frame-reader.ts";
import type { HttpRequest, Transport } from "../http/request.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Form } from "../schema/option-form.ts";
import type { AnyTool } from "../tool/tool.ts";
import type { ToolChoice } from "../tool/tool-choice.ts";
import type { ToolResult } from "../tool/tool-result.ts";
import type { Recovery } from "./chunk.ts";
import type { Decoder } from "./decoder.ts";
import type { CommonFinishReason, Native } from "./native.ts";
import type { NativeParams, Params } from "./params.ts";

/** Reads a header of a response by its lower-case name. */
export type HeaderOf = (name: string) => string | null;

/** A prompt whose function has run, ready to be encoded for one request. */
export interface Prompt<N extends Native> {
  readonly model: string;
  readonly messages: readonly N["promptMessage"][];
  readonly callParams: N["callParams"] | undefined;
  readonly tools: readonly (AnyTool | N["toolParam"])[];
  readonly toolChoice: ToolChoice | undefined;
  /** Makes the finished body ask for JSON, if the call has a response model. */
  readonly formatBody: FormatBody<N> | undefined;
  readonly client: N["client"] | undefined;
  readonly streamed: boolean;
  readonly connectTimeoutMs: number;
}

/**
 * Makes a body ask for JSON. The type of a method, since those of properties would make every stream invariant in `N`.
 * Providers call it with the body alone; the call adds which of them that is.
 */
export type FormatBody<N extends Native> = {
  format(body: N["body"], provider?: Provider<N>): FormattedBody<N>;
}["format"];

/** A body, and the name of the tool whose input is the JSON that it asks for; null if that is the text. */
export interface FormattedBody<N extends Native> {
  readonly body: N["body"];
  readonly jsonTool: string | null;
  /** Makes the value that was asked for out of its JSON, if the body asks for it in another form. */
  readonly fromJson?: ((json: unknown) => unknown) | undefined;
  /** Why the provider does not hold the model to the format, in a sentence. Left out if it does, or was not to. */
  readonly formatProblem?: string | undefined;
}

/** A prompt in the provider's own format. */
export interface EncodedPrompt<N extends Native> extends FormattedBody<N> {
  /** The messages of the body, without instructions that open it. */
  readonly items: readonly N["item"][];
  /** The `total` time limit, if the call parameters have one. */
  readonly totalTimeoutMs: number | undefined;
  readonly request: Request<N>;
}

/** How a request is sent and its response read. */
export interface Request<N extends Native> {
  readonly http: HttpRequest;
  readonly transport: Transport;
  /**
   * Makes the reader of the response's frames; null if the response is not to be read as a reply.
   *
   * @param refuse - Makes the error of a response that turns out not to be a reply, from its text. For readers to throw.
   */
  createFrames(
    frameLimitBytes: number,
    refuse: (text: string) => MillraceError,
    header: HeaderOf,
  ): FrameReader<N["frame"], unknown> | null;
  /**
   * The request that goes on with the same reply exactly where it was cut; null if the provider cannot do that here.
   * The decoder stays the same, and drops what it has seen before.
   */
  resume?(message: N["message"] | null): Promise<Request<N> | null> | Request<N> | null;
  /** What {@link Provider.createEventFrames} has to know of it, as JSON. Left out if that is nothing. */
  readonly context?: unknown;
  /** Stops the reply at the provider, which would go on after its connection was closed. */
  cancel?(message: N["message"] | null): Promise<unknown>;
}

/** A reply that was interrupted, to be continued by another. */
export interface CutReply<N extends Native> {
  /** Its items, with all of its text. */
  readonly items: readonly N["item"][];
  /** The body of the request that it answered. */
  readonly body: N["body"];
  /** The model that is to go on. */
  readonly model: string;
  /** The words that ask for the rest; null for the provider's own way. */
  readonly words: string | null;
}

/** How a model is asked for the rest of a reply. */
export interface Continuation<N extends Native> {
  /** Items to add to the request. Empty if nothing of the reply may be sent back: then it is asked again. */
  readonly items: readonly N["item"][];
  /** How many characters at the end of the reply the model is not shown. */
  readonly withheld: number;
}

/** The parts of a chunk. */
export interface ChunkParts<N extends Native> {
  readonly event: N["event"] | null;
  readonly content: string;
  readonly thinking: string;
  readonly recovery: Recovery | null;
}

/** A pause that a response asks for, of all requests in a group of models. */
export interface RateLimit {
  readonly group: string;
  /** Milliseconds from now. */
  readonly waitMs: number;
}

/** The parts of a response that may tell of rate limits. `body` is null unless the response is an error. */
export interface LimitedResponse {
  readonly model: string;
  readonly status: number;
  readonly header: HeaderOf;
  readonly body: unknown;
}

/** Everything that the core knows of a provider. */
export interface Provider<N extends Native> {
  /** Its name in model ids and on streams, in lower case. */
  readonly name: N["name"];
  /** The entry of the package that has its `call`. */
  readonly entry: N["entry"];
  /** Its name in errors and in the names of its classes. */
  readonly label: string;
  /** The forms of the options whose values are its own. */
  readonly optionForms: { readonly callParams: Form; readonly prices: Form };
  /** Loads its code, before anything else of it is used. Left out if that is there already. */
  load?(): Promise<unknown>;
  /** Neutral parameters under its own names. */
  nativeParams(params: Params, model: N["model"]): NativeParams<N["callParams"]>;
  /**
   * Encodes a prompt. Called anew for each request, so that it may sign it or fetch a token.
   *
   * @throws if the prompt cannot be sent.
   */
  encode(prompt: Prompt<N>): EncodedPrompt<N> | Promise<EncodedPrompt<N>>;
  /** Whether an object is an item of a request. Left out if all items have `role` and `content`, as neutral messages do. */
  isItem?(value: object): boolean;
  /** @param before - The items of a reply that this one continues: its message begins with them. */
  createDecoder(before: readonly N["item"][]): Decoder<N>;
  /**
   * Makes the reader of events that were parsed already: those of an SDK client, and those of a reply that was kept.
   *
   * @param context - The {@link Request.context} of the request that they answer.
   */
  createEventFrames(context: unknown): FrameReader<N["frame"], unknown>;
  /**
   * An event or a message without the parts of the request that it repeats, or the same object. For logs, which have the
   * request only where that was asked for. Left out if replies never repeat any.
   */
  withoutRequest?(given: object): object;
  createChunk(parts: ChunkParts<N>): N["chunk"];
  /** Drops the items, or the parts of them, that the provider would refuse in a request. */
  sendable(items: readonly N["item"][]): readonly N["item"][];
  /** A list of sendable items as users get it. */
  turn(items: readonly [N["item"], ...N["item"][]]): N["turn"];
  /** Items of a request, as data that belongs to no provider. The items of a turn become one message. */
  common(items: readonly N["item"][]): readonly CommonMessage[];
  /** The items that give the model the results of its tools. */
  toolResults(results: readonly ToolResult[]): readonly N["item"][];
  continuation(cut: CutReply<N>): Continuation<N>;
  /**
   * The parameters that a reply asks the next request of the conversation to have, beside its items. Left out if replies
   * never ask for any.
   *
   * @param params - The parameters of the request that it answers.
   */
  nextParams?(message: N["message"] | null, params: N["callParams"] | undefined): N["callParams"] | undefined;
  /** The error in a response: one whose status is 400 or above, or whose body is an error. Null if it has none. */
  errorFromResponse(status: number, header: HeaderOf, body: string): MillraceError | null;
  /** The provider's id of the request. */
  requestId(header: HeaderOf): string | null;
  /** The group of models that share the rate limits of this one. */
  limitGroup(model: string): string;
  rateLimit(response: LimitedResponse): RateLimit | null;
  readonly views: MessageViews<N>;
  /** The values of the accessors that this provider's streams and responses have beside those that all share. */
  accessors(message: N["message"] | null): N["accessors"];
}

/** The parts of a reply that usage is read from. */
export interface CountedReply<N extends Native> extends Pick<Decoder<N>, "message" | "estimatedTokens"> {
  /** The body of the request that it answers: what it comes to may have to be estimated. Null before anything came. */
  readonly body?: N["body"] | null | undefined;
}

/**
 * Reads a native message, finished or not; null stands for one that has not begun. Views never throw, whatever a server
 * has put into the message.
 */
export interface MessageViews<N extends Native> {
  id(message: N["message"] | null): string | null;
  model(message: N["message"] | null): string | null;
  content(message: N["message"] | null): string;
  thinking(message: N["message"] | null): string;
  finishReasons(message: N["message"] | null): readonly N["finishReason"][];
  commonFinishReasons(message: N["message"] | null): readonly CommonFinishReason[];
  usage(reply: CountedReply<N>, source: UsageSource): N["usage"];
  commonUsage(reply: CountedReply<N>, source: UsageSource): N["commonUsage"];
  /** @param model - The model that was asked, for a message that names none. */
  cost(
    reply: CountedReply<N>,
    model: string,
    source: UsageSource,
    prices: N["prices"] | undefined,
  ): N["costMetadata"] | null;
  /** The last item that the user sent, or null. */
  userMessageParam(items: readonly N["item"][]): N["item"] | null;
}
