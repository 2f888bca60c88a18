import type { FormatBody } from "../../provider/provider.ts";
import type { ResponseFormat } from "../../schema/response-format.ts";
import { FORMAT_NAME, isBeforeFormats, jsonInWords } from "../openai-platform/json-format.ts";
import { strictSchema, withoutNulls } from "../openai-platform/strict-schema.ts";
import { OPENAI } from "./dialects.ts";
import { targetOf } from "./encode.ts";
import type { OpenAIChatBody, OpenAIChatNative } from "./native.ts";

/**
 * Makes the body of a request ask for JSON: of a given format, or any JSON object if there is none.
 *
 * A format is held to by the server. Where it cannot be, the model has to call a tool whose input is the reply or, if the
 * call has tools of its own, is asked in words.
 */
export function formatBody(format: ResponseFormat | undefined, jsonMode: boolean): FormatBody<OpenAIChatNative> {
  if (format === undefined || jsonMode) return (body) => ({ body: inWords(body, format), jsonTool: null });
  const { schema } = format;
  const strict = strictSchema(schema);
  const fromJson = withoutNulls(schema);
  return (body) => {
    const problem = "reason" in strict ? strict.reason : problemOf(body);
    if (problem === null && "schema" in strict) {
      const json_schema = { name: FORMAT_NAME, schema: strict.schema, strict: true };
      return {
        body: { ...body, response_format: { type: "json_schema", json_schema } },
        jsonTool: null,
        fromJson,
      };
    }
    const formatProblem = `The server does not hold the model to responseModel: ${problem}.`;
    if (body["tools"] !== undefined) return { body: inWords(body, format), jsonTool: null, formatProblem };
    const tool = {
      type: "function",
      function: { name: FORMAT_NAME, description: "Gives the reply.", parameters: schema },
    };
    const tool_choice = { type: "function", function: { name: FORMAT_NAME } };
    return { body: { ...body, tools: [tool], tool_choice }, jsonTool: FORMAT_NAME, formatProblem };
  };
}

/** Why a format cannot be asked for, whatever it is. */
function problemOf(body: OpenAIChatBody): string | null {
  const { dialect } = targetOf(body);
  if (dialect.lacksFormats) return "it has no formats";
  return dialect === OPENAI && isBeforeFormats(body.model) ? "the model is too old for that" : null;
}

/** Says what is wanted in an instruction before all others. */
function inWords(body: OpenAIChatBody, format: ResponseFormat | undefined): OpenAIChatBody {
  const content = jsonInWords(format);
  return { ...body, messages: [{ role: "system", content }, ...body.messages] };
}
