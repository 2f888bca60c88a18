import type { FormatBody } from "../../provider/provider.ts";
import type { ResponseFormat } from "../../schema/response-format.ts";
import { strictSchema } from "../openai-platform/strict-schema.ts";
import type { OpenAIChatBody, OpenAIChatNative } from "./native.ts";

/** The name of the format. The reader never sees it. */
const NAME = "reply";

/** Makes the body of a request ask for JSON: of a given format, or any JSON object if there is none. */
export function formatBody(format: ResponseFormat | undefined, jsonMode: boolean): FormatBody<OpenAIChatNative> {
  const strict = format === undefined || jsonMode ? null : strictSchema(format.schema);
  return (body) => {
    if (strict !== null && "schema" in strict) {
      const json_schema = { name: NAME, schema: strict.schema, strict: true };
      return { body: { ...body, response_format: { type: "json_schema", json_schema } }, jsonTool: null };
    }
    return { body: inWords(body, format), jsonTool: null };
  };
}

/** Says what is wanted in an instruction before all others. */
function inWords(body: OpenAIChatBody, format: ResponseFormat | undefined): OpenAIChatBody {
  const like = format === undefined ? "" : ` that fits this JSON Schema:\n${JSON.stringify(format.schema)}\n`;
  const content = `Reply with one JSON object${like || " "}and with nothing else: no words around it, no code fence.`;
  return { ...body, messages: [{ role: "system", content }, ...body.messages] };
}
