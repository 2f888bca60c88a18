/** Messages and content parts that belong to no provider: plain readonly data, which providers translate when they send. */

import { InvalidOptionError } from "../errors.ts";
import { addPart, type Mark, type Marks } from "./mark.ts";
import type { Media } from "./media.ts";

/** Who speaks in a message. */
export type Role = "system" | "user" | "assistant";

/** What an image may carry. */
export interface ImageOptions {
  /** The media type, such as `image/png`. Read from the bytes or the `data:` URL if not given. */
  readonly mediaType?: string | undefined;
  /** How closely the model looks, for the providers that ask. */
  readonly detail?: "auto" | "low" | "high" | undefined;
}

/** What a document may carry. */
export interface DocumentOptions {
  /** The media type, such as `application/pdf`. Read from the bytes or the `data:` URL if not given. */
  readonly mediaType?: string | undefined;
  /** Its title, for the model to see. */
  readonly title?: string | undefined;
  /** What the model should know about the document, and never cites. */
  readonly context?: string | undefined;
  /** Whether the model may cite the document. */
  readonly citations?: boolean | undefined;
}

/** What audio may carry. */
export interface AudioOptions {
  /** The media type, such as `audio/wav`. Read from the bytes or the `data:` URL if not given. */
  readonly mediaType?: string | undefined;
}

/** Text. */
export interface TextPart {
  readonly type: "text";
  /** The text. */
  readonly text: string;
}

/** An image: its bytes or its address. */
export type ImagePart = Media & Omit<ImageOptions, "mediaType"> & { readonly type: "image" };

/** A document: its bytes or its address. */
export type DocumentPart = Media & Omit<DocumentOptions, "mediaType"> & { readonly type: "document" };

/** Audio: its bytes or its address. */
export type AudioPart = Media & Omit<AudioOptions, "mediaType"> & { readonly type: "audio" };

/** One part of a message's content. A provider may have options of its own for each, which entries add to the types. */
export type ContentPart = TextPart | ImagePart | DocumentPart | AudioPart;

/** One message of a prompt. */
export interface Message {
  /** Who speaks. */
  readonly role: Role;
  /** Text, or a list of parts. */
  readonly content: string | readonly ContentPart[];
}

/** A message in a provider's own shape. It is sent as it is. */
export interface NativeMessage {
  /** Who speaks: any text. The known roles are named so that TypeScript keeps the role that is written. */
  readonly role: Role | (string & {});
  /** What is said, in the provider's shape. */
  readonly content: unknown;
}

/** A message, neutral or in a provider's own shape. */
export type MessageLike = Message | NativeMessage;

declare const spliced: unique symbol;

/** A message that a template passes on from `MESSAGES:`. Its shape is its provider's, and is not known here. */
export interface SplicedMessage extends NativeMessage {
  /** Type only: it marks messages that were checked, and does not exist at run time. */
  readonly [spliced]: true;
}

/** A message that a template gives. */
export type PromptMessage = Message | SplicedMessage;

/** Makes a message of text, a part, or a list of parts and marks. @throws InvalidOptionError if a mark is first. */
export function message(role: Role, content: string | Mark | readonly (string | Mark)[], marks: Marks): Message {
  if (typeof content === "string") return { role, content };
  const parts: ContentPart[] = [];
  for (const part of "type" in content ? [content] : content) {
    if (!addPart(parts, typeof part === "string" ? { type: "text", text: part } : part, marks)) {
      throw new InvalidOptionError("content", `${marks.label} marks the part before it, and there is none.`);
    }
  }
  return { role, content: parts };
}
