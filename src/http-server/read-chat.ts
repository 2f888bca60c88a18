import { InvalidOptionError } from "../errors.ts";
import { DEEPEST, isDeeper } from "../json/depth.ts";
import { field, isObject, type JsonObject, stringField } from "../json/object.ts";
import { wellFormed } from "../json/well-formed.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import { aFlag, checkOptions } from "../schema/option-form.ts";
import { earlierMessage } from "./earlier-message.ts";
import { commonMessagesOf, type FromUIMessagesOptions, type UIMessageLike } from "./from-ui-messages.ts";

/** A message as the page has sent it: what the option `originalMessages` takes. */
export interface OriginalMessage extends UIMessageLike {
  /** Unique in its conversation. */
  readonly id: string;
}

/** What `useChat` of the AI SDK has sent. */
export interface SentChat {
  /** The id of the chat. Check that it belongs to the visitor. */
  readonly id: string;
  /** The conversation, for a prompt: its last message is the user's. They are the visitor's words, all of them. */
  readonly messages: readonly CommonMessage[];
  /** The same as the page has it, for the option `originalMessages`. */
  readonly originalMessages: readonly OriginalMessage[];
  /** All that was sent, with the fields of your own. */
  readonly body: Readonly<JsonObject>;
}

/** See `readChat` of `millrace/http`. */
export async function chatIn(source: unknown, options: FromUIMessagesOptions): Promise<SentChat | Response> {
  checkOptions(options, { system: aFlag });
  try {
    return chatOf(isRequest(source) ? await jsonOf(source) : source, options);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
    return new Response(error.message, { status: 400, headers });
  }
}

function isRequest(source: unknown): source is Request {
  return typeof field(source, "json") === "function";
}

/** @throws InvalidOptionError */
async function jsonOf(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (cause) {
    // It was cut off, and nobody waits for the answer.
    if (cause instanceof SyntaxError || request.signal.aborted) {
      throw new InvalidOptionError("body", "it must be JSON.", { cause });
    }
    throw cause;
  }
}

/** Nobody has names that are longer. */
const LONGEST_ID = 500;

/** @throws InvalidOptionError for what cannot be a chat. */
function chatOf(body: unknown, options: FromUIMessagesOptions): SentChat {
  if (!isObject(body) || isDeeper(body, DEEPEST)) {
    throw new InvalidOptionError("body", "it must be what useChat sends: an object with id and messages.");
  }
  const id = stringField(body, "id") ?? "";
  if (id === "" || id.length > LONGEST_ID || wellFormed(id) !== id) {
    throw new InvalidOptionError("id", `it must be a text of 1 to ${LONGEST_ID} characters.`);
  }
  // Checked where they are read.
  const originalMessages = body["messages"] as readonly OriginalMessage[];
  const messages = commonMessagesOf(originalMessages, options);
  earlierMessage(originalMessages);
  if (messages.at(-1)?.role !== "user") throw new InvalidOptionError("messages", "the last one must be of the user.");
  return { id, messages, originalMessages, body };
}
