import { result } from "../openai-platform/failed-results.ts";
import { withoutInstructions } from "../openai-platform/instructions.ts";
import { InvalidOptionError, UnsupportedContentError } from "../../errors.ts";
import { lowerCased } from "../../http/client.ts";
import { defined, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import { stringify, wellFormedJson } from "../../json/stringify.ts";
import { base64 } from "../../prompt/base64.ts";
import type { MessageLike } from "../../prompt/message.ts";
import type { SentPart } from "../../prompt/common-message.ts";
import type { EncodedPrompt, Prompt } from "../../provider/provider.ts";
import { anObject, anything, type Form, type Forms, positive } from "../../schema/option-form.ts";
import type { ToolResult } from "../../tool/tool-result.ts";
import { isReasoningModel } from "../openai-platform/models.ts";
import type { InputItem } from "./input-item.ts";
import type { OpenAIBody, OpenAINative } from "./native.ts";
import type { OpenAICallParams } from "./params.ts";
import { requestOf } from "./request.ts";
import { answerTo, isInputPart } from "./tool-output.ts";
import { toolParams } from "./tool-schema.ts";
import { sendable } from "./turn.ts";
import { typeOf } from "./type-of.ts";

/** Left out: the model, the function and the options of the call decide that. */
const decided: Form = { words: "left out, since the call decides it", holds: () => false };
/** The forms of the parameters that are not sent as they are. */
const PARAMS: Forms = {
  model: decided,
  input: decided,
  stream: decided,
  extra_body: anObject,
  // Names and values are checked on the way.
  extra_headers: { ...anObject, holds: (value) => isObject(value) && !!lowerCased(defined(value)) },
  timeout: positive,
};

/** The form of the option `callParams`. */
export const callParamsForm: Form = {
  ...anObject,
  each: (name) => (Object.hasOwn(PARAMS, name) && PARAMS[name]) || anything,
};

/**
 * Encodes a prompt as a request to the Responses API.
 *
 * @throws UnsupportedContentError if a message holds content that the API does not take.
 * @throws InvalidOptionError if an option makes no sense, or part of the body has no JSON form.
 */
export function encode(prompt: Prompt<OpenAINative>): EncodedPrompt<OpenAINative> {
  const { model, client, connectTimeoutMs } = prompt;
  const { extra_headers, extra_body, timeout, ...params } = prompt.callParams ?? {};
  const input = sendable(prompt.messages.flatMap(itemsOfMessage));
  const fields = { model, input, stream: true, include: includeOf(params, model) };
  const base: OpenAIBody = defined({ ...params, ...fields, ...toolParams(prompt.tools, prompt.toolChoice) });
  const { body: formatted, ...asked } = prompt.formatBody?.(base) ?? { body: base, jsonTool: null };
  const wanted = { ...formatted, ...extra_body };
  const json = stringify(wanted);
  const text = wellFormedJson(json);
  // A repaired text is read back, so that `callKwargs` and SDK clients get what is sent.
  const body: OpenAIBody = text === json ? wanted : JSON.parse(text);
  const headers = lowerCased(defined(extra_headers ?? {}));
  const request = requestOf({ client, body, text, headers, connectTimeoutMs });
  return { ...asked, body, items: withoutInstructions(input), totalTimeoutMs: timeout, request };
}

const TOKEN = "reasoning.encrypted_content";

/** A history that is sent whole needs the reasoning, which only its token proves. Other models refuse to be asked for it. */
function includeOf({ include, previous_response_id, conversation }: OpenAICallParams, model: string): unknown {
  const isKept = previous_response_id || conversation || !isReasoningModel(model);
  if (isKept || include?.includes(TOKEN)) return include;
  return [...(include ?? []), TOKEN];
}

type Message = Prompt<OpenAINative>["messages"][number];
/** A part of a message or of a tool's result, neutral or native. */
type Part = SentPart | JsonObject;

/** The items of a message, and an item as it is. Items that are native already are not copied, so that requests share them. */
function itemsOfMessage(message: Message): readonly InputItem[] {
  if (!("role" in message) || !("content" in message)) {
    if ("tool_calls" in message) refuseShape("tool_calls");
    return [message as InputItem];
  }
  const { role, content } = message as MessageLike;
  if (/^(function|tool)$/.test(role)) refuseShape(`the role "${role}"`);
  if ("tool_calls" in message) refuseShape("tool_calls");
  const parts: readonly unknown[] = typeof content === "string" ? [] : partsIn(content);
  if (!parts.some((part) => isNeutral(part as Part))) return [message as InputItem];
  const items: unknown[] = [];
  let open: JsonObject[] = [];
  const close = (): void => {
    if (open.length > 0) items.push({ ...message, content: open });
    open = [];
  };
  for (const part of parts as readonly Part[]) {
    const item = itemOf(part);
    if (item === undefined) {
      open.push(...encodePart(part, role === "assistant"));
    } else {
      close();
      if (item !== null) items.push(item);
    }
  }
  close();
  return items as InputItem[];
}

/** @throws InvalidOptionError: the message is one of Chat Completions. */
function refuseShape(oddity: string): never {
  throw new InvalidOptionError(
    "prompt",
    `a message has ${oddity}, as those of Chat Completions have. Take tool calls and results from stream.history(outputs).`,
  );
}

function partsIn(content: unknown): readonly object[] {
  if (Array.isArray(content) && content.every(isObject)) return content;
  const odd: unknown = Array.isArray(content) ? content.find((part) => !isObject(part)) : content;
  throw new UnsupportedContentError(
    odd === null ? "null" : typeof odd,
    "a message's content is text or a list of content parts.",
  );
}

/** Whether a part is ours rather than native. */
function isNeutral(part: Part): boolean {
  return /^(text|audio|document|image|native|tool(Call|Result))$/.test(typeOf(part));
}

/** The item that a part comes to; null if it is left out; undefined if it is part of a message. */
function itemOf(part: Part): object | null | undefined {
  if (!isNeutral(part)) return undefined;
  // Of a type that tells it from native parts.
  const given = part as SentPart;
  if (given.type === "toolCall") {
    return { type: "function_call", call_id: given.id, name: given.name, arguments: stringify(given.args ?? {}) };
  }
  if (given.type === "toolResult") return encodeResult(given);
  if (given.type !== "native") return undefined;
  if (given.provider !== "openai" || !isObject(given.block)) return null;
  return isContent(given.block) ? undefined : given.block;
}

/** Whether a native block is a part of a message rather than an item. */
function isContent(block: object): boolean {
  return /^(input_|output_text|refusal)/.test(stringField(block, "type") ?? "");
}

/** The items that give the model the results of its tools. */
export function encodeToolResults(results: readonly ToolResult[]): readonly InputItem[] {
  return results.map(encodeResult);
}

/** The API knows no errors of tools: the text has to tell. */
function encodeResult({ id, content, isError, isJson = false, toolCall }: ToolResult): InputItem {
  const isText = typeof content === "string";
  // Text is text, whatever it says.
  const given: unknown = isJson && isText ? tryParse(content) : undefined;
  const native = [given].flat();
  const parts = isText ? content : content.flatMap((part) => encodePart(part as Part, false));
  const isNative = native.length > 0 && native.every(isInputPart);
  const output = isNative ? native : isError && isText ? `Error: ${content}` : parts;
  // Parts of the provider's own shape are not checked.
  return result(answerTo(toolCall, id, output, isError, given), isError) as unknown as InputItem;
}

function encodePart(given: Part, isOfModel: boolean): JsonObject[] {
  if (!isNeutral(given)) return [given as JsonObject];
  // Of a type that tells it from native parts.
  const part = given as SentPart;
  if (part.type === "native") return isObject(part.block) ? [part.block] : [];
  if (part.type === "text") {
    if (part.text === "") return [];
    return [{ type: isOfModel ? "output_text" : "input_text", text: part.text }];
  }
  if (part.type === "audio" || part.type === "toolCall" || part.type === "toolResult" || isOfModel) {
    const rule =
      part.type === "audio" ? "the Responses API takes no audio; Chat Completions does." : "it cannot stand here.";
    throw new UnsupportedContentError(part.type, rule);
  }
  const address = "url" in part ? part.url : `data:${part.mediaType};base64,${textOf(part.data)}`;
  if (part.type === "image")
    return [defined({ type: "input_image", image_url: address, detail: part.detail ?? "auto" })];
  const filename = part.title ?? `document.${part.mediaType?.replace(/^.*\//, "") ?? "pdf"}`;
  const file = "url" in part ? { file_url: address } : { filename, file_data: address };
  const context = part.context === undefined ? [] : [{ type: "input_text", text: part.context }];
  return [...context, { type: "input_file", ...file }];
}

function textOf(data: Uint8Array | string): string {
  return typeof data === "string" ? data : base64(data);
}
