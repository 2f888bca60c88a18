import { StreamNotConsumedError } from "../errors.ts";
import { field } from "../json/object.ts";
import type { Native } from "../provider.ts";
import type { CallPlan } from "./plan.ts";
import { CallStream } from "./call-stream.ts";
import { leaving } from "./leaving.ts";
import { PairIterator } from "./pair-iterator.ts";
import { handled } from "./pair-source.ts";
import { ArrivingModel, construct, type Constructed, modelOf, type ResponseModel } from "./response-model.ts";

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
  #arriving: ArrivingModel;
  #constructed: Constructed | Promise<Constructed> | null = null;

  /** @internal */
  constructor(plan: CallPlan<N>, model: ResponseModel) {
    super(plan);
    this.#model = model;
    this.#arriving = new ArrivingModel(model.format);
  }

  /**
   * The validated model, once the stream was read to its end. (With a schema that is asynchronous, and a stream that
   * `response()` has read, that is only after {@link parse}.)
   *
   * @throws StreamNotConsumedError while the stream is pending, and its own error unless it is complete;
   * ResponseModelError if the reply is not what the model asks for.
   */
  get constructedResponseModel(): Model {
    const constructed = this.#construct();
    if ("then" in constructed) throw new StreamNotConsumedError();
    // That is what the model's type means.
    return modelOf(constructed) as Model;
  }

  /**
   * Whether the part of the model at a path has come whole, and will not change any more.
   *
   * @example
   * ```ts
   * for await (const book of extraction) {
   *   const title = extraction.isComplete(["title"]) ? book.title : `${book.title ?? ""}…`;
   * }
   * ```
   */
  isComplete(path: readonly (string | number)[]): boolean {
    return this.#arriving.isComplete(path);
  }

  /**
   * The model so far, whenever it has grown.
   *
   * @throws StreamConsumedError if the stream has an owner already; ResponseModelError at the end of a reply that is not
   * what the model asks for.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Arriving, void, undefined> {
    let last: unknown;
    return this.#iterate(() => {
      const { snapshot } = this.#arriving;
      if (snapshot === last) return [];
      last = snapshot;
      // What has arrived of a model is `Arriving`: that is what its type means.
      return [snapshot as Arriving];
    });
  }

  /**
   * For a model that is a list: its elements, each as soon as it is complete. They are validated with the whole list,
   * when that has come. An interrupted stream is not restarted: elements cannot be taken back.
   *
   * @throws As the iteration does, whose place this takes.
   * @example
   * ```ts
   * for await (const book of extraction.elements()) console.log(book.title);
   * ```
   */
  elements(): AsyncGenerator<Arriving extends readonly (infer Element)[] ? Element : never, void, undefined> {
    type Element = Arriving extends readonly (infer E)[] ? E : never;
    this.state.mayRestart = false;
    let given = 0;
    return this.#iterate(() => {
      const elements = this.#arriving.elements(given) as readonly Element[];
      given += elements.length;
      return elements;
    });
  }

  /**
   * Reads the stream to its end, if nobody did, and gives the validated model.
   *
   * @throws ResponseModelError; StreamConsumedError while an iteration is under way; the stream's own error unless it is
   * complete.
   */
  parse(): Promise<Model> {
    return handled(this.#parse());
  }

  async #parse(): Promise<Model> {
    if (this.outcome === "pending") await this.response();
    await this.#construct();
    return this.constructedResponseModel;
  }

  /** @param take - What there is to give after an event. */
  #iterate<V>(take: () => readonly V[]): AsyncGenerator<V, void, undefined> {
    const pairs = new PairIterator<N, never>(this.iterate());
    return leaving(this.#values(pairs, take), pairs);
  }

  async *#values<V>(
    pairs: AsyncIterable<readonly [chunk: N["chunk"], tool: null]>,
    take: () => readonly V[],
  ): AsyncGenerator<V, void, undefined> {
    for await (const [chunk] of pairs) {
      this.#absorb(chunk);
      for (const value of take()) yield value;
    }
    // Left while a read was under way.
    if (this.outcome !== "complete") return;
    const constructed = this.#construct();
    for (const value of take()) yield value;
    modelOf(await constructed);
  }

  /** Takes what an event adds to the model. */
  #absorb(chunk: N["chunk"]): void {
    const { decoder, prepared } = this.state.shown;
    if (field(chunk.chunk, "type") === "restart") this.#arriving = new ArrivingModel(this.#model.format);
    const tool = prepared?.encoded.jsonTool ?? null;
    if (tool === null) return this.#arriving.push(chunk.content);
    for (const { input, fragment } of decoder.toolUpdates(chunk)) {
      if (input.name === tool && fragment !== null) this.#arriving.push(fragment);
    }
  }

  /** @throws As {@link constructCallResponse}. */
  #construct(): Constructed | Promise<Constructed> {
    const response = this.constructCallResponse();
    if (this.#constructed !== null) return this.#constructed;
    if (!this.#arriving.isWhole) {
      // It was drained, or did not come in events that add to it.
      const tool = this.state.prepared?.encoded.jsonTool;
      const input = this.state.shown.decoder.toolInputs.find(({ name }) => name === tool);
      const whole = new ArrivingModel(this.#model.format);
      whole.push(tool ? (input?.text ?? "") : response.content);
      if (whole.isWhole) this.#arriving = whole;
    }
    const constructed = construct(this.#model, this.#arriving, response);
    if ("then" in constructed) void constructed.then((settled) => (this.#constructed = settled));
    return (this.#constructed = constructed);
  }
}
