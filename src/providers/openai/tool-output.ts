import { field, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import { typeOf } from "./type-of.ts";

/** What a tool gave: text, or parts. */
type Output = string | readonly JsonObject[];

/**
 * The item that answers a call: each type of call has its own.
 *
 * @param call - The item that asks; undefined for that of another provider.
 * @param given - What the tool gave, if it is an object or a list. If it is such an item already, it is taken as it is.
 */
export function answerTo(call: unknown, id: string, output: Output, isError: boolean, given: unknown): JsonObject {
  const asked = stringField(call, "type") ?? "";
  // A native item may have been named by its own id, while the API expects that of the call.
  const call_id = id === field(call, "id") ? (field(call, "call_id") ?? id) : id;
  if (isObject(given) && ANSWER.test(typeOf(given))) return { call_id, ...given };
  const text = typeof output === "string" ? output : JSON.stringify(output);
  switch (asked) {
    case "custom_tool_call":
      return { type: "custom_tool_call_output", call_id, output };
    case "computer_call":
      return { type: "computer_call_output", call_id, output: screenshot(output) };
    case "local_shell_call":
      return { type: "local_shell_call_output", id: call_id, output: text };
    case "shell_call":
      return { type: "shell_call_output", call_id, output: [shellOutput(text, isError)] };
    case "apply_patch_call":
      return { type: "apply_patch_call_output", call_id, status: isError ? "failed" : "completed", output: text };
    case "tool_search_call":
      return { type: "tool_search_output", call_id, execution: "client", status: "completed", tools: toolsIn(text) };
    case "mcp_approval_request": {
      const approve = !isError && /^(true|"?approved?"?)$/i.test(text);
      return { type: "mcp_approval_response", approval_request_id: field(call, "id"), approve };
    }
    default:
      return { type: "function_call_output", call_id, output };
  }
}

/** Whether a value is a part that an output may have: `input_text`, say. */
export function isInputPart(value: unknown): value is JsonObject {
  const has = (name: string): boolean => !!stringField(value, name);
  switch (stringField(value, "type")) {
    case "input_text":
      return has("text");
    case "input_image":
      return has("image_url") || has("file_id");
    case "input_file":
      return has("file_id") || has("file_url") || has("file_data");
    default:
      return false;
  }
}

const ANSWER = /^(\w+_call_output|tool_search_output|mcp_approval_response)$/;

function screenshot(output: Output): JsonObject {
  const [image] = typeof output === "string" ? [] : output.filter(({ type }) => type === "input_image");
  return { type: "computer_screenshot", image_url: field(image, "image_url") };
}

function shellOutput(text: string, isError: boolean): JsonObject {
  const [stdout, stderr, exit_code] = isError ? ["", text, 1] : [text, "", 0];
  return { stdout, stderr, outcome: { type: "exit", exit_code } };
}

function toolsIn(text: string): readonly unknown[] {
  const tools = tryParse(text);
  return Array.isArray(tools) ? tools : [];
}
