/** What the API refuses about the messages of a request, in its own words as far as they are public. */

import { type Check, continuesThread } from "./check.ts";
import { STRICT_VERSION } from "./check-params.ts";
import { isJsonObject, type JsonObject, objectsOf, textOf } from "../json.ts";

/** One message as the API sees it, which merges consecutive messages of the same role. */
interface Turn {
  readonly role: string;
  readonly blocks: readonly JsonObject[];
}

const messagesAreThere: Check = ({ body: { messages } }) => {
  if (messages === undefined) return "messages: Field required";
  if (!Array.isArray(messages)) return "messages: Input should be a valid array";
  if (messages.length === 0) return "messages: at least one message is required";
  return messages.length > 100_000 && "messages: List should have at most 100000 items";
};

const rolesAreKnown: Check = ({ body, model }) => {
  for (const { role } of objectsOf(body["messages"])) {
    if (role === "user" || role === "assistant" || (role === "system" && model.systemMessages)) continue;
    if (role !== "system")
      return `messages: Unexpected role "${textOf(role)}". Allowed roles are "user" or "assistant".`;
    const instead = 'The Messages API accepts a top-level `system` parameter, not "system" as an input message role.';
    return `messages: Unexpected role "system". ${instead}`;
  }
  return null;
};

const contentIsThere: Check = ({ body }) => {
  const messages = objectsOf(body["messages"]);
  for (const [index, { role, content }] of messages.entries()) {
    const isLastAnswer = role === "assistant" && index === messages.length - 1;
    const isEmpty = content === undefined || content === "" || (Array.isArray(content) && content.length === 0);
    if (isEmpty && !isLastAnswer) {
      const rule = "all messages must have non-empty content except for the optional final assistant message";
      return `messages.${index}: ${rule}`;
    }
    if (objectsOf(content).some(isEmptyText)) return "messages: text content blocks must be non-empty";
  }
  return objectsOf(body["system"]).some(isEmptyText) && "system: text content blocks must be non-empty";
};

function isEmptyText({ type, text }: JsonObject): boolean {
  return type === "text" && text === "";
}

const systemFollowsATurn: Check = ({ body }) => {
  if (continuesThread(body)) return null;
  const messages = objectsOf(body["messages"]);
  const misplaced = messages.findIndex(({ role }, index) => {
    const before = messages[index - 1];
    const after = messages[index + 1];
    if (role !== "system" || before?.["role"] === "system") return false;
    const followsUser = before?.["role"] === "user" || isServerSide(objectsOf(before?.["content"]).at(-1));
    return !followsUser || (after !== undefined && !["assistant", "system"].includes(textOf(after["role"])));
  });
  return (
    misplaced !== -1 &&
    `messages.${misplaced}: a "system" message must follow a user turn and be last or be followed by an assistant turn.`
  );
};

const endsWithAQuestion: Check = ({ body, model, betas }) => {
  const last = turnsOf(body).at(-1);
  const lastBlock = last?.blocks.at(-1);
  if (last?.role !== "assistant" || lastBlock === undefined) return null;
  // A paused or compacted turn is sent back to be continued, and a credit token authorizes one prefill.
  if (isServerSide(lastBlock) || lastBlock["type"] === "compaction") return null;
  if (body["fallback_credit_token"] != null && [...betas].some((beta) => beta.startsWith("fallback-credit-")))
    return null;
  if (!model.prefill) {
    return "This model does not support assistant message prefill. The conversation must end with a user message.";
  }
  const endsInSpace = lastBlock["type"] === "text" && /\s$/.test(textOf(lastBlock["text"]));
  return endsInSpace && "messages: final assistant content cannot end with trailing whitespace";
};

const toolsAreAnswered: Check = ({ body }) => {
  if (continuesThread(body)) return null;
  const turns = turnsOf(body).filter(({ role }) => role !== "system");
  for (const [index, { role, blocks }] of turns.entries()) {
    if (role !== "user") continue;
    const asked = idsOf(turns[index - 1]?.blocks ?? [], "tool_use", "id");
    const problem = problemWithResults(blocks, asked, index);
    if (problem !== null) return problem;
  }
  return null;
};

/** The problem with the tool results in a user's turn. `asked` are the ids of the calls in the turn before it. */
function problemWithResults(blocks: readonly JsonObject[], asked: readonly string[], index: number): string | null {
  const answered = idsOf(blocks, "tool_result", "tool_use_id");
  const known = new Set(asked);
  const unknown = answered.find((id) => !known.has(id));
  if (unknown !== undefined) {
    const at = blocks.findIndex((block) => block["type"] === "tool_result" && textOf(block["tool_use_id"]) === unknown);
    const what = `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unknown}`;
    const rule = "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.";
    return `messages.${index}.content.${at}: ${what}. ${rule}`;
  }
  const seen = new Set<string>();
  const twice = answered.find((id) => seen.size === seen.add(id).size);
  if (twice !== undefined) {
    const rule = "each tool_use must have a single result. Found multiple `tool_result` blocks with id";
    return `messages.${index}.content: ${rule}: ${twice}`;
  }
  // Only results that come before all other blocks count.
  const first = blocks.findIndex(({ type }) => type !== "tool_result");
  const counted = new Set(idsOf(first === -1 ? blocks : blocks.slice(0, first), "tool_result", "tool_use_id"));
  const missing = asked.filter((id) => !counted.has(id)).join(", ");
  if (missing === "") return null;
  const what = `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing}`;
  const rule = "Each `tool_use` block must have a corresponding `tool_result` block in the next message.";
  return `messages.${index - 1}: ${what}. ${rule}`;
}

const thinkingIsUntouched: Check = ({ body, sent }) => {
  for (const [index, { content }] of objectsOf(body["messages"]).entries()) {
    for (const [at, { type, thinking, signature }] of objectsOf(content).entries()) {
      if (type !== "thinking") continue;
      const place = `messages.${index}.content.${at}`;
      if (typeof signature !== "string") return `${place}.thinking.signature: Field required`;
      if (signature === "") return `${place}: Invalid \`signature\` in \`thinking\` block`;
      const original = sent.thinking.get(signature);
      // If the thinking was omitted, whatever is sent in its place is ignored.
      if (original === undefined || original === "" || original === thinking) continue;
      const what = "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.";
      return `${place}: ${what} These blocks must remain as they were in the original response.`;
    }
  }
  return null;
};

const turnsDoNotEndInThinking: Check = ({ body }) => {
  for (const [index, { role, blocks }] of turnsOf(body).entries()) {
    const type = textOf(blocks.at(-1)?.["type"]);
    if (role === "assistant" && /^(redacted_)?thinking$/.test(type)) {
      return `messages.${index}: The final block in an assistant message cannot be \`${type}\`.`;
    }
  }
  return null;
};

const cacheBreakpointsAreFew: Check = ({ body }) => {
  const count = (JSON.stringify(body).match(/"cache_control":\{/g) ?? []).length;
  return count > 4 && `A maximum of 4 blocks with cache_control may be provided. Found ${count}.`;
};

const strictVersionIsKept: Check = ({ body, version }) => {
  if (version !== STRICT_VERSION) return null;
  for (const [index, { role, content }] of objectsOf(body["messages"]).entries()) {
    for (const [at, block] of objectsOf(content).entries()) {
      const place = `messages.${index}.content.${at}`;
      if (role === "assistant" && block["type"] === "document") {
        return `${place}: \`document\` blocks are not permitted in assistant messages`;
      }
      const cited = role === "user" ? placeOfCitations(block) : null;
      if (cited !== null) return `${place}.${cited}: Extra inputs are not permitted`;
    }
  }
  return null;
};

function placeOfCitations(block: JsonObject): string | null {
  if (isCited(block)) return "text.citations";
  if (block["type"] !== "search_result") return null;
  const at = objectsOf(block["content"]).findIndex(isCited);
  return at === -1 ? null : `search_result.content.${at}.citations`;
}

function isCited({ type, citations }: JsonObject): boolean {
  return type === "text" && Array.isArray(citations) && citations.length > 0;
}

/** The checks of the list of messages, which come before those of its fields. */
export const turnChecks: readonly Check[] = [messagesAreThere, rolesAreKnown];

/** The checks of a request's messages. */
export const messageChecks: readonly Check[] = [
  contentIsThere,
  systemFollowsATurn,
  strictVersionIsKept,
  thinkingIsUntouched,
  turnsDoNotEndInThinking,
  toolsAreAnswered,
  endsWithAQuestion,
  cacheBreakpointsAreFew,
];

function turnsOf(body: JsonObject): Turn[] {
  const turns: (Turn & { readonly blocks: JsonObject[] })[] = [];
  for (const { role, content } of objectsOf(body["messages"])) {
    const last = turns.at(-1);
    const turn = last !== undefined && last.role === role ? last : { role: textOf(role), blocks: [] };
    if (turn !== last) turns.push(turn);
    for (const block of typeof content === "string" ? [{ type: "text", text: content }] : objectsOf(content)) {
      turn.blocks.push(block);
    }
  }
  return turns;
}

function idsOf(blocks: readonly JsonObject[], type: string, key: string): string[] {
  return blocks.filter((block) => block["type"] === type).map((block) => textOf(block[key]));
}

function isServerSide(block: unknown): boolean {
  if (!isJsonObject(block)) return false;
  const type = textOf(block["type"]);
  return type !== "tool_result" && /^(server_tool_use|mcp_tool_use|\w+_tool_result)$/.test(type);
}
