import { describe, expect, it } from "vitest";
import * as z from "zod";
import { responseFormat } from "../../src/schema/response-format.ts";
import { ArrivingModel } from "../../src/structured/arriving-model.ts";
import { ResponseModelError } from "../../src/structured/response-model.ts";
import { call } from "../../src/providers/anthropic/structured.ts";
import { client } from "../../src/providers/anthropic/index.ts";
import { cpuMsSince } from "../cpu-time.ts";
import { reply, serve, startStream } from "../server.ts";

const Book = z.object({ title: z.string(), year: z.number() });
const book = { title: "Mistborn", year: 2006 };
const good = JSON.stringify(book);
const other = { title: "Elantris", year: 2005 };

/** What a call gives for a reply of this text, and what a stream has shown by the end if it comes character by character. */
async function extract(responseModel: z.ZodType, text: string) {
  await using server = await serve((response, _, count) => {
    startStream(response).end(count === 1 ? reply(...text) : reply(text));
  });
  const options = {
    client: client({ apiKey: "sk-test", baseURL: server.url }),
    responseModel,
    jsonMode: true,
  } as const;
  const stream = call("claude-sonnet-5-5", { ...options, stream: true }, () => "Extract")();
  const shown: unknown[] = [];
  const streamed = await (async () => {
    for await (const value of stream) shown.push(value);
    return stream.parse();
  })().catch((error: unknown) => error);
  const given = await call("claude-sonnet-5-5", options, () => "Extract")().catch((error: unknown) => error);
  expect(String(streamed)).toBe(String(given));
  return { given, shown, streamed, stream };
}

describe("JSON among words", () => {
  it.each([
    ["a form in braces", `You want {title, year}. Here it is:\n${good}`],
    ["a template", `I fill {{title}} and {{ year }}:\n\`\`\`json\n${good}\n\`\`\``],
    ["braces of all kinds", `{ } [ ] {'a'} {{{ ${good} }}} {`],
    ["an example that is not JSON", `{"title": "…", "year": …}\n${good}`],
    ["an example without quotes", `{"title": string, "year": number}\n${good}`],
    ["code", `if (a) { return "{"; } else { b(); }\n${good}`],
    ["JSON of something else", `For {"id": 1} the answer is ${good}`],
    ["an empty object", `From {} I make ${good}`],
    ["the schema itself", `{"type":"object","properties":{"title":{"type":"string"}}} ${good}`],
    ["an example of the wrong types", `{"title": "a title", "year": "a year"} ${good}`],
    ["a part of it", `{"title": "Mistborn"}, no: ${good}`],
    ["braces behind it", `${good} as {you} asked, with {"no": "more"}`],
    ["it once more", `${good}\nAgain: ${JSON.stringify(other)}`],
    ["it in a list", `[${good}]`],
  ])("is found beside %s", async (_, text) => {
    const { given, shown, streamed, stream } = await extract(Book, text);
    expect([given, streamed, shown.at(-1)]).toEqual([book, book, book]);
    expect([stream.isComplete([]), stream.isComplete(["title"])]).toEqual([true, true]);
  });

  it.each([
    ["in tags", `<think>an object {…}, {"title": "A", "year": 1}</think>${good}`],
    ["in other tags", `\n <thinking>${JSON.stringify(other)}</thinking>\n${good}`],
    ["that end, but have no beginning", `${JSON.stringify(other)} would do.</think>\n${good}`],
    ["behind words", `Let me see. <reasoning>${JSON.stringify(other)}</reasoning> ${good}`],
  ])("is not found in thoughts %s", async (_, text) => {
    const { given, shown, streamed } = await extract(Book, text);
    expect([given, streamed, shown.at(-1)]).toEqual([book, book, book]);
  });

  it("is found where tags are but words", async () => {
    expect((await extract(Book, `I use no <think> tags: ${good}`)).given).toEqual(book);
  });

  it.each([
    ["a list", `[${good}]`],
    ["a list in a fence", `\`\`\`json\n[${good}]\n\`\`\``],
    ["a list behind notes", `As in [1] and [x] (- [ ] see [here](url)): [${good}]`],
    ["the object that was asked for", `{"value": [${good}]}`],
    ["that behind a list of something else", `From [1, 2]: {"value": [${good}]}`],
  ])("may be %s for a model that is a list", async (_, text) => {
    const { given, shown, streamed } = await extract(z.array(Book), text);
    expect([given, streamed, shown.at(-1)]).toEqual([[book], [book], [book]]);
  });

  it("may be a list of numbers, a list in a union, or one of several objects", async () => {
    expect((await extract(z.array(z.number()), "[ ] [4, 5]")).given).toEqual([4, 5]);
    expect((await extract(z.array(z.number()), 'As in [1]: {"value": [4, 5]}')).given).toEqual([4, 5]);
    expect((await extract(z.array(z.number()), "None: []")).given).toEqual([]);
    expect((await extract(z.array(z.number()).nullable(), "[4]")).given).toEqual([4]);
    expect((await extract(z.union([Book, z.object({ name: z.string() })]), `{a} ${good}`)).given).toEqual(book);
  });

  it("gives the elements of a list as they come, without its wrapper", async () => {
    const list = [book, other];
    await using server = await serve((response) => void startStream(response).end(reply(...JSON.stringify(list))));
    const own = client({ apiKey: "sk-test", baseURL: server.url });
    const options = { client: own, responseModel: z.array(Book), jsonMode: true, stream: true } as const;
    const stream = call("claude-sonnet-5-5", options, () => "Extract")();
    const seen: unknown[] = [];
    for await (const element of stream.elements()) seen.push([element, stream.isComplete([seen.length])]);
    expect(seen).toEqual(list.map((element) => [element, true]));
  });

  it.each([
    ["cut", `For {"id": 1} the answer is {"title": "Mist`, /no whole JSON value/],
    ["in thoughts alone", `<think>${good}</think> I cannot say.`, /no whole JSON value/],
    ["in braces that are not JSON", "{title: 1} {…}", /no whole JSON value/],
    ["of other types", `{"id": 1} {"title": 7, "year": 1}`, /at title/],
    ["without a part", `{"id": 1} {"title": "Mistborn"}`, /at year/],
  ])("is an error that says what is wrong if it is %s", async (_, text, words) => {
    const { given } = await extract(Book, text);
    expect(given).toBeInstanceOf(ResponseModelError);
    expect(String(given)).toMatch(words);
  });

  // Errors, which a text that is not JSON leads to, are slow where stacks are mapped to their sources, as here.
  it.each([
    [200_000, ["{", "{ ", "[", '{"a":', "<think", "</think>"]],
    [20_000, ["{}", '{"a', '{"title":"', "[{"]],
  ])("is looked for in linear time: %i characters", (length, units) => {
    const formats = [z.array(Book), Book].map((model) => responseFormat(model, undefined));
    const start = process.cpuUsage();
    for (const unit of units) {
      for (const format of formats) {
        const arriving = new ArrivingModel(format);
        arriving.push(unit.repeat(length / unit.length));
        expect(arriving.isWhole).toBe(unit === "{}");
      }
    }
    expect(cpuMsSince(start)).toBeLessThan(3_000);
  });
});
