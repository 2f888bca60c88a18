// The shape of a response: its headers, its kinds of events, and the fields of each with the types of their values.

/** Headers of the connection and of what is in front of the API: they say nothing of it. */
const OF_THE_WAY =
  /^(connection|keep-alive|date|server|via|vary|transfer-encoding|content-(length|encoding)|cf-.*|alt-svc|set-cookie|strict-transport-security|x-robots-tag|x-envoy-.*|server-timing)$/;

/** Which event may follow which, pings aside: platform.claude.com/docs/en/build-with-claude/streaming. */
const ORDER = {
  message_start: "content_block_start message_delta",
  content_block_start: "content_block_delta content_block_stop",
  content_block_delta: "content_block_delta content_block_stop message_delta",
  content_block_stop: "content_block_start message_delta",
  message_delta: "message_delta message_stop",
  message_stop: "",
};

/** The shape of a response: by header, by kind of event, and which kind follows which. */
export function shapeOf({ names, body }) {
  const shape = {
    headers: new Set(names.filter((name) => !OF_THE_WAY.test(name))),
    events: new Map(),
    steps: [],
    isWhole: false,
  };
  let last = "";
  for (const { name, data } of framesIn(body)) {
    const kind = kindOf(data);
    const fields = shape.events.get(kind) ?? new Map();
    shape.events.set(kind, fields);
    addFields(fields, "", data);
    if (name !== data.type) addType(fields, "(event: line)", name === null ? "missing" : `"${name}"`);
    if (data.type === "ping") continue;
    if (last !== "") shape.steps.push([last, data.type]);
    last = data.type;
  }
  shape.isWhole = last === "message_stop";
  return shape;
}

/** The frames of a body of server-sent events, or the one message of a body of JSON. */
function framesIn(body) {
  if (body.startsWith("{")) return [{ name: null, data: JSON.parse(body) }];
  return body.split(/\r?\n\r?\n/).flatMap((frame) => {
    const field = (name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(frame)?.[1] ?? null;
    const data = field("data");
    return data === null ? [] : [{ name: field("event"), data: JSON.parse(data) }];
  });
}

/** An event's type, and that of its block or delta. */
function kindOf({ type, content_block: block, delta }) {
  const detail = block?.type ?? (type === "content_block_delta" ? delta?.type : undefined);
  return detail === undefined ? String(type) : `${type} (${detail})`;
}

function addFields(fields, path, value) {
  if (Array.isArray(value)) {
    addType(fields, path, "list");
    for (const item of value) addFields(fields, `${path}[]`, item);
  } else if (typeof value === "object" && value !== null) {
    if (path !== "") addType(fields, path, "object");
    // The names in a tool's input are the tool's.
    if (path.endsWith("content_block.input")) return;
    for (const [name, part] of Object.entries(value)) addFields(fields, path === "" ? name : `${path}.${name}`, part);
  } else addType(fields, path, value === null ? "null" : typeof value);
}

function addType(fields, path, type) {
  fields.set(path, new Set([...(fields.get(path) ?? []), type]));
}

/**
 * The differences between what the API and a fake sent, in words.
 *
 * @param rare - Kinds of blocks that one may have and the other not.
 */
export function differences(api, fake, rare) {
  const found = [];
  for (const name of api.headers) if (!fake.headers.has(name)) found.push(`only the API: header ${name}`);
  for (const name of fake.headers) if (!api.headers.has(name)) found.push(`only the fake: header ${name}`);
  const isRare = (kind) => rare.some((block) => new RegExp(`\\(${block}(_delta)?\\)$`).test(kind));
  const kinds = new Set([...api.events.keys(), ...fake.events.keys()]);
  for (const kind of kinds) {
    const [at, beside] = [api.events.get(kind), fake.events.get(kind)];
    if (at !== undefined && beside !== undefined) found.push(...fieldDifferences(kind, at, beside));
    else if (at !== undefined && !isRare(kind)) found.push(`only the API: event ${kind}`);
    else if (at === undefined && !isRare(kind) && api.isWhole) found.push(`only the fake: event ${kind}`);
  }
  for (const [before, after] of api.steps) {
    const isKnown = before in ORDER && after in ORDER;
    if (isKnown && !ORDER[before].split(" ").includes(after)) found.push(`only the API: ${after} after ${before}`);
  }
  return found;
}

function fieldDifferences(kind, api, fake) {
  const found = [];
  for (const path of new Set([...api.keys(), ...fake.keys()])) {
    const [at, beside] = [api.get(path), fake.get(path)].map((types) => types && [...types].toSorted().join(" or "));
    if (at === beside) continue;
    if (beside === undefined) found.push(`only the API: ${kind}: ${path}: ${at}`);
    else if (at === undefined) found.push(`only the fake: ${kind}: ${path}: ${beside}`);
    else found.push(`${kind}: ${path}: ${at} at the API, ${beside} at the fake`);
  }
  return found;
}
