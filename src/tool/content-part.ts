import { isObject, type JsonObject } from "../json/object.ts";
import { toMedia } from "../prompt/media.ts";
import { anyOf, type Check, type Fields, isText, oneOf, typed } from "./shape.ts";

/**
 * The content parts that plain data holds: a single part, or a list of nothing but parts; null for anything else.
 *
 * A tool's own records may have a `type` such as "text" or "document" too. So a part must have exactly the fields of its
 * kind, as {@link neutralPart} checks them. Media of a type that cannot be sent becomes a note.
 */
export function contentParts(plain: unknown, isPart: Check): readonly JsonObject[] | null {
  const parts: JsonObject[] = [];
  for (const value of Array.isArray(plain) ? plain : [plain]) {
    const part: unknown = isObject(value) ? withoutDataUrl(value) : value;
    if (!isObject(part)) return null;
    if (isPart(part)) parts.push(part);
    else if (isNeutralPart(part)) parts.push({ type: "text", text: `[${String(part["mediaType"])}, not shown]` });
    else return null;
  }
  return parts.length > 0 ? parts : null;
}

/** Whether text is base64, padded or not. */
export function isBase64(text: string): boolean {
  const digits = text.replace(/={1,2}$/, "");
  const isWhole = digits === text ? text.length % 4 !== 1 : text.length % 4 === 0;
  // Not one pattern for everything: it could exhaust the regular expression's stack on many megabytes.
  return digits !== "" && isWhole && !/[^A-Za-z0-9+/]/.test(digits);
}

/** A neutral part with the media itself instead of a `data:` URL, which providers do not fetch. */
function withoutDataUrl(part: JsonObject): JsonObject {
  const { type } = part;
  if ((type !== "image" && type !== "document") || !isText(part["url"]) || !/^data:/i.test(part["url"])) return part;
  const { url, mediaType, ...options } = part;
  try {
    return { ...options, ...toMedia(type, url, isText(mediaType) ? mediaType : undefined) };
  } catch {
    return part;
  }
}

/**
 * Checks that a value is a part as `text()`, `image()` and `document()` make them.
 *
 * @param options - The checks of the options that a provider has for each part.
 * @param types - The media types that the provider takes. Default: all that are possible.
 */
export function neutralPart(options: Fields, types: MediaTypes = anyMedia): Check {
  return anyOf(
    typed("text", { text: isText, ...options }),
    media("image", types.image, { "detail?": oneOf("auto", "low", "high"), ...options }),
    media("document", types.document, { "title?": isText, "context?": isText, "citations?": isFlag, ...options }),
  );
}

/** The media types that images and documents may have. */
export interface MediaTypes {
  readonly image: Check;
  readonly document: Check;
}

/** A neutral part with media: the data itself, or its address. */
function media(type: string, isMediaType: Check, options: Fields): Check {
  return anyOf(
    typed(type, { data: isData, mediaType: isMediaType, ...options }),
    typed(type, { url: isUrl, "mediaType?": isMediaType, ...options }),
  );
}

export const isFlag: Check = (value) => typeof value === "boolean";
export const isBase64Text: Check = (value) => isText(value) && isBase64(value);
const isData: Check = (value) => (value instanceof Uint8Array ? value.length > 0 : isBase64Text(value));
export const isUrl: Check = (value) => isText(value) && /^https:\/\//i.test(value) && URL.canParse(value);
const isImageType: Check = (value) => isText(value) && /^image\/[\w.+-]+$/i.test(value);
const isDocumentType: Check = (value) =>
  isText(value) && /^(?!image\/|audio\/|video\/)[\w.+-]+\/[\w.+-]+(?: *;.*)?$/i.test(value);
const anyMedia: MediaTypes = { image: isImageType, document: isDocumentType };

/** A part as any provider may take it. */
export const isNeutralPart: Check = neutralPart({});
