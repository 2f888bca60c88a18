import type { ResponseChunk } from "../provider/chunk.ts";
import type { Native } from "../provider/native.ts";
import type { PairTypes } from "../tool/pair.ts";
import { CallStream } from "./call-stream.ts";
import { leavable } from "./leavable.ts";
import { PairIterator } from "./pair-iterator.ts";
import type { Pair } from "./pair-source.ts";

/**
 * The reply to a call, while it arrives: an iterable of `[chunk, tool]` pairs, and views of everything received so far.
 *
 * Nothing is sent before the first read. It can be read once: iterate it, or `await` {@link response}. Leaving the
 * iteration closes the connection.
 */
export abstract class Stream<out N extends Native, out T extends PairTypes = PairTypes>
  extends CallStream<N, T>
  implements AsyncIterable<Pair<N, T>>
{
  /** @throws StreamConsumedError if the stream has an owner already. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Pair<N, T>, undefined> {
    return new PairIterator<N, T>(this["~own"]());
  }

  /**
   * The text alone, a piece at a time. It owns the stream as an iteration does. An interrupted stream is not restarted:
   * text cannot be taken back.
   *
   * @throws StreamConsumedError if the stream has an owner already.
   * @example
   * ```ts
   * for await (const text of stream.textStream()) process.stdout.write(text);
   * ```
   */
  textStream(): AsyncGenerator<string, void, undefined> {
    const reply = this["~own"]();
    reply.mayRestart = false;
    return leavable(textsOf(new PairIterator<N, T>(reply)), (reason) => reply.abort(reason));
  }
}

async function* textsOf(pairs: AsyncIterable<readonly [ResponseChunk, unknown]>): AsyncGenerator<string, void> {
  for await (const [{ content }] of pairs) {
    if (content !== "") yield content;
  }
}
