/** Messages and content parts, with the options and marks of all providers: v1's words, which the core passes on. */

import type { Mark, Marks } from "./prompt/mark.ts";
import { type MediaSource, toMedia } from "./prompt/media.ts";
import {
  type AudioOptions as AnyAudioOptions,
  type AudioPart as AnyAudioPart,
  type DocumentOptions as AnyDocumentOptions,
  type DocumentPart as AnyDocumentPart,
  type ImageOptions as AnyImageOptions,
  type ImagePart as AnyImagePart,
  message,
  type Message as AnyMessage,
  type NativeMessage,
  type SplicedMessage,
  type TextPart as AnyTextPart,
} from "./prompt/message.ts";
import type { PartOptions } from "./providers/anthropic/cache-control.ts";

/** What an image may carry. */
export interface ImageOptions extends AnyImageOptions, PartOptions {}

/** What a document may carry. */
export interface DocumentOptions extends AnyDocumentOptions, PartOptions {}

/** What audio may carry. */
export interface AudioOptions extends AnyAudioOptions, PartOptions {}

/** Text. */
export interface TextPart extends AnyTextPart, PartOptions {}

/** An image: its bytes or its address. */
export type ImagePart = AnyImagePart & PartOptions;

/** A document: its bytes or its address. */
export type DocumentPart = AnyDocumentPart & PartOptions;

/** Audio: its bytes or its address. */
export type AudioPart = AnyAudioPart & PartOptions;

/** One part of a message's content. */
export type ContentPart = TextPart | ImagePart | DocumentPart | AudioPart;

/** A mark in a list of parts: the part before it gets the cache breakpoint. Messages hold parts, never the mark. */
export interface CacheControlPart {
  readonly type: "cache_control";
  /** How long the provider keeps the prompt. Default: its own, five minutes at Anthropic. */
  readonly ttl?: "5m" | "1h" | undefined;
}

/** The argument of {@link system}, {@link user} and {@link assistant}: text, a part, or a list of both. */
export type Content = string | ContentPart | readonly (string | ContentPart | CacheControlPart)[];

/** One message of a prompt. */
export interface Message extends AnyMessage {
  /** Text, or a list of parts. */
  readonly content: string | readonly ContentPart[];
}

/** A message, neutral or in a provider's own shape. */
export type MessageLike = Message | NativeMessage;

/** A message that a template gives. */
export type PromptMessage = Message | SplicedMessage;

const SPEC = /^cache_control(?:\((?:type=ephemeral|(?:type=ephemeral,)?ttl=(5m|1h))\))?$/;

/** The marks of all providers. @internal */
export const MARKS: Marks = {
  label: "cacheControl()",
  optionsOf: ({ type, ttl }: Mark & Partial<Pick<CacheControlPart, "ttl">>): PartOptions | null =>
    type === "cache_control" ? { cacheControl: { type: "ephemeral", ...(ttl && { ttl }) } } : null,
  parse(spec) {
    const match = SPEC.exec(spec);
    return match && { type: "cache_control", ttl: match[1] };
  },
};

/**
 * A message that instructs the model.
 *
 * @param content - Text, a content part, or a list of both.
 * @throws InvalidOptionError if `cacheControl()` is first in the list: it marks the part before it.
 * @example
 * ```ts
 * import { cacheControl, system } from "millrace";
 * const rules = system(["You are a librarian.", cacheControl({ ttl: "1h" })]);
 * ```
 */
export function system(content: Content): Message {
  return message("system", content, MARKS);
}

/**
 * A message from the user.
 *
 * @param content - Text, a content part, or a list of both.
 * @throws InvalidOptionError if `cacheControl()` is first in the list: it marks the part before it.
 * @example
 * ```ts
 * import { image, user } from "millrace";
 * const question = user(["Whose cover is this?", image("https://example.com/cover.png")]);
 * ```
 */
export function user(content: Content): Message {
  return message("user", content, MARKS);
}

/**
 * A message from the model.
 *
 * @param content - Text, a content part, or a list of both.
 * @throws InvalidOptionError if `cacheControl()` is first in the list: it marks the part before it.
 * @example
 * ```ts
 * import { assistant, user } from "millrace";
 * const history = [user("Recommend a book"), assistant("The Name of the Wind"), user("Another")];
 * ```
 */
export function assistant(content: Content): Message {
  return message("assistant", content, MARKS);
}

/**
 * A part that is text.
 *
 * @param text - The text.
 * @param options - `cacheControl`: caches the prompt up to this part.
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
 * @param options - The media type, how closely the model looks, and `cacheControl`.
 * @throws InvalidOptionError if the source is anything else, or its media type is unknown and not given.
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
 * @param options - The media type, a title, context, whether it may be cited, and `cacheControl`.
 * @throws InvalidOptionError if the source is anything else, or its media type is unknown and not given.
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
 * @param options - The media type, and `cacheControl`.
 * @throws InvalidOptionError if the source is anything else, or its media type is unknown and not given.
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
