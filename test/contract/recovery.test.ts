import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { type MillraceError, StreamAbortedError } from "../../src/errors.ts";
import { tool } from "../../src/tool/tool.ts";
import {
  all,
  beats,
  expectHandledRejections,
  failure,
  gate,
  inTurn,
  open,
  type Options,
  read,
  reply,
} from "./reading.ts";
import type { Beat, Script, ServedRequest } from "./subject.ts";
import { recoverable } from "./subjects.ts";

expectHandledRejections();

const TEXTS = ["It was a bright cold day in April, ", "and the clocks ", "were striking thirteen. ", "Winston Smith"];
const FULL = TEXTS.join("");
const PARTS: readonly Beat[] = TEXTS.map((text) => ({ text }));
const OTHER = reply("Hello ", "there");

describe.each(recoverable)("recovery ($name)", (subject) => {
  const { traits, models } = subject;
  const started: Beat[] = traits.starts ? [{ start: true }] : [];
  const modelsOf = (stream: { readonly attempts: readonly { readonly model: string }[] }): string[] =>
    stream.attempts.map(({ model }) => model);

  describe("retry: before the first content", () => {
    it.each<[string, Script]>([
      ["no response", { status: 0 }],
      ["a reset", beats({ end: "reset" })],
      ["a reset after the start", beats(...started, { end: "reset" })],
      ["a body that ends", beats(...started, { end: "clean" })],
      ["an error", beats({ error: "Busy", retryable: true })],
      ["an error after the start", beats(...started, { error: "Busy", retryable: true })],
      ["an event that cannot be read", beats({ malformed: true })],
      ...[408, 409, 429, 500, 502, 503].map((status): [string, Script] => [`${status}`, { status }]),
    ])("%s leaves no trace", async (_, fault) => {
      await using server = await subject.serve(inTurn(fault, fault, OTHER));
      const stream = open(subject, server);
      const { pairs, text, error } = await read(stream);
      expect([error, text, stream.outcome]).toEqual([null, "Hello there", "complete"]);
      expect(pairs.every(([{ recovery, chunk }]) => recovery === null && chunk !== null)).toBe(true);
      expect(stream.attempts.map(({ outcome }) => outcome === "complete")).toEqual([false, false, true]);
      expect(stream.attempts.map((attempt) => attempt.error === null)).toEqual([false, false, true]);
      expect(stream.requestId).toBe(server.requests[2]?.id);
      expect(server.requests[2]?.body).toEqual(server.requests[0]?.body);
    });

    it.each<[string, Script]>([
      ...[400, 401, 403, 404, 413].map((status): [string, Script] => [`${status}`, { status }]),
      ["an error that stays", beats({ error: "Never", retryable: false })],
      ["a wait that is too long", { status: 429, retryAfterMs: 86_400_000 }],
    ])("%s is final", async (_, fault) => {
      await using server = await subject.serve(inTurn(fault, OTHER));
      const stream = open(subject, server);
      expect((await read(stream)).error).toMatchObject({ code: "api_error" });
      expect([server.requests.length, stream.attempts.length, stream.outcome]).toEqual([1, 1, "failed"]);
    });

    it("makes as many requests as were allowed; three if nothing was said; one with false", async () => {
      await using server = await subject.serve(() => ({ status: 500 }));
      for (const [retry, requests] of [
        [{ attempts: 4, delay: 1 }, 4],
        [{ delay: 1 }, 3],
        [{ delay: 1, attempts: undefined }, 3],
        [{ attempts: 1 }, 1],
        [false, 1],
      ] as const) {
        const before = server.requests.length;
        const stream = open(subject, server, { retry });
        await failure(stream.response());
        expect([server.requests.length - before, stream.attempts.length]).toEqual([requests, requests]);
      }
    });

    it("waits as long as the provider asks for", async () => {
      await using server = await subject.serve(inTurn({ status: 429, retryAfterMs: 150 }, OTHER));
      const start = performance.now();
      await open(subject, server).response();
      expect(performance.now() - start).toBeGreaterThan(145);
      await using again = await subject.serve(inTurn({ status: 429, retryAfterMs: 150 }, OTHER));
      const stream = open(subject, again, { retry: { delay: 1, maxRetryAfter: 100 } });
      expect(await failure(stream.response())).toMatchObject({ status: 429, retryAfterMs: 150 });
      expect(again.requests).toHaveLength(1);
    });

    it("runs the prompt function once, and applies to calls that are not streamed", async () => {
      await using server = await subject.serve(inTurn({ status: 0 }, beats({ end: "reset" }), OTHER));
      const fn = vi.fn(() => "Hello");
      const answer = await subject.call(models[0], { client: subject.client(server.url), retry: { delay: 1 } }, fn)();
      expect([answer.content, answer.attempts.length, fn.mock.calls.length]).toEqual(["Hello there", 3, 1]);
    });
  });

  describe("restart: after it", () => {
    it("gives the text once for a fault at every place", async () => {
      const faults = PARTS.flatMap((_, place): Script[] => [
        beats(...PARTS.slice(0, place + 1), { end: "reset" }),
        beats(...PARTS.slice(0, place + 1), { end: "clean" }),
        beats(...PARTS.slice(0, place + 1), { error: "Busy", retryable: true }),
        beats(...PARTS.slice(0, place + 1), { malformed: true }),
      ]);
      await using server = await subject.serve(({ index }) => (index % 2 === 0 ? faults[index / 2] : OTHER) ?? OTHER);
      for (const _ of faults) {
        const stream = open(subject, server, { onInterrupt: "restart" });
        const { pairs, text, error } = await read(stream);
        expect([error, text, stream.content]).toEqual([null, "Hello there", "Hello there"]);
        expect(pairs.filter(([{ recovery }]) => recovery?.type === "restart")).toHaveLength(1);
        expect([stream.attempts.length, stream.constructCallResponse().content]).toEqual([2, text]);
      }
    });

    it("makes no more requests than retry allows, and three if that is false", async () => {
      await using server = await subject.serve(() => beats({ text: "Hi" }, { end: "reset" }));
      for (const [retry, requests] of [
        [{ attempts: 2, delay: 1 }, 2],
        [{ delay: 1 }, 3],
        [false, 3],
      ] as const) {
        const before = server.requests.length;
        const stream = open(subject, server, { retry, onInterrupt: "restart" });
        const { pairs, error } = await read(stream);
        expect(error).toMatchObject({ code: "stream_truncated" });
        expect(pairs.filter(([{ recovery }]) => recovery !== null)).toHaveLength(requests - 1);
        expect([server.requests.length - before, stream.outcome, stream.content]).toEqual([
          requests,
          "truncated",
          "Hi",
        ]);
      }
    });

    it("does not happen after an error that stays, or without being asked for", async () => {
      await using server = await subject.serve(() => beats({ text: "Hi" }, { error: "Never", retryable: false }));
      expect((await read(open(subject, server, { onInterrupt: "restart" }))).error).toMatchObject({ retryable: false });
      expect(server.requests).toHaveLength(1);
      await using cut = await subject.serve(() => beats({ text: "Hi" }, { end: "reset" }));
      await read(open(subject, cut));
      expect(cut.requests).toHaveLength(1);
    });

    it("does not happen to text that is given alone, or to elements", async () => {
      const cut = beats({ text: '{"value":["one","tw' }, { end: "reset" });
      await using server = await subject.serve(inTurn(cut, reply('{"value":["one"]}')));
      const stream = open(subject, server, { onInterrupt: "restart" });
      expect(await failure(all(stream.textStream()))).toMatchObject({ code: "stream_truncated" });
      expect(server.requests).toHaveLength(1);
      await using again = await subject.serve(inTurn(cut, reply('{"value":["one"]}')));
      const list = openList(again.url, { onInterrupt: "restart" });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const element of list.elements()) seen.push(element);
      })();
      expect(await failure(reading)).toMatchObject({ code: "stream_truncated" });
      expect([seen, again.requests.length]).toEqual([["one"], 1]);
    });

    it("gives a structured iteration no undefined, and a refused elements() does not stop it", async () => {
      const cut = beats({ text: '{"value":["one","tw' }, { end: "reset" });
      const more = gate();
      const whole = beats(
        { text: "Sure: " },
        { wait: more.opened },
        { text: '{"value":["two",' },
        { text: '"three"]}' },
        { finish: "stop" },
      );
      await using server = await subject.serve(inTurn(cut, whole));
      const list = openList(server.url, { onInterrupt: "restart" });
      const seen: unknown[] = [];
      for await (const partial of list) {
        expect(() => list.elements()).toThrow();
        seen.push(partial);
        more.open();
      }
      expect(seen).not.toContain(undefined);
      expect(seen[0]).toEqual(["one", "tw"]);
      expect([seen.at(-1), list.constructedResponseModel]).toEqual([
        ["two", "three"],
        ["two", "three"],
      ]);
    });

    const openList = (url: string, options: Pick<Options, "onInterrupt">) =>
      subject.structuredCall(
        models[0],
        {
          client: subject.client(url),
          retry: { delay: 1 },
          responseModel: z.array(z.string()),
          ...options,
          stream: true,
        },
        () => "Hello",
      )();

    it("does not happen once a complete tool was handed out, but to a stream that is drained", async () => {
      const now = tool({ name: "now", call: () => "12:00" });
      // The second one says that the first is complete, wherever nothing else does.
      const cut = beats(
        { tool: "now", input: "{}" },
        { text: "Hm." },
        { tool: "later", input: "{}" },
        { end: "reset" },
      );
      await using server = await subject.serve(inTurn(cut, OTHER));
      const stream = open(subject, server, { onInterrupt: "restart", tools: [now] });
      const { pairs, error } = await read(stream);
      expect(pairs.filter(([, called]) => called !== null)).toHaveLength(1);
      expect([error, server.requests.length]).toEqual([stream.error, 1]);
      await using again = await subject.serve(inTurn(cut, OTHER));
      const drained = open(subject, again, { onInterrupt: "restart", tools: [now] });
      expect((await drained.response()).content).toBe("Hello there");
      expect([drained.tools, again.requests.length]).toEqual([[], 2]);
    });
  });

  describe("continue: after it", () => {
    /** Answers with the rest, in pieces. */
    const rest = (text: string): Script => reply(...(text.match(/.{1,7}/gs) ?? []));

    it("gives the text once for a fault at every place", async () => {
      for (const [place] of PARTS.entries()) {
        const shown = TEXTS.slice(0, place + 1).join("");
        const answer = traits.resumesExactly ? beats(...PARTS, { finish: "stop" }) : rest(FULL.slice(shown.length));
        await using server = await subject.serve(inTurn(beats(...PARTS.slice(0, place + 1), { end: "reset" }), answer));
        const stream = open(subject, server, { onInterrupt: "continue" });
        const { pairs, text, error } = await read(stream);
        expect([error, text, stream.content]).toEqual([null, FULL, FULL]);
        expect(pairs.filter(([{ recovery }]) => recovery?.type === "continue")).toHaveLength(1);
        expect(stream.constructCallResponse().content).toBe(FULL);
        expect([stream.messages.length, stream.finishReasons.length]).toEqual([1, 1]);
      }
    });

    it.runIf(!traits.resumesExactly)(
      "drops an exact repetition of 16 characters or more, and nothing shorter",
      async () => {
        const shown = FULL.slice(0, 50);
        for (const [overlap, expected] of [
          [16, FULL],
          [50, FULL],
          [15, shown + FULL.slice(35)],
        ] as const) {
          for (const size of [1, 5, 100]) {
            const texts = FULL.slice(50 - overlap).match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
            await using server = await subject.serve(
              inTurn(beats(...PARTS.slice(0, 2), { end: "reset" }), reply(...texts)),
            );
            const stream = open(subject, server, { onInterrupt: "continue" });
            const { text } = await read(stream);
            expect([overlap, size, text, stream.content]).toEqual([overlap, size, expected, expected]);
          }
        }
      },
    );

    it.runIf(!traits.resumesExactly)("asks in the words that are given", async () => {
      await using server = await subject.serve(
        inTurn(beats(...PARTS.slice(0, 2), { end: "reset" }), rest(FULL.slice(50))),
      );
      const stream = open(subject, server, { onInterrupt: { continueWith: "Carry on." } });
      expect((await stream.response()).content).toBe(FULL);
      expect(JSON.stringify(server.requests[1]?.body)).toContain("Carry on.");
    });

    it("goes on more than once, and with another model", async () => {
      const first = beats(...PARTS.slice(0, 1), { end: "reset" });
      const second = traits.resumesExactly
        ? beats(...PARTS.slice(0, 2), { end: "reset" })
        : beats(...PARTS.slice(1, 2), { end: "reset" });
      const third = traits.resumesExactly ? beats(...PARTS, { finish: "stop" }) : rest(FULL.slice(50));
      await using server = await subject.serve(inTurn(first, second, third));
      const stream = open(subject, server, { onInterrupt: "continue" });
      const { text, pairs } = await read(stream);
      expect([text, stream.content]).toEqual([FULL, FULL]);
      expect(pairs.filter(([{ recovery }]) => recovery !== null)).toHaveLength(2);
      expect(stream.attempts.map(({ outcome }) => outcome)).toEqual(["truncated", "truncated", "complete"]);
      if (!traits.continuesInWords) return;
      await using other = await subject.serve(inTurn(first, rest(FULL.slice(35))));
      const options = { retry: { attempts: 1 }, fallback: models[1], onInterrupt: "continue" } as const;
      const switched = open(subject, other, options);
      expect((await read(switched)).text).toBe(FULL);
      expect(modelsOf(switched)).toEqual([...models]);
    });

    it("does not happen once a tool was asked for, or the reply was refused", async () => {
      if (traits.resumesExactly) return;
      await using server = await subject.serve(() => beats({ tool: "now", input: "{}" }, { end: "reset" }));
      expect((await read(open(subject, server, { onInterrupt: "continue" }))).error).toMatchObject({
        code: "stream_truncated",
      });
      expect(server.requests).toHaveLength(1);
      if (traits.endsWithSign) return;
      await using refusing = await subject.serve(() =>
        beats({ text: "Hm" }, { finish: "content_filter" }, { error: "Busy", retryable: true }),
      );
      const refused = open(subject, refusing, { onInterrupt: "continue" });
      expect((await read(refused)).error).toMatchObject({ code: "api_error" });
      expect([refusing.requests.length, refused.content]).toEqual([1, "Hm"]);
    });

    it("keeps what was shown if no further request succeeds", async () => {
      await using server = await subject.serve(inTurn(beats(...PARTS.slice(0, 2), { end: "reset" }), { status: 500 }));
      const stream = open(subject, server, { onInterrupt: "continue" });
      const { text, pairs, error } = await read(stream);
      expect([text, stream.content, pairs.some(([{ recovery }]) => recovery !== null)]).toEqual([
        FULL.slice(0, 50),
        FULL.slice(0, 50),
        false,
      ]);
      expect(error).toMatchObject({ status: 500, partial: { content: text } });
    });
  });

  describe("fallback", () => {
    const [first, second] = models;
    const askedFor = ({ path, body }: ServedRequest, model: string): boolean =>
      JSON.stringify([path, body]).includes(model);

    it("asks other models, in order, once the requests to the one before have failed", async () => {
      await using server = await subject.serve((request) => (askedFor(request, second) ? OTHER : { status: 503 }));
      const stream = open(subject, server, { retry: { attempts: 2, delay: 1 }, fallback: second });
      expect((await stream.response()).content).toBe("Hello there");
      expect(modelsOf(stream)).toEqual([first, first, second]);
      expect(stream.requestId).toBe(server.requests[2]?.id);
    });

    it("ends, though a model is in the list more than once, or the same object", async () => {
      await using server = await subject.serve(() => ({ status: 503 }));
      const target = { model: second };
      for (const [fallback, expected] of [
        [
          [second, first, second],
          [first, second, first, second],
        ],
        [
          [target, target],
          [first, second, second],
        ],
        [[first], [first, first]],
        [[], [first]],
      ] as const) {
        const stream = open(subject, server, { retry: { attempts: 1 }, fallback });
        expect(await failure(stream.response())).toMatchObject({ status: 503 });
        expect(modelsOf(stream)).toEqual(expected);
      }
      const twice = open(subject, server, { retry: { attempts: 2, delay: 1 }, fallback: [second, first] });
      await failure(twice.response());
      expect(modelsOf(twice)).toEqual([first, first, second, second, first, first]);
    });

    it("asks the next at once if a model does not exist, and not for a request that is wrong", async () => {
      await using server = await subject.serve(inTurn({ status: 404 }, OTHER));
      expect((await open(subject, server, { fallback: second }).response()).content).toBe("Hello there");
      await using other = await subject.serve(inTurn({ status: 400 }, OTHER));
      const stream = open(subject, other, { fallback: second });
      expect(await failure(stream.response())).toMatchObject({ status: 400 });
      expect(other.requests).toHaveLength(1);
    });

    it("has its own client, and says when it is asked", async () => {
      await using server = await subject.serve(() => ({ status: 400, message: "No." }));
      await using other = await subject.serve(() => OTHER);
      const own = subject.client(other.url, { secret: "other-secret" });
      const seen: MillraceError[] = [];
      const when = (error: MillraceError): boolean => (seen.push(error), true);
      const stream = open(subject, server, { fallback: [{ model: second, client: own, when }] });
      expect((await stream.response()).content).toBe("Hello there");
      expect(seen).toEqual([stream.attempts[0]?.error]);
      expect(seen[0]).toMatchObject({ status: 400 });
      expect(JSON.stringify(other.requests[0]?.headers).includes("other-secret")).toBe(traits.sendsSecret);
      expect(JSON.stringify(server.requests.map(({ headers }) => headers))).not.toContain("other-secret");
      // One that does not want to be asked is passed over.
      const passed = open(subject, server, {
        fallback: [
          { model: first, when: () => false },
          { model: second, client: own, when },
        ],
      });
      expect((await passed.response()).content).toBe("Hello there");
      expect(modelsOf(passed)).toEqual([first, second]);
      const none = open(subject, server, { fallback: [{ model: second, client: own, when: () => false }] });
      expect(await failure(none.response())).toMatchObject({ status: 400 });
    });

    it("asks each model once if requests are not to be repeated", async () => {
      await using server = await subject.serve((request) => (askedFor(request, second) ? OTHER : { status: 500 }));
      const stream = open(subject, server, { retry: false, fallback: second });
      expect((await stream.response()).content).toBe("Hello there");
      expect(modelsOf(stream)).toEqual([first, second]);
    });

    it("ends the call with what its condition throws", async () => {
      await using server = await subject.serve(() => ({ status: 400, message: "No." }));
      const broken = new Error("It cannot decide.");
      const when = (): boolean => {
        throw broken;
      };
      const stream = open(subject, server, { fallback: [{ model: second, when }] });
      expect(await failure(stream.response())).toMatchObject({ cause: broken });
      expect([stream.outcome, stream.attempts[0]?.error?.status]).toEqual(["failed", 400]);
    });

    it("is not asked once the call was aborted, by its own condition even", async () => {
      await using server = await subject.serve(() => ({ status: 400, message: "No." }));
      const stream = open(subject, server, {
        fallback: [{ model: second, when: () => (stream.abort("enough"), true) }],
      });
      expect(await failure(stream.response())).toBeInstanceOf(StreamAbortedError);
      expect([stream.outcome, server.requests.length]).toEqual(["aborted", 1]);
    });

    it("comes in after content if a reply may be recovered, and else does not", async () => {
      const cut = beats({ text: "Hi" }, { end: "reset" });
      await using server = await subject.serve((request) => (askedFor(request, second) ? OTHER : cut));
      const options = { retry: { attempts: 1 }, fallback: second } as const;
      const stream = open(subject, server, { ...options, onInterrupt: "restart" });
      expect(await read(stream)).toMatchObject({ text: "Hello there", error: null });
      expect(modelsOf(stream)).toEqual([first, second]);
      const cutOff = open(subject, server, options);
      expect(await read(cutOff)).toMatchObject({ text: "Hi", error: { code: "stream_truncated" } });
    });
  });
});
