import type { ResponseChunk } from "../provider/chunk.ts";
import type { Native } from "../provider/native.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { AnyTool } from "../tool/tool.ts";
import { CallStream } from "./call-stream.ts";
import { leavable } from "./leavable.ts";
import { type PairIteration, PairIterator } from "./pair-iterator.ts";
import type { Pair } from "./pair-source.ts";
import { type ReadableFormat, readableStream } from "./readable-stream.ts";

/**
 * The reply to a call, while it arrives: an iterable of `[chunk, toolCall]` pairs, and views of everything received so far.
 *
 * Nothing is sent before the first read. It can be read once: iterate it, or `await` {@link response}. Leaving the
 * iteration closes the connection.
 *
 * @example
 * ```ts
 * import { Stream } from "millrace";
 * import { call } from "millrace/anthropic";
 *
 * const recommend = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * const stream = recommend("fantasy");
 * for await (const [chunk] of stream) process.stdout.write(chunk.content);
 * console.log(stream instanceof Stream, stream.outcome, stream.commonUsage.outputTokens);
 * ```
 */
export abstract class Stream<out N extends Native, out T extends PairTypes = AnyTool>
  extends CallStream<N, T>
  implements AsyncIterable<Pair<N, T>>
{
  /** @throws StreamConsumedError if the stream has an owner already. */
  [Symbol.asyncIterator](): PairIteration<N, T> {
    return new PairIterator<N, T>(this["~own"]());
  }

  /**
   * Only the text, in pieces. It consumes the stream, as an iteration does. An interrupted stream is not restarted: text
   * cannot be taken back.
   *
   * @throws StreamConsumedError if the stream has an owner already.
   * @example
   * ```ts
   * import { call } from "millrace/anthropic";
   *
   * const recommend = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
   * for await (const text of recommend("fantasy").textStream()) process.stdout.write(text);
   * ```
   */
  textStream(): AsyncGenerator<string, void, undefined> {
    const reply = this["~own"]();
    reply.mayRestart = false;
    return leavable(textsOf(new PairIterator<N, T>(reply)), (reason) => reply.abort(reason));
  }

  /**
   * The stream as bytes, for the `Response` of a web server. It owns the stream as an iteration does: nothing is sent
   * before it is read, it reads no further ahead than its own reader, and cancelling it closes the connection.
   *
   * @param format - `"text"`, or `"events"` (the default): server-sent events named `content`, `thinking`, `tool` and
   *   `recovery`, whose data is JSON, and at last `end` with outcome, usage and cost, or `error` with code and message.
   * @throws StreamConsumedError if the stream has an owner already.
   * @example
   * ```ts
   * import { call } from "millrace/anthropic";
   *
   * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
   *
   * export async function POST(request: Request): Promise<Response> {
   *   const stream = answer(await request.text());
   *   await stream.started();
   *   return new Response(stream.toReadableStream(), { headers: { "content-type": "text/event-stream" } });
   * }
   * ```
   */
  toReadableStream(format: ReadableFormat = "events"): ReadableStream<Uint8Array> {
    return readableStream(this, format);
  }
}

async function* textsOf(pairs: AsyncIterable<readonly [ResponseChunk, unknown]>): AsyncGenerator<string, void> {
  for await (const [{ content }] of pairs) {
    if (content !== "") yield content;
  }
}
