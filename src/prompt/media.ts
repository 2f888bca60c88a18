/** Where the bytes of an image, a document or audio come from. Nothing here reads a file or fetches an address. */

import { InvalidOptionError } from "../errors.ts";

/** Bytes, an `https:` URL or a `data:` URL. */
export type MediaSource = Uint8Array | URL | string;

/** Media in a content part: what is sent, or where the provider finds it. */
export type Media = MediaData | MediaUrl;

/** Media that is sent along. */
export interface MediaData {
  /** Bytes, or their base64 where the source was a base64 `data:` URL. */
  readonly data: Uint8Array | string;
  /** Such as `image/png`. */
  readonly mediaType: string;
}

/** Media that the provider fetches. */
export interface MediaUrl {
  /** An `https:` URL. */
  readonly url: string;
  /** Such as `image/png`, if it was given. */
  readonly mediaType?: string | undefined;
}

/** What the media is for. */
type MediaKind = "image" | "document" | "audio";

// Enough of the start of each format to tell it from the others, as Latin-1.
const SIGNATURES: readonly (readonly [start: RegExp, mediaType: string])[] = [
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^\x89PNG/, "image/png"],
  [/^GIF8[79]a/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^%PDF/, "application/pdf"],
  [/^RIFF[^]{4}WAVE/, "audio/wav"],
  // An ID3 tag, or the sync word of an MPEG frame of layer III.
  [/^(?:ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/, "audio/mpeg"],
  [/^fLaC/, "audio/flac"],
  [/^OggS/, "audio/ogg"],
  [/^[^]{4}ftypM4[AB]/, "audio/mp4"],
];

/** The media type that bytes show by their beginning; undefined if it is none that models know. @internal */
export function sniffMediaType(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  return SIGNATURES.find(([signature]) => signature.test(start))?.[1];
}

/** Checks a source and tells its media type. @throws InvalidOptionError @internal */
export function toMedia(kind: MediaKind, source: unknown, mediaType?: string): Media {
  if (ArrayBuffer.isView(source)) {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    if (bytes.length === 0) throw invalid(kind, "it has no bytes.");
    return { data: bytes, mediaType: mediaType ?? expected(kind, sniffMediaType(bytes)) };
  }
  const url = source instanceof URL ? source.href : source;
  if (typeof url === "string") {
    if (/^data:/i.test(url)) return fromDataUrl(kind, url, mediaType);
    if (/^https:\/\//i.test(url) && URL.canParse(url)) return mediaType === undefined ? { url } : { url, mediaType };
  }
  // The value itself stays out of the error: it may be megabytes, or a path that tells too much.
  throw invalid(kind, "it must be bytes (Uint8Array), an https: URL or a data: URL. No file and no other URL is read.");
}

/** https://www.rfc-editor.org/rfc/rfc2397 */
function fromDataUrl(kind: MediaKind, url: string, mediaType?: string): MediaData {
  const comma = url.indexOf(",");
  if (comma < 0) throw invalid(kind, "the data: URL has no comma.");
  const [declared, ...parameters] = url.slice("data:".length, comma).split(";");
  const type = mediaType ?? expected(kind, declared?.trim().toLowerCase());
  let payload: string;
  try {
    payload = decodeURIComponent(url.slice(comma + 1));
  } catch {
    throw invalid(kind, "the data: URL is not percent-encoded UTF-8.");
  }
  if (parameters.at(-1)?.trim().toLowerCase() !== "base64") {
    return { data: new TextEncoder().encode(payload), mediaType: type };
  }
  const data = payload.replace(/\s+/g, "");
  // Not one pattern for the whole: it could exhaust the stack of the regular expression on many megabytes.
  if (data === "" || /[^A-Za-z0-9+/]/.test(data.replace(/={1,2}$/, "")))
    throw invalid(kind, "the data: URL is not base64.");
  return { data, mediaType: type };
}

function expected(kind: MediaKind, mediaType: string | undefined): string {
  if (!mediaType) throw invalid(kind, "its media type is unknown: pass mediaType.");
  if (kind === "document" ? /^(?:image|audio)\//.test(mediaType) : !mediaType.startsWith(`${kind}/`)) {
    throw invalid(kind, `it is ${mediaType}. If that is meant, pass mediaType.`);
  }
  return mediaType;
}

function invalid(kind: MediaKind, problem: string): InvalidOptionError {
  return new InvalidOptionError(`${kind} source`, problem);
}
