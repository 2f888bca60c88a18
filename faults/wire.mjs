/**
 * What servers say, in the words of each API. A wire has
 *
 * - for requests: `title`, `model`, `fallback` (another model), `origin` (the address of the API itself), `base` (the part of its
 *   path that belongs to a base URL), `path` (all of it), `variables(baseURL, key)` (of the environment);
 * - for texts: `begun` (the events before any content), `started` (the events before the first text), `delta(text)`,
 *   `textEnded(...texts)` (with the event that ends a text), `stopped(...texts)` (the events that make the message whole),
 *   `ended(...texts)` (these, and all that servers send after them), `reply(...texts)`, `earlyStop(before, after)`, `keepAlive`,
 *   `malformed`, `endless` (the beginning of a frame whose text does not end), `contradictions`;
 * - for tool calls: `callBegun(...fragments)`, `callReply(...fragments)`, `callCut(...fragments)` (at the limit of tokens),
 *   `textAndCall(text, input)` without an end and `textAndCallReply(text, input)` with one, `interleaved(...inputs)`;
 * - for errors: `error(kind, message)` inside a stream, `errorBody(kind, details, message)` as JSON (kinds: internal, invalid,
 *   limited, overloaded, spent, unauthorized), `overloaded` (its status), `idHeader` (the header with a request's id);
 * - for usage: `usageTwice`, `usageZero`, `tellsInputFirst` (the tokens of the input are told before the first text);
 * - `odd`: replies with fields that are not what they ought to be; `imitations`: replies of servers that imitate the API;
 * - `lacks`: by the name of a row, why the API has no such fault.
 */

import { anthropic } from "./wire/anthropic.mjs";
import { chat } from "./wire/chat.mjs";
import { responses } from "./wire/responses.mjs";

/** The wires, by the names of their APIs. */
export const wires = { anthropic, chat, responses };
