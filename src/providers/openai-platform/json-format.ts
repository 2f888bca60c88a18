import type { ResponseFormat } from "../../schema/response-format.ts";
import { canonicalModel } from "./models.ts";

/** What the format of a reply is called, and the tool that takes the reply as its input if no format can be asked for. */
export const FORMAT_NAME = "respond";

/** Whether a model of OpenAI's came before formats; developers.openai.com/api/docs/guides/structured-outputs. */
export function isBeforeFormats(model: string): boolean {
  return /^gpt-(3|4(?![.o]))/.test(canonicalModel(model));
}

/** Asks for JSON in words: of a format, or any object if there is none. */
export function jsonInWords(format: ResponseFormat | undefined): string {
  const like = format === undefined ? "" : ` that fits this JSON Schema:\n${JSON.stringify(format.schema)}\n`;
  return `Reply with one JSON object${like || " "}and with nothing else: no words around it, no code fence.`;
}
