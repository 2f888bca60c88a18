import type { JsonObject } from "../json.ts";

/** A citation in a text, with the fields described in platform.claude.com/docs/en/build-with-claude/citations. */
export type Citation = JsonObject & { readonly type: string; readonly cited_text: string };

const DOCUMENT = { document_index: 0, document_title: null };

/** The default fields of each kind of citation, besides the cited text. */
const FIELDS = {
  char_location: { ...DOCUMENT, start_char_index: 0, end_char_index: 0, file_id: null },
  page_location: { ...DOCUMENT, start_page_number: 1, end_page_number: 2, file_id: null },
  content_block_location: { ...DOCUMENT, start_block_index: 0, end_block_index: 1, file_id: null },
  search_result_location: { search_result_index: 0, source: "", title: null, start_block_index: 0, end_block_index: 1 },
  web_search_result_location: { url: "https://example.org", title: null, encrypted_index: "Eo8BCioIAhgB" },
} as const;

/** The kinds of citation. */
export type CitationType = keyof typeof FIELDS;

/**
 * Makes a citation. Fields that are not given have simple defaults, such as the first page of the first document.
 *
 * @param type - What is cited.
 * @param citedText - The words that are cited.
 * @param fields - Fields of the citation, under the API's names.
 * @example
 * ```ts
 * import { citation, reply, text } from "millrace/testing";
 * const green = citation("char_location", "The grass is green.", { document_title: "Grass", end_char_index: 19 });
 * reply(text("Grass is green.", { citations: [green] }));
 * ```
 */
export function citation<Type extends CitationType>(
  type: Type,
  citedText: string,
  fields: { readonly [Field in keyof (typeof FIELDS)[Type]]?: unknown } = {},
): Citation {
  const end = type === "char_location" ? { end_char_index: citedText.length } : {};
  return { type, cited_text: citedText, ...FIELDS[type], ...end, ...fields };
}
