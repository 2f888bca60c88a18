import { StreamTruncatedError } from "../../errors.ts";
import { encodeSse } from "../../frame/encode-sse.ts";
import { idOf, KnownPart, type Cursor, type Place } from "../cursor.ts";
import type { Ending } from "../feed.ts";
import type { ShownPair } from "../shown-pair.ts";
import type { ProviderMetadata } from "./thinking-metadata.ts";
import type { UIEncoder } from "./ui-encoder.ts";
import { KEEP_ALIVE, OPEN, SSE_HEADERS, type Wire } from "../wire.ts";

/** A part that waits, with the id that it gives. */
interface WaitingPart {
  readonly part: UIPart;
  readonly id: string | null;
}

/** Deltas that come so soon after others are sent together: the client parses all of a message at each. */
const UI_WINDOW_MS = 16;

/** The UI message stream of the AI SDK. */
export class UIWire implements Wire {
  readonly headers = { ...SSE_HEADERS, "x-vercel-ai-ui-message-stream": "v1" };
  readonly windowMs = UI_WINDOW_MS;
  readonly keepAlive = KEEP_ALIVE;
  readonly hasJsonErrors = false;
  readonly failure = null;
  readonly #run: string | null;
  readonly #encoder: UIEncoder;
  readonly #known: KnownPart;
  #text = "";
  /** Whether the places of pairs are known: the ids of the end need that, too. */
  #hasPlaces = false;
  #hasBegun = false;
  /** The last part: the next may be joined to it. */
  #last: WaitingPart | null = null;
  #lastSize = 0;

  constructor(run: string | null, cursor: Cursor | null, encoder: UIEncoder) {
    this.#run = run;
    this.#encoder = encoder;
    this.#known = new KnownPart(cursor);
  }

  get isOver(): boolean {
    return this.#encoder.isOver;
  }

  get size(): number {
    return this.#text.length + this.#lastSize;
  }

  start(): void {
    this.#text += OPEN;
    if (!this.#encoder.startsLater) this.#begin(null);
  }

  pair(pair: ShownPair): void {
    this.#begin(pair);
    const parts = this.#encoder.pair(pair);
    // Even of a pair without parts: it tells whether what the reader knows is in the log.
    const { place } = pair;
    this.#hasPlaces = place !== null;
    if (place === null) for (const part of parts) this.#put(part, null);
    else this.#putAll(parts, place, this.#known.ofPair(place));
    if (this.isOver) this.#done();
  }

  end(ending: Ending): void {
    this.#begin(null);
    // Not counted: a response that goes on with this one need not have them.
    for (const part of this.#encoder.settle(ending)) this.#put(part, null);
    this.#putAll(this.#encoder.end(ending), null, this.#known.ofEnd);
    this.#done();
  }

  startOver(): boolean {
    // The parts that the reader has open are not those that are open here.
    for (const part of this.#encoder.fail(new StreamTruncatedError()).slice(-1)) this.#put(part, null);
    this.#done();
    return false;
  }

  take(): string {
    this.#flush();
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #begin(first: ShownPair | null): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const part of this.#encoder.start(first)) this.#put(part, null);
  }

  /** @param known - How many of them the reader has. */
  #putAll(parts: readonly UIPart[], place: Place | null, known: number): void {
    for (const [index, part] of parts.entries()) {
      if (index < known) continue;
      const isLast = place !== null && index === parts.length - 1;
      const hasId = this.#run !== null && this.#hasPlaces;
      this.#put(part, hasId ? idOf(this.#run, place, isLast ? null : index + 1) : null);
    }
  }

  #put(part: UIPart, id: string | null): void {
    const both = this.#last && joined(this.#last.part, part);
    if (both === null) this.#flush();
    this.#last = { part: both ?? part, id };
    this.#lastSize += "delta" in part ? part.delta.length : "inputTextDelta" in part ? part.inputTextDelta.length : 100;
  }

  #flush(): void {
    if (this.#last === null) return;
    const { part, id } = this.#last;
    this.#text += (id === null ? "" : `id: ${id}\n`) + encodeSse({ data: partJson(part) });
    this.#last = null;
    this.#lastSize = 0;
  }

  #done(): void {
    this.#flush();
    this.#text += "data: [DONE]\n\n";
  }
}

/** Metadata that messages of a UI get. */
export interface UIMessageMetadata {
  readonly millrace: object;
  readonly [name: string]: unknown;
}

/** The words of the AI SDK for why a message has ended. */
export type UIFinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "error" | "other";

interface OfPart {
  readonly id: string;
  readonly providerMetadata?: ProviderMetadata;
}

interface OfCall {
  readonly toolCallId: string;
}

/**
 * A part of the AI SDK's UI message stream, of those that are sent here (ai@7.0.173 `src/ui-message-stream`). All but
 * approvals, denials and resets are known to version 5 as well.
 */
export type UIPart =
  | { readonly type: "file" | "source-url" | "source-document" | `data-${string}` }
  | { readonly type: "start"; readonly messageId: string; readonly messageMetadata: UIMessageMetadata }
  | { readonly type: "start-step" | "finish-step" | "reset-step" | "abort" }
  | ({ readonly type: "text-start" | "text-end" | "reasoning-start" | "reasoning-end" } & OfPart)
  | ({ readonly type: "text-delta" | "reasoning-delta"; readonly delta: string } & OfPart)
  | ({ readonly type: "tool-input-start"; readonly toolName: string } & OfCall)
  | ({ readonly type: "tool-input-delta"; readonly inputTextDelta: string } & OfCall)
  | ({
      readonly type: "tool-input-available";
      readonly toolName: string;
      readonly input: unknown;
      readonly dynamic?: true;
    } & OfCall)
  | ({
      readonly type: "tool-input-error";
      readonly toolName: string;
      readonly input: unknown;
      readonly errorText: string;
      readonly dynamic?: true;
    } & OfCall)
  | ({ readonly type: "tool-output-available"; readonly output: unknown } & OfCall)
  | ({ readonly type: "tool-output-error"; readonly errorText: string } & OfCall)
  | ({ readonly type: "tool-output-denied" } & OfCall)
  | ({ readonly type: "tool-approval-request"; readonly approvalId: string } & OfCall)
  | { readonly type: "message-metadata"; readonly messageMetadata: UIMessageMetadata }
  | { readonly type: "finish"; readonly finishReason: UIFinishReason }
  | { readonly type: "error"; readonly errorText: string };

/**
 * Two parts as one, if the second only adds text to what the first has added.
 *
 * @returns Null if they are not like that.
 */
function joined(first: UIPart, second: UIPart): UIPart | null {
  if (first.type === "tool-input-delta" && second.type === first.type) {
    const isSame = first.toolCallId === second.toolCallId;
    return isSame ? { ...first, inputTextDelta: first.inputTextDelta + second.inputTextDelta } : null;
  }
  if (first.type !== "text-delta" && first.type !== "reasoning-delta") return null;
  if (second.type !== first.type || first.id !== second.id) return null;
  const isPlain = first.providerMetadata === undefined && second.providerMetadata === undefined;
  return isPlain ? { ...first, delta: first.delta + second.delta } : null;
}

/**
 * A part as JSON. Names that the AI SDK's parser takes for an attack are left out: it would end the chat at them
 * (@ai-sdk/provider-utils `secure-json-parse.ts`).
 */
function partJson(part: UIPart): string {
  const json = JSON.stringify(part);
  return json.includes('"__proto__"') || json.includes('"constructor"')
    ? JSON.stringify(part, withoutPrototypes)
    : json;
}

function withoutPrototypes(name: string, value: unknown): unknown {
  if (name === "__proto__") return undefined;
  const isPrototype = name === "constructor" && typeof value === "object" && value !== null;
  return isPrototype && Object.hasOwn(value, "prototype") ? undefined : value;
}
