// What must work on every runtime, in plain JavaScript and against the built package. It imports nothing but millrace.
import { tool } from "millrace";
import { call, client } from "millrace/anthropic";
import { call as structuredCall } from "millrace/anthropic/structured";
import { keep, read, sqliteLog } from "millrace/resume";

const MODEL = "claude-sonnet-5-5";
const KEY = "sk-ant-smoke";

/** A model by hand, so that no schema library is needed: any object with a title. */
const schema = { type: "object", properties: { title: { type: "string" } }, required: ["title"] };
const Book = {
  "~standard": {
    version: 1,
    vendor: "smoke",
    validate: (value) =>
      typeof value.title === "string" ? { value } : { issues: [{ message: "No title.", path: ["title"] }] },
    jsonSchema: { input: () => schema, output: () => schema },
  },
};

/** What is checked: each gets a client's maker, and the server's address. */
const checks = {
  async "a stream with a tool"(at) {
    const getAuthor = tool({
      name: "get_author",
      inputSchema: schema,
      call: ({ title }) => (title === "Mistborn" ? "Brandon Sanderson" : "Unknown"),
    });
    const stream = call(
      MODEL,
      { stream: true, client: at("tool"), tools: [getAuthor] },
      (book) => `Who wrote ${book}?`,
    )("Mistborn");
    let text = "";
    const outputs = [];
    for await (const [chunk, called] of stream) {
      text += chunk.content;
      if (called !== null) outputs.push([called, await called.call()]);
    }
    equal(text, "Let me see — 📖.");
    equal(
      outputs.map(([{ name, args }, output]) => [name, args.title, output]),
      [["get_author", "Mistborn", "Brandon Sanderson"]],
    );
    equal([stream.outcome, stream.usage.source, stream.usage.output_tokens], ["complete", "reported", 42]);
    equal(stream.cost > 0, true);
    equal(stream.history(outputs).length, 3);
  },

  async "break closes the connection"(at, url) {
    const stream = call(MODEL, { stream: true, client: at("endless") }, () => "Hello")();
    for await (const [chunk] of stream) if (chunk.content !== "") break;
    equal(stream.outcome, "aborted");
    equal(await (await fetch(`${url}/closed/endless`)).text(), "closed");
  },

  async "a signal closes the connection"(at, url) {
    const controller = new AbortController();
    const { signal } = controller;
    const stream = call(MODEL, { stream: true, client: at("endless2"), signal }, () => "Hello")();
    const error = await thrown(async () => {
      for await (const [chunk] of stream) if (chunk.content !== "") controller.abort();
    });
    equal([error.code, stream.outcome], ["stream_aborted", "aborted"]);
    equal(await (await fetch(`${url}/closed/endless2`)).text(), "closed");
  },

  async "an error in place of a stream"(at) {
    const stream = call(MODEL, { stream: true, client: at("refused") }, () => "Hello")();
    const error = await thrown(() => stream.response());
    equal([error.code, error.status, stream.outcome], ["api_error", 401, "failed"]);
    equal(`${error.stack} ${error.message} ${JSON.stringify(error)}`.includes(KEY), false);
  },

  async "an error in the middle of a stream"(at) {
    const stream = call(MODEL, { stream: true, client: at("broken") }, () => "Hello")();
    let text = "";
    const error = await thrown(async () => {
      for await (const [chunk] of stream) text += chunk.content;
    });
    equal([text, error.partial.content, stream.outcome], ["Hello ", "Hello ", "failed"]);
  },

  async "a stream that is cut"(at) {
    const stream = call(MODEL, { stream: true, client: at("cut") }, () => "Hello")();
    const error = await thrown(() => stream.response());
    equal([error.code, stream.outcome, stream.content], ["stream_truncated", "truncated", "Hello "]);
  },

  async "a structured stream"(at) {
    const options = { stream: true, client: at("structured"), responseModel: Book };
    const extraction = structuredCall(MODEL, options, (page) => `Extract: ${page}`)("Mistborn");
    const titles = [];
    for await (const partial of extraction) titles.push(partial.title);
    equal(titles.filter(Boolean)[0], "Mist");
    equal(extraction.constructedResponseModel, { title: "Mistborn" });
  },
};

/** What is checked where there is a file for it. */
const checksOfFile = (file) => ({
  async "a log in a file"(at) {
    const log = sqliteLog(file);
    const stream = keep(call(MODEL, { stream: true, client: at("kept") }, () => "Hello")(), { log, id: "chat" });
    await stream.log.settled;
    await log.close();
    const reopened = sqliteLog(file);
    const reply = await read(reopened, "chat");
    await reply.response();
    await reopened.close();
    equal([reply.content, reply.outcome, stream.log.state], ["Hello world.", "complete", "ended"]);
  },
});

/** Runs the checks against a server, and tells it what became of each: `null`, or what went wrong. */
export async function smoke(url, file) {
  const results = {};
  for (const [name, check] of Object.entries({ ...checks, ...(file && checksOfFile(file)) })) {
    const at = (scenario) => client({ apiKey: KEY, baseURL: `${url}/${scenario}` });
    results[name] = await check(at, url).then(
      () => null,
      (error) => String(error?.stack ?? error),
    );
  }
  await (await fetch(`${url}/results`, { method: "POST", body: JSON.stringify(results) })).text();
}

async function thrown(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown.");
}

function equal(actual, expected) {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} is not ${other}`);
}
