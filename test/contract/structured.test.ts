import { getEventListeners } from "node:events";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import { InvalidOptionError, StreamNotConsumedError } from "../../src/errors.ts";
import { ResponseModelError } from "../../src/structured/response-model.ts";
import { tool } from "../../src/tool/tool.ts";
import {
  all,
  beats,
  expectClosed,
  expectHandledRejections,
  failure,
  gate,
  inTurn,
  type Options,
  reply,
} from "./reading.ts";
import type { Script, Server } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

const Book = z.object({ title: z.string(), author: z.string() });
const Mistborn = { title: "Mistborn", author: "Brandon Sanderson" };
const PIECES = ['{"title": "Mist', 'born", ', '"author"', ': "Brandon', ' Sanderson"}', "\n"];
const WHOLE = PIECES.join("");

describe.each(subjects)("structured output ($name)", (subject) => {
  const common = (server: Server) => ({ client: subject.client(server.url), retry: { delay: 1 } });
  const define = (server: Server, options: Omit<Options, "tools" | "toolChoice" | "stream"> = {}) =>
    subject.structuredCall(subject.models[0], { ...common(server), ...options, responseModel: Book }, () => "Extract");

  describe("a stream of it", () => {
    it("gives the model so far when that has grown, then the validated one", async () => {
      await using server = await subject.serve(() => reply(...PIECES));
      const extraction = define(server).with({ stream: true })();
      expect(() => extraction.constructedResponseModel).toThrow(StreamNotConsumedError);
      const seen: unknown[] = [];
      const isComplete: boolean[][] = [];
      for await (const partial of extraction) {
        seen.push(partial);
        isComplete.push([["title"], ["author"], [], ["nothing"]].map((path) => extraction.isComplete(path)));
      }
      expect(seen).toEqual([
        { title: "Mist" },
        { title: "Mistborn" },
        { title: "Mistborn", author: "Brandon" },
        Mistborn,
      ]);
      expect(isComplete).toEqual([
        [false, false, false, false],
        [true, false, false, false],
        [true, false, false, false],
        [true, true, true, false],
      ]);
      expect(extraction.constructedResponseModel).toEqual(Mistborn);
      expect([extraction.outcome, extraction.content]).toEqual(["complete", WHOLE]);
    });

    it("gives snapshots that stay as they are, and share what has not changed", async () => {
      const Shelf = z.object({ first: Book, second: Book });
      const shelf = JSON.stringify({ first: Mistborn, second: Mistborn });
      await using server = await subject.serve(() => reply(...shelf));
      const snapshots = await all(define(server).with({ stream: true, responseModel: Shelf })());
      const [before, last] = snapshots.slice(-2);
      expect(last?.first).toBe(before?.first);
      expect(new Set(snapshots.map((snapshot) => JSON.stringify(snapshot))).size).toBe(snapshots.length);
    });

    it("passes over words around the JSON, and gives models that are no objects", async () => {
      await using server = await subject.serve(
        inTurn(reply("Sure:\n```json\n", '{"value": 4', "2}\n``` as {you} asked"), reply('{"value": "blue"}')),
      );
      const count = define(server).with({ stream: true, responseModel: z.number() })();
      expect((await all(count)).at(-1)).toBe(42);
      expect(count.constructedResponseModel).toBe(42);
      expect(await define(server).with({ responseModel: z.enum(["red", "blue"]) })()).toBe("blue");
    });

    it("waits for a schema that is asynchronous", async () => {
      const Checked = Book.refine(({ title }) => Promise.resolve(title !== "Elantris"), "no such book");
      await using server = await subject.serve(inTurn(reply(WHOLE), reply(WHOLE.replace("Mistborn", "Elantris"))));
      const ask = define(server).with({ stream: true, responseModel: Checked });
      const extraction = ask();
      await all(extraction);
      expect(extraction.constructedResponseModel).toEqual(Mistborn);
      expect(await failure(ask().parse())).toMatchObject({ issues: [{ message: "no such book", path: [] }] });
    });

    it("may be drained instead, by response() or parse()", async () => {
      await using server = await subject.serve(() => reply(...PIECES));
      const ask = define(server).with({ stream: true });
      const drained = ask();
      expect((await drained.response()).content).toBe(WHOLE);
      expect([drained.constructedResponseModel, drained.isComplete(["title"])]).toEqual([Mistborn, true]);
      const parsed = ask();
      expect(await parsed.parse()).toEqual(Mistborn);
      expect(await parsed.parse()).toBe(parsed.constructedResponseModel);
    });

    it("throws the stream's own error unless that is complete", async () => {
      await using server = await subject.serve(() => beats({ text: WHOLE }, { end: "reset" }));
      const ask = define(server, { retry: false }).with({ stream: true });
      const iterated = ask();
      const seen: unknown[] = [];
      const error = await failure(
        (async () => {
          for await (const partial of iterated) seen.push(partial);
        })(),
      );
      expect([error, seen.at(-1)]).toEqual([iterated.error, Mistborn]);
      expect(error).toMatchObject({ code: "stream_truncated" });
      expect(() => iterated.constructedResponseModel).toThrow(iterated.error as Error);
      expect(await failure(iterated.parse())).toBe(error);
      const parsed = ask();
      expect(await failure(parsed.parse())).toBe(parsed.error);
    });

    it("closes the connection when it is left", async () => {
      await using server = await subject.serve(() => beats({ text: '{"title": "M' }, { end: "open" }));
      const extraction = define(server).with({ stream: true })();
      for await (const partial of extraction) {
        expect(partial).toEqual({ title: "M" });
        break;
      }
      await expectClosed(server);
      expect(await failure(extraction.parse())).toBe(extraction.error);
    });
  });

  describe("the elements of a list", () => {
    const Books = z.array(Book);
    const books = [Mistborn, { title: "Elantris", author: "Brandon Sanderson" }];
    const text = JSON.stringify({ value: books }, null, 2);

    it("come one by one, whole, however the text is split", async () => {
      const splits = [[text], [...text], text.split(/(?<=[}\]])/)];
      await using server = await subject.serve(({ index }) => reply(...(splits[index] ?? [])));
      for (const _ of splits) {
        const extraction = define(server).with({ stream: true, responseModel: Books })();
        expect(await all(extraction.elements())).toEqual(books);
        expect(extraction.constructedResponseModel).toEqual(books);
      }
    });

    it("come as soon as they are whole, before the next one begins", async () => {
      const go = gate();
      const first = `{"value": [${JSON.stringify(Mistborn)}`;
      await using server = await subject.serve(() =>
        beats({ text: first }, { wait: go.opened }, { text: "]}" }, { finish: "stop" }),
      );
      const extraction = define(server).with({ stream: true, responseModel: Books })();
      const elements = extraction.elements();
      expect(await elements.next()).toEqual({ value: Mistborn, done: false });
      expect([extraction.isComplete([0]), extraction.isComplete([])]).toEqual([true, false]);
      go.open();
      expect(await elements.next()).toEqual({ value: undefined, done: true });
    });

    it("are validated with the list", async () => {
      await using server = await subject.serve(() =>
        reply(JSON.stringify({ value: [Mistborn, { title: "Elantris" }] })),
      );
      const extraction = define(server).with({ stream: true, responseModel: Books })();
      const seen: unknown[] = [];
      const reading = (async () => {
        for await (const book of extraction.elements()) seen.push(book);
      })();
      expect(await failure(reading)).toMatchObject({ issues: [{ path: [1, "author"] }] });
      expect(seen).toEqual([Mistborn, { title: "Elantris" }]);
    });
  });

  describe("a reply that does not fit", () => {
    it("is an error that has the response, and keeps it out of logs", async () => {
      await using server = await subject.serve(() => reply('{"title": "Mistborn", "author": 7}'));
      const error = await failure(define(server)());
      expect(error).toBeInstanceOf(ResponseModelError);
      expect(error).toMatchObject({
        code: "response_model",
        retryable: true,
        issues: [{ path: ["author"] }],
        requestId: server.requests[0]?.id,
        usage: { source: "reported" },
      });
      expect((error as ResponseModelError).response.content).toBe('{"title": "Mistborn", "author": 7}');
      expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain("Mistborn");
    });

    it.each<[string, Script]>([
      ["was cut", beats({ text: '{"title": "Mist' }, { finish: "length" })],
      ["was refused", beats({ text: "I cannot" }, { finish: "content_filter" })],
      ["is not JSON", reply('{"title": Mistborn}')],
      ["is empty", reply()],
    ])("says so if it %s", async (_, script) => {
      await using server = await subject.serve(() => script);
      const ask = define(server);
      expect(await failure(ask())).toMatchObject({ code: "response_model", issues: [{ path: [] }] });
      const stream = ask.with({ stream: true })();
      expect(await failure(all(stream))).toMatchObject({ code: "response_model" });
      expect(() => stream.constructedResponseModel).toThrow(ResponseModelError);
      expect(stream.outcome).toBe("complete");
    });

    it("goes back with what is wrong, as often as was asked", async () => {
      await using server = await subject.serve(
        inTurn(reply('{"title": "Mistborn"}'), reply('{"title": 1}'), reply(WHOLE)),
      );
      const prices = { [subject.models[0]]: subject.price(0, 1) };
      const { model, response } = await define(server).with({ validationRetries: 2, prices }).withResponse();
      expect(model).toEqual(Mistborn);
      // The replies that did not fit were paid for, too.
      expect(response.attempts).toHaveLength(3);
      expect(response.costMetadata?.outputTokens).toBe(75);
      const [first, , third] = server.requests.map(({ body }) => JSON.stringify(body));
      expect(first).not.toContain("does not fit");
      expect(third?.split("does not fit")).toHaveLength(3);
      for (const words of ["- author: ", "- title: ", "Mistborn"]) expect(third).toContain(words);
      await using again = await subject.serve(inTurn(reply("{}"), reply('{"title": "Mistborn"}'), reply(WHOLE)));
      expect(await failure(define(again).with({ validationRetries: 1 })())).toMatchObject({
        response: { content: '{"title": "Mistborn"}' },
      });
      expect(again.requests).toHaveLength(2);
    });

    it("does not go back after a refusal, or an error of the stream", async () => {
      await using server = await subject.serve(
        inTurn(beats({ text: "No" }, { finish: "content_filter" }), beats({ text: "{" }, { end: "reset" })),
      );
      const ask = define(server).with({ validationRetries: 3 });
      expect(await failure(ask())).toBeInstanceOf(ResponseModelError);
      expect(server.requests).toHaveLength(1);
      expect(await failure(ask())).toMatchObject({ code: "stream_truncated" });
      expect(server.requests).toHaveLength(2);
    });
  });

  describe("with tools", () => {
    const lookUp = tool({
      name: "look_up",
      input: z.object({ title: z.string() }),
      call: ({ title }) => `about ${title}`,
    });
    const asked = beats({ tool: "look_up", input: '{"title":"Mistborn"}' }, { finish: "tool_calls" });

    it("the ordinary stream, or response, comes back, and parse() gives the model of its text", async () => {
      await using server = await subject.serve(({ index }) => (index % 2 === 0 ? asked : reply(...PIECES)));
      const options = { ...common(server), responseModel: Book, tools: [lookUp] } as const;
      const ask = subject.structuredCall(subject.models[0], { ...options, stream: true }, () => "Extract");
      const first = ask();
      const outputs: string[] = [];
      for await (const [, called] of first) if (called) outputs.push(await called.call());
      expect(outputs).toEqual(["about Mistborn"]);
      expect(await failure(first.parse())).toBeInstanceOf(ResponseModelError);
      expect(await ask().parse()).toEqual(Mistborn);
      const whole = subject.structuredCall(subject.models[0], options, () => "Extract");
      expect(await (await whole()).tool?.call()).toBe("about Mistborn");
      expect(await (await whole()).parse()).toEqual(Mistborn);
    });

    it("that the function alone names, nothing is sent", async () => {
      await using server = await subject.serve(() => reply(WHOLE));
      const ask = subject.structuredCall(subject.models[0], common(server), () => ({
        messages: [{ role: "user", content: "x" }],
        tools: [lookUp],
      }));
      const stream = ask.with({ stream: true, responseModel: Book })();
      expect(await failure((stream as { response(): Promise<unknown> }).response())).toBeInstanceOf(InvalidOptionError);
      expect(server.requests).toHaveLength(0);
    });
  });

  it("JSON alone may be asked for, and an output parser makes what it likes of a response", async () => {
    await using server = await subject.serve(() => reply(WHOLE));
    const ask = subject.structuredCall(subject.models[0], { ...common(server), jsonMode: true }, () => "Extract");
    expect((await ask()).content).toBe(WHOLE);
    const parse = ({ content }: { readonly content: string }): unknown => JSON.parse(content);
    expect(await ask.with({ outputParser: parse })()).toEqual(Mistborn);
    const broken = new Error("no");
    const refuse = (): never => {
      throw broken;
    };
    expect(await failure(ask.with({ outputParser: refuse })())).toBe(broken);
  });

  it("tells the model no more than the first of many problems", async () => {
    const wrong = JSON.stringify({ books: Array.from({ length: 500 }, () => "x") });
    for (const message of ["no number", "x".repeat(200)]) {
      await using server = await subject.serve(inTurn(reply(wrong), reply('{"books":[1]}')));
      const responseModel = z.object({ books: z.array(z.number({ error: message })) });
      const options = { ...common(server), responseModel, validationRetries: 1 };
      expect(await subject.structuredCall(subject.models[0], options, () => "Extract")()).toEqual({ books: [1] });
      const [complaint = ""] = /Your reply does not fit:.*Reply again/.exec(JSON.stringify(server.requests[1])) ?? [];
      expect(complaint).toContain("There are 500 problems.");
      const told = complaint.match(/- books\.\d+: /g)?.length;
      if (message === "no number") expect(told).toBe(20);
      expect(complaint.length).toBeLessThan(4_200);
    }
  });

  describe("a validation that does not end", () => {
    const ping = tool({ name: "ping", call: () => "pong" });
    const endless = (server: Server, options: Omit<Options, "tools" | "toolChoice" | "stream"> = {}) => {
      const begun = gate();
      const responseModel = Book.refine(() => {
        begun.open();
        return new Promise<never>(() => {});
      });
      const all = { ...common(server), ...options, tools: [ping], responseModel };
      return { ask: subject.structuredCall(subject.models[0], all, () => "Extract"), begun: begun.opened };
    };
    type Ask = ReturnType<typeof endless>["ask"];
    interface Parsing {
      parse(): Promise<unknown>;
      abort?(reason: unknown): void;
    }
    const kinds: readonly (readonly [kind: string, start: (ask: Ask) => Parsing | Promise<Parsing>])[] = [
      ["a response", (ask) => ask()],
      ["a stream", (ask) => ask.with({ stream: true })()],
      [
        "a stream that was read",
        async (ask) => {
          const stream = ask.with({ stream: true })();
          await stream.response();
          return stream;
        },
      ],
      ["a run of an agent", (ask) => agent(ask)()],
    ];

    it.each(kinds)("is held to the time limit (%s)", async (_, start) => {
      await using server = await subject.serve(() => reply(WHOLE));
      const { ask } = endless(server, { timeout: { total: 150 } });
      const reading = await start(ask);
      expect(await failure(reading.parse())).toMatchObject({ code: "timeout", limit: "total", limitMs: 150 });
    });

    it.each(kinds)("is ended by the signal, and by abort() (%s)", async (_, start) => {
      await using server = await subject.serve(() => reply(WHOLE));
      const { signal, abort } = aborter();
      const first = endless(server, { signal });
      const parsed = failure((await start(first.ask)).parse());
      await first.begun;
      abort("enough");
      expect(await parsed).toMatchObject({ code: "stream_aborted", cause: "enough" });
      expect(getEventListeners(signal, "abort")).toEqual([]);
      const second = endless(server);
      const reading = await start(second.ask);
      if (!reading.abort) return;
      const stopped = failure(reading.parse());
      await second.begun;
      reading.abort("enough");
      expect(await stopped).toMatchObject({ code: "stream_aborted", cause: "enough" });
    });

    it("is ended by the signal of an agent", async () => {
      await using server = await subject.serve(() => reply(WHOLE));
      const { signal, abort } = aborter();
      const { ask, begun } = endless(server);
      const parsed = failure(agent(ask, { signal })().parse());
      await begun;
      abort("enough");
      expect(await parsed).toMatchObject({ code: "stream_aborted", cause: "enough" });
      expect(getEventListeners(signal, "abort")).toEqual([]);
    });
  });
});

function aborter(): { readonly signal: AbortSignal; abort(reason: unknown): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
