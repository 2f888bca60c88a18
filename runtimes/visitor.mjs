// What a page asks of a chat server, and must get.

const LIMIT_MS = 10_000;

/** What is checked: each gets the chat's address, and that of the provider. */
const checks = {
  async "a chat"({ url }) {
    equal(await read(await ask(url, "1")), { text: "Hello world.", last: "finish" });
  },

  async "a chat that a visitor comes back to"({ url }) {
    const leaving = new AbortController();
    const response = await ask(url, "2", "Hello", leaving.signal);
    await response.body.getReader().read();
    leaving.abort();
    equal(await read(await get(`${url}/2/stream`)), { text: "Hello world.", last: "finish" });
    // Once more after the end.
    equal(await read(await get(`${url}/2/stream`)), { text: "Hello world.", last: "finish" });
  },

  async "a chat that is stopped"({ url, provider }) {
    const response = await ask(url, "3", "endless");
    const run = response.headers.get("x-millrace-run");
    await begun(response);
    equal((await get(`${url}/3/stream?run=${run}`, { method: "DELETE" })).status, 204);
    equal((await read(await get(`${url}/3/stream`))).text, "Hello ");
    equal(await (await get(`${provider}/closed/chat`)).text(), "closed");
  },

  async "a visitor who leaves a stream that is not kept"({ url, provider }) {
    const leaving = new AbortController();
    const response = await get(new URL("/plain", url), { method: "POST", body: "endless", signal: leaving.signal });
    await begun(response);
    leaving.abort();
    equal(await (await get(`${provider}/closed/chat`)).text(), "closed");
  },
};

/** Plays the checks. Gives what became of each: `null`, or what went wrong. */
export async function visit(addresses) {
  const results = {};
  for (const [name, check] of Object.entries(checks)) {
    results[name] = await check(addresses).then(
      () => null,
      (error) => String(error?.stack ?? error),
    );
  }
  return results;
}

function ask(url, id, text = "Hello", signal = undefined) {
  const messages = [{ id: "m", role: "user", parts: [{ type: "text", text }] }];
  const headers = { "content-type": "application/json" };
  return get(url, { method: "POST", headers, body: JSON.stringify({ id, messages }), signal });
}

function get(url, { signal, ...init } = {}) {
  const limit = AbortSignal.timeout(LIMIT_MS);
  return fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit });
}

/** Waits for the first text, and leaves the rest. */
async function begun(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes("text-delta");) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`It ended early: ${text}`);
    text += value;
  }
  reader.releaseLock();
}

/** The text, and the kind of the last part. */
async function read(response) {
  const body = await response.text();
  const parts = body.split("\n").filter((line) => line.startsWith("data: {"));
  const values = parts.map((line) => JSON.parse(line.slice("data: ".length)));
  if (values.length === 0) throw new Error(`HTTP ${response.status}: ${body}`);
  const text = values.map(({ type, delta }) => (type === "text-delta" ? delta : "")).join("");
  return { text, last: values.at(-1).type };
}

function equal(actual, expected) {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} is not ${other}`);
}
