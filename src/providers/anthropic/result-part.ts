import { isObject } from "../../json/object.ts";
import { isBase64Text, isFlag, isUrl, type MediaTypes, neutralPart } from "../../tool/content-part.ts";
import { anyOf, type Check, type Fields, isText, listOf, nullOr, oneOf, shape, typed } from "../../tool/shape.ts";

const isNumber: Check = (value) => typeof value === "number";
// The API rejects text that is nothing but white space.
const isWords: Check = (value) => isText(value) && /\S/.test(value);

const isCacheControl = typed("ephemeral", { "ttl?": oneOf("5m", "1h") });
const native: Fields = { "cache_control?": nullOr(isCacheControl) };

// The API refuses the whole request for any other, SVG included.
const types: MediaTypes = {
  image: oneOf("image/jpeg", "image/png", "image/gif", "image/webp"),
  document: (value) => isText(value) && /^(application\/pdf$|text\/)/.test(value),
};

const isUrlSource = typed("url", { url: isUrl });
const isFileSource = typed("file", { file_id: isText });
const textOptions: Fields = { "citations?": nullOr(listOf(isObject)), ...native };
const isTextBlock = typed("text", { text: isWords, ...textOptions });
const isImageBlock = typed("image", {
  source: anyOf(typed("base64", { media_type: types.image, data: isBase64Text }), isUrlSource, isFileSource),
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

/**
 * Whether plain data is a part of a tool's result: one of ours, or a block that the API accepts there
 * (platform.claude.com/docs/en/api/messages). It must have exactly the fields of its kind.
 */
export const isResultPart: Check = anyOf(
  neutralPart({ "cacheControl?": isCacheControl }, types),
  // Empty text is a part too, if one that is not sent.
  typed("text", { text: isText, ...textOptions }),
  isImageBlock,
  isDocumentBlock,
  isSearchResultBlock,
  isBrowserStateBlock,
  typed("tool_reference", { tool_name: isText, ...native }),
);
