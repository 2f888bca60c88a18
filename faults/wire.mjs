/**
 * What servers say, in the words of each API. A wire is
 *
 * - `title`, `model`, `origin` (where the API is when no address is given), `base` (what of its path belongs to a base URL), `path`
 *   (the rest of it), `idHeader` (of responses) and `variables(baseURL, key)` (of the environment), `fallback` (another model);
 * - texts of a stream: `begun` (all before the content), `started` (all before the first text), `delta(text)`,
 *   `stopped(...texts)` (what makes the message whole), `ended(...texts)` (that, and what else servers send), `reply(...texts)`;
 *   `keepAlive`, `malformed`, `endless` (how a frame begins whose text does not end);
 * - tool calls: `callBegun(...fragments)`, `callReply(...fragments)`, `callCut(...fragments)` (at the limit of tokens),
 *   `textAndCall(text, input)` without and `textAndCallReply` with an end, `interleaved(...inputs)` (by turns);
 * - errors: `error(kind, message)` inside a stream, `errorBody(kind, details, message)`, with the kinds internal, invalid, limited, overloaded, spent and unauthorized; `overloaded` is a status;
 * - streams whose usage comes twice, and those with odd fields: `usageTwice`, `usageZero`, `odd`; `tellsInputFirst`: whether the
 *   tokens of the input are told before the first text;
 * - `imitations`: what servers do that imitate the API;
 * - `lacks`: why a row is not played, by the row's name.
 */

import { anthropic } from "./wire/anthropic.mjs";
import { chat } from "./wire/chat.mjs";
import { responses } from "./wire/responses.mjs";

/** The wires, by the names of their APIs. */
export const wires = { anthropic, chat, responses };
