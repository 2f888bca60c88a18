type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const texts = (values: readonly unknown[]): string => values.filter((value) => typeof value === "string").join("");

/**
 * The whole reply that these events come to, worked out from all of them at once: the reference's algorithm, as plainly as it
 * can be written.
 */
export function foldChat(events: readonly Json[]): Json {
  const message = merge(events.map(({ choices: _c, obfuscation: _o, usage: _u, error: _e, ...rest }) => rest));
  if (String(message["object"]).startsWith("chat.completion.")) message["object"] = "chat.completion";
  const usages = events
    .map(({ usage, x_groq }) => usage ?? (isObject(x_groq) ? x_groq["usage"] : null))
    .filter(isObject);
  if (usages.length > 0) message["usage"] = usages.at(-1);
  const choices = events.flatMap(({ choices }) => (Array.isArray(choices) ? choices.filter(isObject) : []));
  const indexes = [...new Set(choices.map(({ index }) => index ?? 0))].toSorted((a, b) => Number(a) - Number(b));
  message["choices"] = indexes.map((index) =>
    foldChoice(
      index,
      choices.filter((choice) => (choice["index"] ?? 0) === index),
    ),
  );
  return message;
}

function foldChoice(index: unknown, given: readonly Json[]): Json {
  const reasons = given
    .map(({ finish_reason }) => finish_reason)
    .filter((reason) => typeof reason === "string" && reason !== "");
  const rest = given.map(
    ({ index: _i, delta: _d, message: _m, finish_reason: _f, logprobs: _l, usage: _u, ...others }) => others,
  );
  const logprobs = given.map((choice) => choice["logprobs"]).filter((value) => value !== undefined);
  const lists = logprobs.filter(isObject);
  const joined = Object.fromEntries(
    [...new Set(lists.flatMap(Object.keys))].map((key) => {
      const parts = lists.map((list) => list[key]).filter(Array.isArray);
      return [key, parts.length > 0 ? parts.flat() : null];
    }),
  );
  return {
    index,
    message: foldDeltas(given.map(({ delta, message }) => delta ?? message).filter(isObject)),
    finish_reason: reasons.at(-1) ?? null,
    ...(logprobs.length > 0 && { logprobs: lists.length > 0 ? joined : logprobs.at(-1) }),
    ...merge(rest),
  };
}

function foldDeltas(deltas: readonly Json[]): Json {
  const all = (key: string): unknown[] => deltas.map((delta) => delta[key]).filter((value) => value !== undefined);
  const keys = new Set(deltas.flatMap(Object.keys));
  const message: Json = { role: "assistant", content: null };
  const parts = all("content").flatMap((content): unknown[] => (Array.isArray(content) ? content : [content]));
  const said = parts.map((part) => (isObject(part) ? (part["type"] === "text" ? part["text"] : null) : part));
  if (said.some((part) => typeof part === "string")) message["content"] = texts(said);
  const thoughts = parts.flatMap((part) => (isObject(part) && Array.isArray(part["thinking"]) ? part["thinking"] : []));
  if (thoughts.length > 0)
    message["reasoning"] = texts(thoughts.map((thought) => isObject(thought) && thought["text"]));
  for (const key of keys) {
    const values = all(key);
    if (key === "content") continue;
    if (key === "tool_calls") {
      const fragments = values.flatMap((value) => (Array.isArray(value) ? value : [])).filter(isObject);
      if (fragments.length > 0) message[key] = foldCalls(fragments);
    } else if (/^(refusal|reasoning|reasoning_content)$/.test(key)) {
      message[key] = values.some((value) => typeof value === "string") ? texts(values) : null;
    } else if (values.some(Array.isArray)) message[key] = foldItems(values.flat().filter(isObject));
    else Object.assign(message, merge(values.map((value) => ({ [key]: value }))));
  }
  return message;
}

/** Recorded calls are told apart by their ids, else by their indexes, else by their order. */
function foldCalls(fragments: readonly Json[]): Json[] {
  const calls: { readonly id: unknown; readonly index: unknown; readonly fragments: Json[] }[] = [];
  for (const fragment of fragments) {
    const { id, index } = fragment;
    const last = id
      ? calls.find((call) => call.id === id)
      : calls.findLast((call) => index === undefined || call.index === index);
    if (last === undefined) calls.push({ id, index, fragments: [fragment] });
    else last.fragments.push(fragment);
  }
  return calls.map(({ fragments: own }) => {
    const functions = own.map((fragment) => fragment["function"]).filter(isObject);
    const pieces = functions.map((one) => one["arguments"]);
    const name = functions.map((one) => one["name"]).find(Boolean);
    const others = merge(own.map(({ type: _t, function: _f, ...rest }) => rest));
    return { ...others, type: "function", function: { name, arguments: texts(pieces) } };
  });
}

/** Items of a list that have the same index and type are one. */
function foldItems(items: readonly Json[]): Json[] {
  const groups: Json[][] = [];
  for (const item of items) {
    const group = groups.find(
      ([first]) => item["index"] !== undefined && first?.["index"] === item["index"] && first["type"] === item["type"],
    );
    if (group === undefined) groups.push([item]);
    else group.push(item);
  }
  return groups.map((group) => {
    const item = merge(group);
    for (const key of ["text", "summary"]) {
      const values = group.map((part) => part[key]).filter((value) => typeof value === "string");
      if (values.length > 0) item[key] = texts(values);
    }
    return item;
  });
}

/** Of each field the last value that says something; objects are merged. */
function merge(objects: readonly Json[]): Json {
  const merged: Json = {};
  for (const key of new Set(objects.flatMap(Object.keys))) {
    const values = objects.map((object) => object[key]).filter((value) => value !== undefined);
    const telling = values.filter((value) => value !== null && value !== "" && value !== 0);
    const nested = telling.filter(isObject);
    merged[key] = nested.length > 0 ? merge(nested) : telling.length > 0 ? telling.at(-1) : values[0];
  }
  return merged;
}
