import { DONE, type ServerEvent } from "./event-reader.ts";
import { headersOf, Line, type LineOptions, postOf, type RequestHeaders, streamURL } from "./line.ts";
import { TaskSlice } from "./next-task.ts";
import { ReplyError, unreadable } from "./reply-error.ts";

/** Settings of {@link millraceTransport}. */
export interface TransportOptions extends LineOptions {
  /** Where the chat is: `POST {api}` starts a reply, `GET {api}/{id}/stream` goes on with it, DELETE there stops it. Default `/api/chat`. */
  readonly api?: string | undefined;
  /**
   * The id of the last message that the page has when it is loaded, if that is a whole answer: the server does not send it
   * again. AI SDK 5 would show it twice, and part of an answer as well: give it no messages that are not whole.
   */
  readonly lastMessageId?: string | undefined;
  /** More fields of the POST's body. */
  readonly body?: object | undefined;
}

/** What a chat gives its transport. */
export interface ChatRequest {
  /** The id of the chat. */
  readonly chatId: string;
  /** More headers for this request. */
  readonly headers?: HeadersInit | undefined;
  /** More fields for the body of this request. */
  readonly body?: object | undefined;
}

/** What a chat gives its transport to send. */
export interface ChatSubmission extends ChatRequest {
  /** `submit-message` or `regenerate-message`. */
  readonly trigger: string;
  /** The message that is written anew. */
  readonly messageId?: string | undefined;
  /** The conversation so far. */
  readonly messages: readonly object[];
  /** Aborted by the chat's `stop()`. */
  readonly abortSignal?: AbortSignal | undefined;
}

/** The `ChatTransport` of `useChat`, in AI SDK 5, 6 and 7. Its chunks are of the type that the chat takes. */
export interface MillraceTransport {
  /**
   * Starts a reply.
   *
   * @param submission - The messages, and what else the chat says.
   */
  sendMessages(submission: ChatSubmission): Promise<ReadableStream<never>>;
  /**
   * Goes on with the reply of a chat, from its beginning.
   *
   * @param request - Which chat.
   * @returns Null if there is none.
   */
  reconnectToStream(request: ChatRequest): Promise<ReadableStream<never> | null>;
}

/**
 * Connects `useChat` to a server that answers with `uiMessageResponse`. Unlike its own transport, this one makes a lost
 * connection good at the place where it was lost, never takes a reply that was cut for a whole one, and has the server end
 * a kept reply on `stop()`.
 *
 * @param options - Where the server is, and how lost connections are made good.
 * @example
 * ```ts
 * import { millraceTransport } from "millrace/browser";
 *
 * const transport = millraceTransport({ api: "/api/chat" });
 * // const { messages, sendMessage, status, stop } = useChat({ transport, resume: true });
 * ```
 */
export function millraceTransport(options: TransportOptions = {}): MillraceTransport {
  const { api = "/api/chat", body, lastMessageId = null, ...rest } = options;
  const lineOf = ({ chatId, headers }: ChatRequest): Line =>
    new Line(streamURL(api, chatId), { ...rest, headers: () => merged(rest.headers, headers) });
  return {
    async sendMessages({ chatId, abortSignal, headers, body: more, ...sent }) {
      const { trigger, messageId, messages } = sent;
      const init = postOf({ ...body, ...more, id: chatId, messages, trigger, messageId });
      return open(lineOf({ chatId, headers }), api, init, abortSignal);
    },
    async reconnectToStream(request) {
      const line = lineOf(request);
      line.message = lastMessageId;
      try {
        return await open(line, api, null);
      } catch (error) {
        if (error instanceof ReplyError && error.code === "nothing_to_resume") return null;
        throw error;
      }
    },
  };
}

async function merged(own: RequestHeaders | undefined, more: HeadersInit | undefined): Promise<Headers> {
  const headers = await headersOf(own);
  new Headers(more).forEach((value, name) => headers.set(name, value));
  return headers;
}

/** The parts as a stream, once the server has agreed to send them. */
async function open(
  line: Line,
  url: string,
  init: RequestInit | null,
  signal?: AbortSignal,
): Promise<ReadableStream<never>> {
  signal?.throwIfAborted();
  const batches = line.batches(url, init);
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(signal?.reason);
      // The run is stopped even where the page hears no more of it.
      const close = (): void => line.close(signal?.reason);
      line.stop().then(close, close);
    };
  });
  aborted.catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  const first = await Promise.race([batches.next(), aborted]);
  const parts = partsOf(line, first.value ?? [], batches);
  return new ReadableStream(
    {
      start: (controller) => void aborted.catch((reason) => controller.error(reason)),
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done !== true) return controller.enqueue(value);
        signal?.removeEventListener("abort", abort);
        controller.close();
      },
      cancel: (reason) => line.close(reason),
    },
    { highWaterMark: 0 },
  );
}

/** The parts, up to the one that ends the message. */
async function* partsOf(
  line: Line,
  first: readonly ServerEvent[],
  batches: AsyncIterable<ServerEvent[]>,
): AsyncGenerator<never, void> {
  const slice = new TaskSlice();
  let hasStarted = false;
  const take = function* (events: readonly ServerEvent[]): Generator<never, boolean> {
    for (const event of events) {
      const part = event.data;
      if (part === null) throw unreadable();
      if (part === DONE) return true;
      // Each connection begins with a start.
      const isKnown = !line.take(event) || (hasStarted && part.type === "start");
      hasStarted ||= part.type === "start";
      // Parts are the chat's own affair.
      if (!isKnown) yield part as never;
      if (part.type === "finish" || part.type === "error") return true;
    }
    return false;
  };
  if (yield* take(first)) return;
  for await (const events of batches) {
    if (yield* take(events)) return;
    if (slice.isOver) await slice.next();
  }
}
