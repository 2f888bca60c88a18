import { isObject } from "../../json/object.ts";
import type { FormatBody } from "../../provider/provider.ts";
import type { ResponseFormat } from "../../schema/response-format.ts";
import { FORMAT_NAME, isBeforeFormats, jsonInWords } from "../openai-platform/json-format.ts";
import { strictSchema, withoutNulls } from "../openai-platform/strict-schema.ts";
import type { OpenAIBody, OpenAINative } from "./native.ts";

/**
 * Makes the body of a request ask for JSON: of a given format, or any JSON object if there is none.
 *
 * A format is held to by the API. Where it cannot be, the model has to call a tool whose input is the reply or, if the
 * call has tools of its own, is asked in words.
 */
export function formatBody(format: ResponseFormat | undefined, jsonMode: boolean): FormatBody<OpenAINative> {
  if (format === undefined || jsonMode) return (body) => ({ body: inWords(body, format), jsonTool: null });
  const { schema } = format;
  const strict = strictSchema(schema);
  const fromJson = withoutNulls(schema);
  return (body) => {
    const isOld = isBeforeFormats(body.model);
    if ("schema" in strict && !isOld) {
      const { text } = body;
      const wanted = { type: "json_schema", name: FORMAT_NAME, schema: strict.schema, strict: true };
      return {
        body: { ...body, text: { ...(isObject(text) && text), format: wanted } },
        jsonTool: null,
        fromJson,
      };
    }
    const problem = "reason" in strict ? strict.reason : "the model is too old for that";
    const formatProblem = `The API does not hold the model to responseModel: ${problem}.`;
    if (body["tools"] !== undefined) return { body: inWords(body, format), jsonTool: null, formatProblem };
    const tool = {
      type: "function",
      name: FORMAT_NAME,
      description: "Gives the reply.",
      parameters: schema,
      strict: false,
    };
    const tool_choice = { type: "function", name: FORMAT_NAME };
    return { body: { ...body, tools: [tool], tool_choice }, jsonTool: FORMAT_NAME, formatProblem };
  };
}

/** Says what is wanted after the instructions of the call. */
function inWords(body: OpenAIBody, format: ResponseFormat | undefined): OpenAIBody {
  const words = jsonInWords(format);
  const { instructions } = body;
  return { ...body, instructions: typeof instructions === "string" ? `${instructions}\n\n${words}` : words };
}
