import { isObject, type JsonObject } from "../json/object.ts";
import { toMedia } from "../prompt/media.ts";
import { anyOf, type Check, type Fields, isText, oneOf, typed } from "./shape.ts";

/**
 * The content parts that plain data holds: a single part, or a list of nothing but parts; null for anything else.
 *
 * A tool's own records may have a `type` such as "text" or "document" too. So a part must have exactly the fields of its
 * kind, as {@link neutralPart} checks them.
 */
export function contentParts(plain: unknown, isPart: Check): readonly JsonObject[] | null {
  const parts: JsonObject[] = [];
  for (const value of Array.isArray(plain) ? plain : [plain]) {
    const part: unknown = isObject(value) ? withoutDataUrl(value) : value;
    if (!isObject(part) || !isPart(part)) return null;
    parts.push(part);
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
 */
export function neutralPart(options: Fields): Check {
  return anyOf(
    typed("text", { text: isText, ...options }),
    media("image", isImageType, { "detail?": oneOf("auto", "low", "high"), ...options }),
    media("document", isDocumentType, { "title?": isText, "context?": isText, "citations?": isFlag, ...options }),
  );
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
export const isImageType: Check = (value) => isText(value) && /^image\/[\w.+-]+$/i.test(value);
const isDocumentType: Check = (value) =>
  isText(value) && /^(?!image\/|audio\/|video\/)[\w.+-]+\/[\w.+-]+(?: *;.*)?$/i.test(value);
