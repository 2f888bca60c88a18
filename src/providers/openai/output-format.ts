import type { FormatBody } from "../../provider/provider.ts";
import type { ResponseFormat } from "../../schema/response-format.ts";
import type { OpenAINative } from "./native.ts";

export function formatBody(_format: ResponseFormat | undefined, _jsonMode: boolean): FormatBody<OpenAINative> {
  return (body) => ({ body, jsonTool: null });
}
