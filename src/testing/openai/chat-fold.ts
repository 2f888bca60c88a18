import { isJsonObject, type JsonObject, objectsOf } from "../json.ts";

type Fields = Record<string, unknown>;

/**
 * Folds chunks into the completion that they add up to, which is the body of a reply that is not streamed.
 *
 * Deliberately independent of the library's own accumulator, and plain: tests compare the two.
 */
export function foldChunks(chunks: readonly JsonObject[]): JsonObject {
  const completion: Fields = {};
  const choices: Fields[] = [];
  for (const chunk of chunks) {
    for (const [name, value] of Object.entries(chunk)) {
      if (name !== "choices" && name !== "obfuscation" && value !== null) completion[name] = value;
    }
    for (const choice of objectsOf(chunk["choices"])) {
      const index = Number(choice["index"] ?? 0);
      choices[index] = foldChoice(
        choices[index] ?? { index, message: { role: "assistant", content: null, refusal: null } },
        choice,
      );
    }
  }
  completion["object"] = "chat.completion";
  completion["choices"] = choices.filter((choice) => choice !== undefined);
  return completion;
}

function foldChoice(whole: Fields, choice: JsonObject): Fields {
  const message = whole["message"] as Fields;
  for (const [name, value] of Object.entries(isJsonObject(choice["delta"]) ? choice["delta"] : {})) {
    if (name === "tool_calls") foldCalls(message, objectsOf(value));
    else if (name === "role" || value === null) continue;
    else if (Array.isArray(value))
      message[name] = [...(Array.isArray(message[name]) ? (message[name] as unknown[]) : []), ...(value as unknown[])];
    else message[name] = typeof value === "string" ? `${String(message[name] ?? "")}${value}` : value;
  }
  const logprobs = choice["logprobs"];
  if (isJsonObject(logprobs)) {
    const had = isJsonObject(whole["logprobs"]) ? whole["logprobs"] : {};
    whole["logprobs"] = {
      content: joined(had["content"], logprobs["content"]),
      refusal: joined(had["refusal"], logprobs["refusal"]),
    };
  } else whole["logprobs"] ??= null;
  whole["finish_reason"] = choice["finish_reason"] ?? whole["finish_reason"] ?? null;
  return whole;
}

function joined(had: unknown, more: unknown): unknown {
  return Array.isArray(had) || Array.isArray(more) ? [...objectsOf(had), ...objectsOf(more)] : null;
}

function foldCalls(message: Fields, deltas: readonly JsonObject[]): void {
  const calls = (message["tool_calls"] ??= []) as Fields[];
  for (const { index: _, ...delta } of deltas) {
    const isNew = typeof delta["id"] === "string" && !calls.some(({ id }) => id === delta["id"]);
    if (isNew) calls.push({ ...delta });
    else addTo(calls.at(-1) ?? {}, delta);
  }
}

function addTo(call: Fields, delta: JsonObject): void {
  for (const kind of ["function", "custom"]) {
    const more = delta[kind];
    if (!isJsonObject(more)) continue;
    const part = { ...(isJsonObject(call[kind]) ? call[kind] : {}) } as Fields;
    for (const [name, value] of Object.entries(more)) {
      part[name] = name === "name" ? value : `${String(part[name] ?? "")}${String(value)}`;
    }
    call[kind] = part;
  }
}
