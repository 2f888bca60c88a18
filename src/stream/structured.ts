import { StreamNotConsumedError } from "../errors.ts";
import type { Native } from "../provider.ts";
import type { CallPlan } from "./attempt.ts";
import { CallStream } from "./call-stream.ts";
import { PairIterator } from "./pair-iterator.ts";
import { handled } from "./pair-source.ts";
import { ArrivingModel, type ResponseModel, validateModel } from "./response-model.ts";

/**
 * The reply to a call with a response model, while it comes: an iterable of the model so far.
 *
 * Each value is a snapshot that does not change any more; one is given only when there is something new. The last read
 * ends with the validation of the whole.
 */
export abstract class StructuredStream<out N extends Native, out Model = unknown, out Arriving = unknown>
  extends CallStream<N, never>
  implements AsyncIterable<Arriving>
{
  readonly #model: ResponseModel;
  readonly #arriving: ArrivingModel;
  #result: Promise<Model> | null = null;
  #constructed: { readonly value: Model } | { readonly error: unknown } | null = null;

  /** @internal */
  constructor(plan: CallPlan<N>, model: ResponseModel) {
    super(plan);
    this.#model = model;
    this.#arriving = new ArrivingModel(model.format);
  }

  /** The validated model, once the stream was read to its end. */
  get constructedResponseModel(): Model {
    const constructed = this.#constructed;
    if (constructed === null) throw new StreamNotConsumedError();
    if ("error" in constructed) throw constructed.error;
    return constructed.value;
  }

  /** Whether the part of the model at a path has come whole: `isComplete(["title"])`, `isComplete(["chapters", 0])`. */
  isComplete(path: readonly (string | number)[]): boolean {
    return this.#arriving.isComplete(path);
  }

  /**
   * The model so far, whenever it has grown.
   *
   * @throws StreamConsumedError if the stream has an owner already; ResponseModelError at the end of a reply that is not
   * what the model asks for.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Arriving, void, undefined> {
    for await (const [chunk] of new PairIterator<N, never>(this.iterate())) {
      const snapshot = this.#absorb(chunk) ? this.#arriving.snapshot : undefined;
      // What has arrived of a model is `Arriving`: that is what its type means.
      if (snapshot !== undefined) yield snapshot as Arriving;
    }
    await this.parse();
  }

  /**
   * For a model that is a list: its elements, each once it is complete. They are not validated one by one.
   *
   * @throws As the iteration does, whose place this takes.
   * @example
   * ```ts
   * for await (const book of extraction.elements()) console.log(book);
   * ```
   */
  async *elements(): AsyncGenerator<Arriving extends readonly (infer Element)[] ? Element : never, void, undefined> {
    let given = 0;
    for await (const [chunk] of new PairIterator<N, never>(this.iterate())) {
      if (!this.#absorb(chunk)) continue;
      while (this.#arriving.isComplete([given])) {
        const list = this.#arriving.snapshot;
        if (!Array.isArray(list) || given >= list.length) break;
        yield list[given++] as Arriving extends readonly (infer Element)[] ? Element : never;
      }
    }
    await this.parse();
  }

  /**
   * Reads the stream to its end, if nobody did, and gives the validated model. The same promise each time.
   *
   * @throws ResponseModelError; the stream's own error unless it is complete.
   */
  parse(): Promise<Model> {
    this.#result ??= handled(this.#parse());
    return this.#result;
  }

  async #parse(): Promise<Model> {
    try {
      if (this.outcome === "pending") await this.response();
      const response = this.constructCallResponse();
      // Whoever drained the stream did not look at what came.
      if (this.#arriving.snapshot === undefined) this.#arriving.push(this.#whole());
      const value = await validateModel(this.#model, this.#arriving, response, response.finishReasons[0]);
      this.#constructed = { value: value as Model };
      return this.constructedResponseModel;
    } catch (error) {
      this.#constructed = { error };
      throw error;
    }
  }

  /** Takes what an event adds to the model; whether that has grown. */
  #absorb(chunk: N["chunk"]): boolean {
    const { decoder, prepared } = this.state;
    if (!prepared?.encoded.jsonTool) return chunk.content !== "" && this.#arriving.push(chunk.content);
    const updates = decoder.toolUpdates(chunk).filter(({ input }) => input.name === prepared.encoded.jsonTool);
    return updates.some(({ fragment }) => this.#arriving.push(fragment ?? ""));
  }

  #whole(): string {
    const tool = this.state.prepared?.encoded.jsonTool;
    return tool ? (this.state.decoder.toolInputs.find(({ name }) => name === tool)?.text ?? "") : this.content;
  }
}
