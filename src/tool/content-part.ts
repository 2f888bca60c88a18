import { isObject, type JsonObject } from "../json/object.ts";
import { toMedia } from "../prompt/media.ts";
import { anyOf, type Check, type Fields, isText, listOf, nullOr, oneOf, shape, typed } from "./shape.ts";

/**
 * The content parts that plain data holds: a single part, or a list of nothing but parts; null for anything else.
 *
 * A tool's own records may have a `type` such as "text" or "document" too. So a part must have exactly the fields of its
 * kind: those of `text()`, `image()` and `document()`, or those of a block that Anthropic accepts in a tool's result
 * (platform.claude.com/docs/en/api/messages).
 */
export function contentParts(plain: unknown): readonly JsonObject[] | null {
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

const isFlag: Check = (value) => typeof value === "boolean";
const isNumber: Check = (value) => typeof value === "number";
// Providers reject text that is nothing but white space.
const isWords: Check = (value) => isText(value) && /\S/.test(value);
const isBase64Text: Check = (value) => isText(value) && isBase64(value);
const isData: Check = (value) => (value instanceof Uint8Array ? value.length > 0 : isBase64Text(value));
const isUrl: Check = (value) => isText(value) && /^https:\/\//i.test(value) && URL.canParse(value);
const isImageType: Check = (value) => isText(value) && /^image\/[\w.+-]+$/i.test(value);
const isDocumentType: Check = (value) =>
  isText(value) && /^(?!image\/|audio\/|video\/)[\w.+-]+\/[\w.+-]+(?: *;.*)?$/i.test(value);

const isCacheControl = typed("ephemeral", { "ttl?": oneOf("5m", "1h") });
const neutral: Fields = { "cacheControl?": isCacheControl };
const native: Fields = { "cache_control?": nullOr(isCacheControl) };

/** A neutral part with media: the data itself, or its address. */
function media(type: string, isMediaType: Check, options: Fields): Check {
  const fields = { ...options, ...neutral };
  return anyOf(
    typed(type, { data: isData, mediaType: isMediaType, ...fields }),
    typed(type, { url: isUrl, "mediaType?": isMediaType, ...fields }),
  );
}

const isNeutralPart = anyOf(
  typed("text", { text: isText, ...neutral }),
  media("image", isImageType, { "detail?": oneOf("auto", "low", "high") }),
  media("document", isDocumentType, { "title?": isText, "context?": isText, "citations?": isFlag }),
);

const isUrlSource = typed("url", { url: isUrl });
const isFileSource = typed("file", { file_id: isText });
const textOptions: Fields = { "citations?": nullOr(listOf(isObject)), ...native };
const isTextBlock = typed("text", { text: isWords, ...textOptions });
const isImageBlock = typed("image", {
  source: anyOf(typed("base64", { media_type: isImageType, data: isBase64Text }), isUrlSource, isFileSource),
  "transformations?": nullOr(shape({ "oversized_image?": oneOf("downsize", "error") })),
  ...native,
});
const isCitations = shape({ "enabled?": isFlag });
const isDocumentBlock = typed("document", {
  source: anyOf(
    typed("base64", { media_type: oneOf("application/pdf"), data: isBase64Text }),
    typed("text", { media_type: oneOf("text/plain"), data: isText }),
    typed("content", { content: anyOf(isText, listOf(anyOf(isTextBlock, isImageBlock))) }),
    isUrlSource,
    isFileSource,
  ),
  "title?": nullOr(isText),
  "context?": nullOr(isText),
  "citations?": nullOr(isCitations),
  ...native,
});
const isSearchResultBlock = typed("search_result", {
  source: isText,
  title: isText,
  content: listOf(isTextBlock),
  "citations?": isCitations,
  ...native,
});
const download: Fields = { download_id: isText, url: isText };
const isBrowserStateBlock = typed("browser_state", {
  tabs: listOf(shape({ tab_id: isText, title: isText, url: isText, "active?": isFlag })),
  "state_changes?": nullOr(
    listOf(
      anyOf(
        typed("tab_opened", { tab_id: isText }),
        typed("download_started", download),
        typed("download_failed", { ...download, "error?": nullOr(isText) }),
        typed("download_completed", { ...download, "path?": nullOr(isText), "size_bytes?": nullOr(isNumber) }),
      ),
    ),
  ),
  ...native,
});

const isPart = anyOf(
  isNeutralPart,
  // Empty text is a part too, if one that is not sent.
  typed("text", { text: isText, ...textOptions }),
  isImageBlock,
  isDocumentBlock,
  isSearchResultBlock,
  isBrowserStateBlock,
  typed("tool_reference", { tool_name: isText, ...native }),
);
