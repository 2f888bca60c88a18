import { InvalidOptionError, UnsupportedContentError } from "../../errors.ts";
import { defined, isObject } from "../../json/object.ts";
import { stringify, wellFormedJson } from "../../json/stringify.ts";
import { base64 } from "../../prompt/base64.ts";
import type { SentPart, ToolResultPart } from "../../prompt/common-message.ts";
import type { ToolResult } from "../../tool/tool-result.ts";
import { destinationOf, lowerCased } from "../../http/client.ts";
import type { EncodedPrompt, Prompt } from "../../provider/provider.ts";
import type { PartOptions } from "./cache-control.ts";
import { aList, anObject, anything, type Form, type Forms, positive } from "../../schema/option-form.ts";
import { settings } from "./client.ts";
import { blocksOf } from "./turn.ts";
import { createFrames } from "./frames.ts";
import { defaultMaxTokens } from "./models.ts";
import type { AnthropicBody, AnthropicNative } from "./native.ts";
import type { MessageParam } from "./params.ts";
import { isSdkClient, sdkRequest } from "./sdk-client.ts";
import { requestSecrets } from "./secrets.ts";
import { joinSystem } from "./system.ts";
import { toolParams } from "./tool-schema.ts";

type NativeBlock = Readonly<Record<string, unknown>>;
type ContentPart = SentPart & PartOptions;

/** Left out: the model, the function and the options of the call decide that. */
const decided: Form = { words: "left out, since the call decides it", holds: () => false };
/** The forms of the parameters that are not sent as they are. */
const PARAMS: Forms = {
  model: decided,
  messages: decided,
  stream: decided,
  betas: aList,
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
 * Encodes a prompt as a request to the Messages API.
 *
 * @throws UnsupportedContentError if a message holds content that the API does not take.
 * @throws InvalidOptionError if an option makes no sense, or part of the body has no JSON form.
 */
export function encode(prompt: Prompt<AnthropicNative>): EncodedPrompt<AnthropicNative> {
  const { model, client, connectTimeoutMs } = prompt;
  const { extra_headers, extra_body, betas, timeout, system, ...params } = prompt.callParams ?? {};
  // Fills the cache and writes nothing, which the API allows only for calls that are not streamed.
  const streamed = params.max_tokens !== 0;
  if (!streamed && prompt.streamed) {
    throw new InvalidOptionError("callParams.max_tokens", "0 works only for calls that are not streamed.");
  }
  const { instructions, messages } = encodeMessages(prompt.messages);
  const fields = {
    model,
    max_tokens: params.max_tokens ?? defaultMaxTokens(model),
    messages,
    system: joinSystem(system, instructions),
    stream: streamed || undefined,
  };
  const base: AnthropicBody = defined({ ...params, ...fields, ...toolParams(prompt.tools, prompt.toolChoice) });
  const { body: formatted, jsonTool } = prompt.formatBody?.(base) ?? { body: base, jsonTool: null };
  const wanted = { ...formatted, ...extra_body };
  const json = stringify(wanted);
  const text = wellFormedJson(json);
  // A repaired text is read back, so that `callKwargs` and SDK clients get what is sent.
  const body: AnthropicBody = text === json ? wanted : JSON.parse(text);
  const ownHeaders = lowerCased(defined({ "anthropic-beta": betas?.join(",") || undefined, ...extra_headers }));
  const encoded = { body, items: messages, jsonTool, totalTimeoutMs: timeout };
  if (isSdkClient(client)) {
    return { ...encoded, request: sdkRequest(client, body, ownHeaders, connectTimeoutMs) };
  }
  const { baseURL, query, headers, transport, agent } = destinationOf(settings, client);
  const url = `${baseURL.replace(/\/v1(\/messages)?$/, "")}/v1/messages${query}`;
  const all = { accept: streamed ? "text/event-stream" : "application/json", ...headers, ...ownHeaders };
  const secrets = (): readonly string[] => requestSecrets(all, url, body);
  const http = { url, headers: all, body: text, connectTimeoutMs, agent, secrets };
  return { ...encoded, request: { http, transport, createFrames } };
}

/**
 * System messages that open the prompt become its `system`. Later ones stay messages, which the newest models take.
 * Messages that are native already are not copied, so the turns of a long conversation share them.
 */
function encodeMessages(prompt: Prompt<AnthropicNative>["messages"]): {
  instructions: object[];
  messages: MessageParam[];
} {
  const instructions: object[] = [];
  const messages: MessageParam[] = [];
  for (const message of prompt) {
    const { role, content } = message;
    if ("tool_calls" in message || /^(developer|function|tool)$/.test(role)) refuseShape(message);
    const blocks = encodeContent(content);
    // A message with more than that stays one: the API must not miss the rest.
    const isPlain = Object.keys(defined(message)).length === 2;
    if (role === "system" && isPlain && messages.length === 0) {
      for (const block of blocksOf({ content: blocks })) instructions.push(block);
    } else {
      // Messages and parts of the provider's own shape are not checked: they are sent as they are.
      messages.push((blocks === content ? message : { ...message, content: blocks }) as unknown as MessageParam);
    }
  }
  return { instructions, messages };
}

/** @throws InvalidOptionError: the message is one of OpenAI's. */
function refuseShape(message: { readonly role: string }): never {
  const oddity = "tool_calls" in message ? "tool_calls" : `the role "${message.role}"`;
  throw new InvalidOptionError(
    "prompt",
    `a message has ${oddity}, as OpenAI's have. Take tool calls and results from stream.history(outputs).`,
  );
}

/** The user's turn that answers a model's tool calls, with a result for each. */
export function encodeToolResults(results: readonly ToolResult[]): readonly MessageParam[] {
  // The parts of a tool's output that are of the provider's own shape are not checked.
  return [{ role: "user", content: results.map(encodeResult) } as unknown as MessageParam];
}

function encodeResult({ id, content, isError }: ToolResult | ToolResultPart): NativeBlock {
  return defined({
    type: "tool_result",
    tool_use_id: id,
    content: content.length === 0 ? undefined : encodeContent(content),
    is_error: isError || undefined,
  });
}

/** Text as it is, and the same list if all of it is native already. */
function encodeContent(content: unknown): string | readonly NativeBlock[] {
  if (typeof content === "string") return content;
  if (!Array.isArray(content) || !content.every(isObject)) {
    const odd: unknown = Array.isArray(content) ? content.find((part) => !isObject(part)) : content;
    throw new UnsupportedContentError(
      odd === null ? "null" : typeof odd,
      "a message's content is text or a list of content parts.",
    );
  }
  const given: readonly (ContentPart | NativeBlock)[] = content;
  const blocks = given.map((part) => (isNeutral(part) ? encodePart(part) : part));
  // The same list, to be shared by requests: none of its parts was ours.
  return blocks.every((block, place) => block === given[place]) ? (given as readonly NativeBlock[]) : blocks;
}

/** Whether a part is ours rather than native. Native text without extras is the same as ours; native media has a `source`. */
function isNeutral(part: ContentPart | NativeBlock): part is ContentPart {
  if (part.type === "text") return "cacheControl" in part;
  return /^(audio|document|image|native|tool(Call|Result))$/.test(String(part.type)) && !("source" in part);
}

function encodePart(part: ContentPart): NativeBlock {
  if (part.type === "audio") throw new UnsupportedContentError(part.type, "Anthropic's models do not take audio.");
  if (part.type === "toolCall") return { type: "tool_use", id: part.id, name: part.name, input: part.args };
  if (part.type === "toolResult") return encodeResult(part);
  // It came out of a message of this provider.
  if (part.type === "native") return part.block as NativeBlock;
  const { cacheControl: cache_control, ...given } = part;
  if (given.type === "text") return defined({ ...given, cache_control });
  const { data: _data, url: _url, mediaType: _type, detail: _detail, citations, ...kept }: NativeBlock = given;
  return defined({
    ...kept,
    source: sourceOf(given),
    citations: typeof citations === "boolean" ? { enabled: citations } : citations,
    cache_control,
  });
}

function sourceOf(part: Extract<ContentPart, { type: "image" | "document" }>): NativeBlock {
  if ("url" in part) return { type: "url", url: part.url };
  const { data, mediaType } = part;
  if (mediaType.startsWith("text/")) {
    const bytes = typeof data === "string" ? Uint8Array.from(atob(data), (byte) => byte.charCodeAt(0)) : data;
    return { type: "text", media_type: "text/plain", data: new TextDecoder().decode(bytes) };
  }
  return { type: "base64", media_type: mediaType, data: typeof data === "string" ? data : base64(data) };
}
