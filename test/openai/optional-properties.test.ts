import { describe, expect, it } from "vitest";
import * as z from "zod";
import { client as chatClient } from "../../src/providers/openai-chat/index.ts";
import { call as chat } from "../../src/providers/openai-chat/structured.ts";
import { client } from "../../src/providers/openai/index.ts";
import { call as responses } from "../../src/providers/openai/structured.ts";
import { agent, tool } from "../../src/index.ts";
import { keep, type Log, memoryLog, read } from "../../src/neutral-resume.ts";
import { fakeOpenAI, reply, toolUse } from "../../src/testing/index.ts";

const Book = z.object({
  title: z.string(),
  subtitle: z.string().optional(),
  year: z.number().nullable(),
  author: z.object({ name: z.string(), born: z.int().optional() }).optional(),
});
const BOOK = { subtitle: null, title: "Mistborn", year: null, author: { born: null, name: "S" } };

/** Every object in a value. */
function* objectsIn(value: unknown): Generator<object> {
  if (typeof value !== "object" || value === null) return;
  yield value;
  for (const part of Object.values(value)) yield* objectsIn(part);
}

function nullsIn(values: readonly unknown[]): string[] {
  const objects = values.flatMap((value) => [...objectsIn(value)]);
  return objects.flatMap((object) => Object.entries(object).flatMap(([name, part]) => (part === null ? [name] : [])));
}

const find = tool({ name: "find", description: "Finds.", input: z.object({}), call: () => "found" });

/** Streams of a model, from both APIs. */
const apis = {
  responses: (baseURL: string) => {
    const define = responses("gpt-5.5", { client: client({ baseURL, apiKey: "k" }) }, () => "?");
    const extract = define.with({ stream: true, responseModel: Book });
    const run = agent(define.with({ stream: true, responseModel: Book, tools: [find] }));
    return {
      run: run(),
      bookAgain: (log: Log) => read(log, "book", { of: extract }),
      runAgain: (log: Log) => read(log, "book", { of: run }),
      book: define.with({ stream: true, responseModel: Book })(),
      books: define.with({ stream: true, responseModel: z.array(Book) })(),
    };
  },
  chat: (baseURL: string) => {
    const define = chat("gpt-5.5", { client: chatClient({ baseURL, apiKey: "k" }) }, () => "?");
    const extract = define.with({ stream: true, responseModel: Book });
    const run = agent(define.with({ stream: true, responseModel: Book, tools: [find] }));
    return {
      run: run(),
      bookAgain: (log: Log) => read(log, "book", { of: extract }),
      runAgain: (log: Log) => read(log, "book", { of: run }),
      book: define.with({ stream: true, responseModel: Book })(),
      books: define.with({ stream: true, responseModel: z.array(Book) })(),
    };
  },
};

describe.each(["responses", "chat"] as const)("optional properties in strict formats (%s)", (api) => {
  it("are left out while the model arrives, too", async () => {
    await using server = await fakeOpenAI({ replies: JSON.stringify(BOOK) });
    const stream = apis[api](server.url).book;
    const seen: unknown[] = [];
    for await (const book of stream) seen.push(book);
    expect(new Set(nullsIn(seen))).toEqual(new Set(["year"]));
    expect(seen.at(-1)).toEqual({ title: "Mistborn", year: null, author: { name: "S" } });
    expect(stream.constructedResponseModel).toEqual(seen.at(-1));
    expect(stream.toJSON()).toMatchObject({ arrived: { author: { name: "S" } } });
    // A null that is left out adds nothing.
    expect(new Set(seen.map((book) => JSON.stringify(book))).size).toBe(seen.length);
  });

  it("are left out of the elements of a list", async () => {
    await using server = await fakeOpenAI({ replies: JSON.stringify({ value: [BOOK, BOOK] }) });
    const seen: unknown[] = [];
    for await (const book of apis[api](server.url).books.elements()) seen.push(book);
    expect(seen).toHaveLength(2);
    expect(new Set(nullsIn(seen))).toEqual(new Set(["year"]));
  });

  it("are left out where a kept reply is read elsewhere", async () => {
    await using server = await fakeOpenAI({ replies: JSON.stringify(BOOK) });
    const log = memoryLog();
    const { book, bookAgain } = apis[api](server.url);
    const here = keep(book, { log, id: "book" });
    const shown: unknown[] = [];
    for await (const part of here) shown.push(part);
    await here.log.settled;
    const elsewhere = await bookAgain(log);
    const seen: unknown[] = [];
    for await (const part of elsewhere ?? []) seen.push(part);
    expect(seen.at(-1)).toEqual({ title: "Mistborn", year: null, author: { name: "S" } });
    expect(seen.at(-1)).toEqual(shown.at(-1));
    expect(new Set(nullsIn(seen))).toEqual(new Set(["year"]));
    expect(elsewhere?.constructedResponseModel).toEqual(seen.at(-1));
  });

  it("are left out where a kept run of an agent is read elsewhere", async () => {
    await using server = await fakeOpenAI({ replies: [reply(toolUse("find", {})), JSON.stringify(BOOK)] });
    const log = memoryLog();
    const { run, runAgain } = apis[api](server.url);
    const here = keep(run, { log, id: "book" });
    for await (const _ of here);
    await here.log.settled;
    const elsewhere = await runAgain(log);
    for await (const _ of elsewhere ?? []);
    expect(await elsewhere?.parse()).toEqual({ title: "Mistborn", year: null, author: { name: "S" } });
  });
});
