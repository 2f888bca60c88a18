import type { DeliveryOptions } from "./delivery.ts";
import { checkNames, deliveryNames, type Names } from "./known-options.ts";
import type { JsonObject } from "./json.ts";
import { type ReplyPart, text } from "./part.ts";

/** What a fake server answers: text, or what one of the builders makes. */
export type Script = string | ReplyScript | ErrorScript | EventsScript | FileScript;

/** What {@link reply} makes. */
export interface ReplyScript {
  readonly kind: "reply";
  /** Its parts, in order. */
  readonly parts: readonly ReplyPart[];
  /** What it holds besides, and how it is delivered. */
  readonly options: ReplyOptions;
}

/** What {@link apiError} makes. */
export interface ErrorScript {
  readonly kind: "error";
  /** The HTTP status. */
  readonly status: number;
  /** The error's type, which is a `code` where errors have one; undefined for what the API sends with this status. */
  readonly type: string | undefined;
  /** The error's message; undefined for one that the API sends with this status. */
  readonly message: string | undefined;
  /** Headers, and the form of the body. */
  readonly options: ApiErrorOptions;
}

/** What {@link events} makes. */
export interface EventsScript {
  readonly kind: "events";
  /** Events, or the data of frames. */
  readonly events: readonly (JsonObject | string)[];
  /** How they are delivered. */
  readonly options: DeliveryOptions;
}

/** What {@link replayFile} makes. */
export interface FileScript {
  readonly kind: "file";
  /** Where the file is. */
  readonly path: string;
  /** How it is delivered. */
  readonly options: DeliveryOptions;
}

/** Token counts as the API reports them. Any other field may be given too. */
export interface ScriptedUsage {
  readonly [field: string]: unknown;
  /** Tokens of the prompt that were neither read from the cache nor written to it. */
  readonly input_tokens?: number | undefined;
  /** Tokens that the model wrote. */
  readonly output_tokens?: number | undefined;
  /** Tokens written to the cache. */
  readonly cache_creation_input_tokens?: number | undefined;
  /** Tokens read from the cache. */
  readonly cache_read_input_tokens?: number | undefined;
}

/** What a reply holds besides its content, and how it is delivered. */
export interface ReplyOptions extends DeliveryOptions {
  /** Why the model stopped. Default: `"tool_use"` if the reply calls one of the client's tools, else `"end_turn"`. */
  readonly stopReason?: string | null | undefined;
  /** The stop sequence that ended the reply. */
  readonly stopSequence?: string | null | undefined;
  /** Why the model refused. Default: a refusal without a reason if `stopReason` is `"refusal"`, else null. */
  readonly stopDetails?: JsonObject | null | undefined;
  /** The model that answers. Default: the requested one. */
  readonly model?: string | undefined;
  /** The message's id. Generated if not given. */
  readonly id?: string | undefined;
  /** The final counts. They override estimates made from the request and the reply. */
  readonly usage?: ScriptedUsage | undefined;
  /** The provisional counts in `message_start`. They override those derived from `usage`. */
  readonly startUsage?: ScriptedUsage | undefined;
  /** The container that code ran in, as reported in `message_delta`. */
  readonly container?: JsonObject | undefined;
  /** What was cleared from the context, as reported in `message_delta`. */
  readonly contextManagement?: JsonObject | undefined;
  /** Additional fields of the message in `message_start`. */
  readonly message?: JsonObject | undefined;
}

const replyNames: Names<ReplyOptions> = {
  ...deliveryNames,
  stopReason: true,
  stopSequence: true,
  stopDetails: true,
  model: true,
  id: true,
  usage: true,
  startUsage: true,
  container: true,
  contextManagement: true,
  message: true,
};

/** The content of a reply. A string is a text block. */
export type ReplyContent = string | ReplyPart | readonly ReplyPart[];

/**
 * Makes a reply out of parts, in order. Options, if any, come last.
 *
 * @param content - Text, parts, or lists of parts.
 * @example
 * ```ts
 * import { fakeAnthropic, reply, text, thinking, toolUse } from "millrace/testing";
 *
 * const server = await fakeAnthropic({
 *   replies: [
 *     reply(thinking("The user wants the weather."), toolUse("get_weather", { city: "Paris" })),
 *     reply("It rains.", { usage: { output_tokens: 4 }, pace: 5 }),
 *   ],
 * });
 * await server.close();
 * ```
 */
export function reply(...content: readonly ReplyContent[]): ReplyScript;
/**
 * The same with options.
 *
 * @param contentAndOptions - Text, parts, or lists of parts; then what the reply holds besides, and how it is delivered.
 */
export function reply(...contentAndOptions: readonly [...content: ReplyContent[], options: ReplyOptions]): ReplyScript;
export function reply(...contentAndOptions: readonly (ReplyContent | ReplyOptions)[]): ReplyScript {
  const last = contentAndOptions.at(-1);
  const options = last === undefined || isContent(last) ? {} : last;
  const parts = contentAndOptions.filter(isContent).flatMap((content) => {
    return typeof content === "string" ? text(content) : content;
  });
  checkNames("reply()", options, replyNames);
  return { kind: "reply", parts, options };
}

function isContent(item: ReplyContent | ReplyOptions): item is ReplyContent {
  return typeof item === "string" || Array.isArray(item) || "kind" in item;
}

/** What an error response holds besides its type and message. */
export interface ApiErrorOptions extends Pick<DeliveryOptions, "firstDelayMs" | "gzip"> {
  /**
   * Additional headers, such as `retry-after`, `retry-after-ms` or `x-should-retry`. They are sent as given, whether they
   * make sense or not. `null` omits a header that is usually sent.
   */
  readonly headers?: Readonly<Record<string, string | null>> | undefined;
  /** `json` as from the API (the default), `html` as from a proxy, `empty`, or the exact text to send. */
  readonly body?:
    | "json"
    | "html"
    | "empty"
    | { readonly text: string; readonly contentType?: string | undefined }
    | undefined;
  /** The error's `details`; at OpenAI, further fields of the error. */
  readonly details?: JsonObject | undefined;
}

const errorNames: Names<ApiErrorOptions> = { firstDelayMs: true, gzip: true, headers: true, body: true, details: true };

/**
 * Makes an error response. It is the same whether or not the request asks for a stream.
 *
 * @param type - Default: the type that the API sends with this status.
 * @param message - Default: a message that the API sends with this status.
 * @param status - The HTTP status. With 200, the error is the whole body.
 * @param options - Headers, and the form of the body.
 * @example
 * ```ts
 * import { apiError, fakeAnthropic } from "millrace/testing";
 *
 * const server = await fakeAnthropic({
 *   replies: [apiError(529), apiError(429, "rate_limit_error", "Wait", { headers: { "retry-after": "2" } }), "Hi"],
 * });
 * await server.close();
 * ```
 */
export function apiError(status: number, type?: string, message?: string, options: ApiErrorOptions = {}): ErrorScript {
  checkNames("apiError()", options, errorNames);
  return { kind: "error", status, type, message, options };
}

/**
 * Makes a stream of exactly these events. A string is sent verbatim as the data of a frame, and need not be JSON.
 *
 * @param list - Events, or the data of frames.
 * @param options - How they are delivered.
 * @example
 * ```ts
 * import { events } from "millrace/testing";
 * events([{ type: "message_start", message: {} }, '{"type":"content_block_st'], { endAfter: 2 });
 * ```
 */
export function events(list: readonly (JsonObject | string)[], options: DeliveryOptions = {}): EventsScript {
  checkNames("events()", options, deliveryNames);
  return { kind: "events", events: list, options };
}

/**
 * Replays a recorded stream: the bytes of an `.sse` file verbatim, or the events of a `.jsonl` file, one per line.
 *
 * @param path - Where the file is, absolute or from the working directory.
 * @param options - How it is delivered.
 * @example
 * ```ts
 * import { fakeAnthropic, replayFile } from "millrace/testing";
 * const server = await fakeAnthropic({ replies: replayFile("recordings/tools.sse", { chunkBytes: 1 }) });
 * await server.close();
 * ```
 */
export function replayFile(path: string, options: DeliveryOptions = {}): FileScript {
  checkNames("replayFile()", options, deliveryNames);
  return { kind: "file", path, options };
}
