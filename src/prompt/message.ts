/** Messages and content parts that belong to no provider: plain readonly data, which providers translate when they send. */

import { InvalidOptionError } from "../errors.ts";
import { toMedia } from "./media.ts";
import type { Media, MediaSource } from "./media.ts";

/** Who speaks in a message. */
export type Role = "system" | "user" | "assistant";

/** A cache breakpoint: the provider keeps the prompt up to here for `ttl` (the provider's default: 5 minutes). */
export interface CacheControl {
  readonly type: "ephemeral";
  readonly ttl?: "5m" | "1h" | undefined;
}

/** What every content part may carry. */
export interface PartOptions {
  /** Caches the prompt up to and including this part, where the provider can. */
  readonly cacheControl?: CacheControl | undefined;
}

/** What an image may carry. */
export interface ImageOptions extends PartOptions {
  /** The media type, such as `image/png`. Read from the bytes or the `data:` URL if not given. */
  readonly mediaType?: string | undefined;
  /** How closely the model looks, for the providers that ask. */
  readonly detail?: "auto" | "low" | "high" | undefined;
}

/** What a document may carry. */
export interface DocumentOptions extends PartOptions {
  /** The media type, such as `application/pdf`. Read from the bytes or the `data:` URL if not given. */
  readonly mediaType?: string | undefined;
  readonly title?: string | undefined;
  /** What the model should know about the document, and never cites. */
  readonly context?: string | undefined;
  /** Whether the model may cite the document. */
  readonly citations?: boolean | undefined;
}

/** What audio may carry. */
export interface AudioOptions extends PartOptions {
  /** The media type, such as `audio/wav`. Read from the bytes or the `data:` URL if not given. */
  readonly mediaType?: string | undefined;
}

/** Text. */
export interface TextPart extends PartOptions {
  readonly type: "text";
  readonly text: string;
}

/** An image: its bytes or its address. */
export type ImagePart = Media & Omit<ImageOptions, "mediaType"> & { readonly type: "image" };

/** A document: its bytes or its address. */
export type DocumentPart = Media & Omit<DocumentOptions, "mediaType"> & { readonly type: "document" };

/** Audio: its bytes or its address. */
export type AudioPart = Media & Omit<AudioOptions, "mediaType"> & { readonly type: "audio" };

/** One part of a message's content. */
export type ContentPart = TextPart | ImagePart | DocumentPart | AudioPart;

/** A mark in a list of parts: the part before it gets the cache breakpoint. Messages hold parts, never the mark. */
export interface CacheControlPart {
  readonly type: "cache_control";
  readonly ttl?: "5m" | "1h" | undefined;
}

/** What {@link system}, {@link user} and {@link assistant} take: text, a part, or a list of both. */
export type Content = string | ContentPart | readonly (string | ContentPart | CacheControlPart)[];

/** One message of a prompt. */
export interface Message {
  readonly role: Role;
  readonly content: string | readonly ContentPart[];
}

/** A message in a provider's own shape. It is sent as it is. */
export interface NativeMessage {
  readonly role: string;
  readonly content: unknown;
}

/** A message, neutral or in a provider's own shape. */
export type MessageLike = Message | NativeMessage;

declare const spliced: unique symbol;

/** A message that a template passes on from `MESSAGES:`. Its shape is its provider's, and is not known here. */
export interface SplicedMessage extends NativeMessage {
  /** Type only: it tells these messages from unchecked ones. There is no such value. */
  readonly [spliced]: true;
}

/** A message that a template gives. */
export type PromptMessage = Message | SplicedMessage;

/**
 * A message that instructs the model.
 *
 * @param content - Text, a content part, or a list of both.
 * @throws {InvalidOptionError} If `cacheControl()` is first in the list: it marks the part before it.
 * @example
 * ```ts
 * import { cacheControl, system } from "millrace";
 * const rules = system(["You are a librarian.", cacheControl({ ttl: "1h" })]);
 * ```
 */
export function system(content: Content): Message {
  return { role: "system", content: toContent(content) };
}

/**
 * A message from the user.
 *
 * @param content - Text, a content part, or a list of both.
 * @throws {InvalidOptionError} If `cacheControl()` is first in the list: it marks the part before it.
 * @example
 * ```ts
 * import { image, user } from "millrace";
 * const question = user(["Whose cover is this?", image("https://example.com/cover.png")]);
 * ```
 */
export function user(content: Content): Message {
  return { role: "user", content: toContent(content) };
}

/**
 * A message from the model.
 *
 * @param content - Text, a content part, or a list of both.
 * @throws {InvalidOptionError} If `cacheControl()` is first in the list: it marks the part before it.
 * @example
 * ```ts
 * import { assistant, user } from "millrace";
 * const history = [user("Recommend a book"), assistant("The Name of the Wind"), user("Another")];
 * ```
 */
export function assistant(content: Content): Message {
  return { role: "assistant", content: toContent(content) };
}

/**
 * A part that is text.
 *
 * @example
 * ```ts
 * import { text, user } from "millrace";
 * declare const book: string;
 * const message = user([text(book, { cacheControl: { type: "ephemeral", ttl: "1h" } }), "Sum it up."]);
 * ```
 */
export function text(text: string, options?: PartOptions): TextPart {
  return { type: "text", text, ...options };
}

/**
 * A part that is an image. Nothing is read or fetched: bytes are kept as they are (not copied), and an address is
 * handed to the provider.
 *
 * @param source - Bytes, an `https:` URL or a `data:` URL.
 * @throws {InvalidOptionError} If the source is anything else, or its media type is unknown and not given.
 * @example
 * ```ts
 * import { image, user } from "millrace";
 * declare const bytes: Uint8Array;
 * const message = user([image(bytes), image("https://example.com/cover.png", { detail: "low" })]);
 * ```
 */
export function image(source: MediaSource, options: ImageOptions = {}): ImagePart {
  return { type: "image", ...options, ...toMedia("image", source, options.mediaType) };
}

/**
 * A part that is a document. Nothing is read or fetched: bytes are kept as they are (not copied), and an address is
 * handed to the provider.
 *
 * @param source - Bytes, an `https:` URL or a `data:` URL. PDF is recognised; of other bytes say the media type.
 * @throws {InvalidOptionError} If the source is anything else, or its media type is unknown and not given.
 * @example
 * ```ts
 * import { document, user } from "millrace";
 * declare const pdf: Uint8Array;
 * const message = user([document(pdf, { title: "Annual report", citations: true }), "What was the revenue?"]);
 * ```
 */
export function document(source: MediaSource, options: DocumentOptions = {}): DocumentPart {
  return { type: "document", ...options, ...toMedia("document", source, options.mediaType) };
}

/**
 * A part that is audio. Nothing is read or fetched: bytes are kept as they are (not copied), and an address is handed
 * to the provider.
 *
 * @param source - Bytes, an `https:` URL or a `data:` URL. WAV, MP3, FLAC, Ogg and M4A are recognised.
 * @throws {InvalidOptionError} If the source is anything else, or its media type is unknown and not given.
 * @example
 * ```ts
 * import { audio, user } from "millrace";
 * declare const recording: Uint8Array;
 * const message = user(["What is said here?", audio(recording, { mediaType: "audio/wav" })]);
 * ```
 */
export function audio(source: MediaSource, options: AudioOptions = {}): AudioPart {
  return { type: "audio", ...options, ...toMedia("audio", source, options.mediaType) };
}

/**
 * A mark for a list of parts: the prompt is cached up to and including the part before it. The same as that part's own
 * `cacheControl` option.
 *
 * @param options - `ttl`: how long the provider keeps it, `"5m"` or `"1h"`. Without it, the provider's default.
 * @example
 * ```ts
 * import { cacheControl, document, user } from "millrace";
 * declare const pdf: Uint8Array;
 * const message = user([document(pdf), cacheControl(), "What was the revenue?"]);
 * ```
 */
export function cacheControl(options?: { readonly ttl?: "5m" | "1h" | undefined }): CacheControlPart {
  return { type: "cache_control", ...options };
}

/** Adds a part; a mark goes onto the part before it. Returns whether there was a part to mark. @internal */
export function addPart(parts: ContentPart[], part: ContentPart | CacheControlPart): boolean {
  if (part.type !== "cache_control") return parts.push(part) > 0;
  const last = parts.pop();
  if (last === undefined) return false;
  const mark: CacheControl = part.ttl === undefined ? { type: "ephemeral" } : { type: "ephemeral", ttl: part.ttl };
  return parts.push({ ...last, cacheControl: mark }) > 0;
}

function toContent(content: Content): Message["content"] {
  if (typeof content === "string") return content;
  const parts: ContentPart[] = [];
  for (const part of "type" in content ? [content] : content) {
    if (!addPart(parts, typeof part === "string" ? text(part) : part)) {
      throw new InvalidOptionError("content", "cacheControl() marks the part before it, and there is none.");
    }
  }
  return parts;
}
