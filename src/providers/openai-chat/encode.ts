import { defined, isObject } from "../../json/object.ts";
import { stringify, wellFormedJson } from "../../json/stringify.ts";
import { lowerCased } from "../../http/client.ts";
import type { EncodedPrompt, Prompt, Request } from "../../provider/provider.ts";
import { anObject, anything, type Form, type Forms, positive } from "../../schema/option-form.ts";
import { openAIUrl } from "../openai-platform/client.ts";
import { sdkRequest } from "../openai-platform/sdk-client.ts";
import { requestSecrets } from "../openai-platform/secrets.ts";
import { chatDestination } from "./client.ts";
import { encodeMessage } from "./content.ts";
import { isReasoningModel } from "../openai-platform/models.ts";
import { type Dialect, dialectAt, prefillOf, UNKNOWN } from "./dialects.ts";
import { ChatFrames, createEventFrames, type Expected } from "./frames.ts";
import type { ChatMessageParam } from "./message-param.ts";
import { withoutInstructions } from "../openai-platform/instructions.ts";
import { LABEL, type OpenAIChatBody, type OpenAIChatNative } from "./native.ts";
import { withOwnIds } from "./own-ids.ts";
import type { OpenAIChatCallParams } from "./params.ts";
import { addressOf, isSdkClient, type SdkClient } from "./sdk-client.ts";
import { toolParams } from "./tool-schema.ts";
import { accepted } from "./turn.ts";

/** Left out: the model, the function and the options of the call decide that. */
const decided: Form = { words: "left out, since the call decides it", holds: () => false };
/** The forms of the parameters that are not sent as they are. */
const PARAMS: Forms = {
  model: decided,
  messages: decided,
  stream: decided,
  tools: decided,
  stream_options: { ...anObject, words: "an object or null", holds: (value) => value === null || isObject(value) },
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

/** A server that a body is sent to. */
interface Target {
  readonly dialect: Dialect;
  /** Whether it lets a model go on with its turn. */
  readonly canGoOn: boolean;
}

const targets = new WeakMap<object, Target>();

/** The server that a body is sent to. */
export function targetOf(body: OpenAIChatBody): Target {
  return targets.get(body) ?? { dialect: UNKNOWN, canGoOn: false };
}

/**
 * Encodes a prompt as a request for a chat completion.
 *
 * @throws UnsupportedContentError if a message holds content that the API does not take.
 * @throws InvalidOptionError if an option makes no sense, or part of the body has no JSON form.
 */
export function encode(prompt: Prompt<OpenAIChatNative>): EncodedPrompt<OpenAIChatNative> {
  const { client, connectTimeoutMs } = prompt;
  const { extra_headers, extra_body, timeout, ...params } = prompt.callParams ?? {};
  const to = isSdkClient(client) ? null : chatDestination(client);
  const address = to?.baseURL ?? addressOf(client as SdkClient);
  const dialect = to?.dialect ?? dialectAt(address);
  const prefill = prefillOf(dialect, address);
  const messages = messagesOf(prompt, dialect, prefill?.prefill);
  const base: OpenAIChatBody = defined({
    model: prompt.model,
    messages,
    ...serverParams(params, prompt, dialect),
    ...toolParams(prompt.tools, prompt.toolChoice, dialect),
    ...(messages.at(-1)?.role === "assistant" && prefill?.prefillBody),
  });
  const target: Target = { dialect, canGoOn: prefill !== null };
  targets.set(base, target);
  const { body: formatted, ...format } = prompt.formatBody?.(base) ?? { body: base, jsonTool: null };
  const wanted = { ...formatted, ...extra_body };
  const json = stringify(wanted);
  const text = wellFormedJson(json);
  // A repaired text is read back, so that `callKwargs` and SDK clients get what is sent.
  const body: OpenAIChatBody = text === json ? wanted : JSON.parse(text);
  targets.set(body, target);
  const { n } = body;
  const expected = { choices: typeof n === "number" ? n : 1, dialect };
  const ownHeaders = lowerCased(defined({ ...extra_headers }));
  const encoded = { ...format, body, items: withoutInstructions(messages), totalTimeoutMs: timeout };
  if (to === null) {
    const { completions } = (client as SdkClient).chat;
    const request = sdkRequest<OpenAIChatNative>({
      label: LABEL,
      client: client as SdkClient,
      send: (options) => completions.create(body as never, options),
      body,
      isStreamed: prompt.streamed,
      headers: ownHeaders,
      connectTimeoutMs,
      createFrames: () => createEventFrames(expected),
    });
    return { ...encoded, request: { ...request, context: expected } };
  }
  const { transport, agent } = to;
  const headers = { accept: prompt.streamed ? "text/event-stream" : "application/json", ...to.headers, ...ownHeaders };
  const url = openAIUrl(addressWithPath(address, dialect), "/chat/completions", to.query);
  const secrets = (): readonly string[] => requestSecrets(headers, url, body);
  const http = { url, headers, body: text, connectTimeoutMs, agent, secrets };
  return { ...encoded, request: { http, transport, createFrames: framesOf(expected), context: expected } };
}

function framesOf(expected: Expected): Request<OpenAIChatNative>["createFrames"] {
  return (frameLimit, refuse) => new ChatFrames(frameLimit, refuse, expected);
}

/** Of some servers, people know the address without its path. */
function addressWithPath(address: string, { path = "" }: Dialect): string {
  return /\/openai(\/|$)/.test(address) ? address : address + path;
}

/** @param prefill - The fields of a turn that the model is to go on with. */
function messagesOf(
  { messages: given }: Prompt<OpenAIChatNative>,
  dialect: Dialect,
  prefill: object | undefined,
): readonly ChatMessageParam[] {
  const encoded = given
    .flatMap((message) => encodeMessage(message, dialect))
    .map((message) => accepted(message, dialect));
  const messages = withOwnIds(encoded, dialect.idLength);
  const last = messages.at(-1);
  return last?.role === "assistant" && prefill ? messages.with(-1, { ...last, ...prefill }) : messages;
}

/** The parameters as a server takes them. */
function serverParams(
  { stream_options, max_tokens, max_completion_tokens, ...params }: OpenAIChatCallParams,
  { model, streamed }: Prompt<OpenAIChatNative>,
  dialect: Dialect,
): object {
  const { limit, tellsUsage } = dialect;
  const options = stream_options === null || tellsUsage ? stream_options : { include_usage: true, ...stream_options };
  // OpenAI's models that reason refuse the older name, behind gateways as well.
  const isOld = limit === "max_tokens" && !(dialect === UNKNOWN && isReasoningModel(model));
  return {
    ...params,
    max_tokens: isOld ? (max_tokens ?? max_completion_tokens) : max_tokens,
    max_completion_tokens: isOld ? undefined : max_completion_tokens,
    ...(streamed && { stream: true, stream_options: options ?? undefined }),
  };
}
