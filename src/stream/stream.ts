import type { Native, ResponseChunk } from "../provider.ts";
import type { PairTypes } from "../tool/pair.ts";
import { CallStream } from "./call-stream.ts";
import { leaving } from "./leaving.ts";
import { PairIterator } from "./pair-iterator.ts";
import type { Pair } from "./pair-source.ts";

/**
 * The reply to a call, while it comes: an iterable of `[chunk, tool]` pairs, and views of everything received so far.
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
    return new PairIterator<N, T>(this.iterate());
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
    const pairs = new PairIterator<N, T>(this.iterate());
    this.state.mayRestart = false;
    return leaving(textsOf(pairs), pairs);
  }
}

async function* textsOf(pairs: AsyncIterable<readonly [ResponseChunk, unknown]>): AsyncGenerator<string, void> {
  for await (const [{ content }] of pairs) {
    if (content !== "") yield content;
  }
}
