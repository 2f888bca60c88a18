import { describe, expect, it } from "vitest";
import * as z from "zod";
import { InvalidOptionError, StreamNotStartedError } from "../../src/errors.ts";
import { user } from "../../src/index.ts";
import { tool } from "../../src/tool/tool.ts";
import { endingsOf, readTo } from "./endings.ts";
import { type AnyStream, beats, expectHandledRejections, inTurn, open, quiet, read, reply } from "./reading.ts";
import type { Beat, Server } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

const lookUp = tool({
  name: "look_up",
  input: z.object({ title: z.string() }),
  call: ({ title }) => `about ${title}`,
});
const tools = [lookUp] as const;

describe.each(subjects)("S10: history is always acceptable ($name)", (subject) => {
  const { traits } = subject;
  const thinking: Beat[] = traits.thinking ? [{ thinking: "Let me see." }] : [];
  const whole: Beat = { tool: "look_up", input: '{"title":"Mistborn"}' };

  const replies: readonly (readonly [name: string, Beat[]])[] = [
    ["nothing", []],
    ["text", [{ text: "Hi " }, { text: "there" }]],
    ["white space", [{ text: "\n\n" }]],
    ["thinking", thinking],
    ["thinking, then text", [...thinking, { text: "Hi" }]],
    ["a tool", [{ text: "Hm." }, whole]],
    ["tools", [...thinking, whole, { tool: "look_up", input: '{"title":"Elantris"}', pieces: 3 }]],
    ["a tool without input", [{ text: "Hm." }, { tool: "look_up", input: "" }]],
    ["a tool whose input does not fit", [{ tool: "look_up", input: '{"title":7}' }]],
    ["a tool whose input is a list", [{ tool: "look_up", input: "[1]" }]],
    ["a tool whose input is not JSON", [{ tool: "look_up", input: '{"title": Mist}' }, { text: "Hm." }]],
    ["a tool that was cut", [{ text: "Hm." }, { tool: "look_up", input: '{"title":"Mist', isCut: true }]],
    ["a tool, and one that was cut", [whole, { tool: "look_up", input: "", isCut: true }]],
    ["a tool that nobody declared", [{ tool: "look_down", input: '{"title":"Mistborn"}' }]],
  ];

  /** The conversation goes on: the server says what it thinks of that. */
  async function expectAccepted(server: Server, items: readonly unknown[]): Promise<void> {
    const next = open(subject, server, { tools, retry: false }, () => [...items, user("Go on, please.")]);
    expect((await next.response()).content).toBe("Going on.");
    expect(subject.problems(next.callKwargs)).toEqual([]);
    expect(next.messages.slice(0, items.length)).toEqual(items);
  }

  /** Answers with one of the replies, by its place in the prompt, and goes on with a conversation. */
  const serve = (...ending: readonly Beat[]) =>
    subject.serve(({ body }) => {
      const prompt = JSON.stringify(body);
      if (prompt.includes("Go on, please.")) return reply("Going on.");
      const [, parts = []] = replies[Number(/Reply (\d+)/.exec(prompt)?.[1])] ?? [];
      return beats(...parts, ...ending);
    });

  const outputsOf = (stream: AnyStream, output: unknown) =>
    stream.tools.flatMap((called) => (called.state === "complete" ? [[called, output] as const] : []));

  it("has a form that belongs to no provider", async () => {
    await using server = await subject.serve(() =>
      beats(...thinking, { text: "Hm." }, whole, { finish: "tool_calls" }),
    );
    const stream = open(subject, server, { tools }, () => "The prompt");
    await stream.response();
    const called = { type: "toolCall", id: stream.tools[0]?.id, name: "look_up", args: { title: "Mistborn" } };
    const { role, content } = stream.commonMessageParam ?? {};
    const parts = [content ?? []].flat().filter((part) => typeof part === "object" && part.type !== "native");
    expect([role, parts]).toEqual(["assistant", [{ type: "text", text: "Hm." }, called]]);
    expect(stream.commonTools).toEqual([called]);
    expect(JSON.stringify(stream.commonMessages)).toMatch(/^\[\{"role":"user","content":.*The prompt/);
    expect([stream.commonUserMessageParam]).toEqual(stream.commonMessages);
  });

  it.each(endingsOf(subject))("after $name", async (ending) => {
    await using server = await serve(...ending.beats);
    await Promise.all(
      replies.map(async ([name], place) => {
        const { stream } = await readTo(ending, subject, server, { tools }, () => `Reply ${place}`);
        expect([name, stream.outcome]).toEqual([name, ending.outcome]);
        const { messages, messageParam, content } = stream;
        const history = stream.history();
        expect(history.slice(0, messages.length)).toEqual(messages);
        expect([name, history.length > messages.length]).toEqual([name, messageParam !== null]);
        if (content.trim() !== "") expect(JSON.stringify(history)).toContain(content);
        await expectAccepted(server, history);
        for (const output of [{ pages: 541 }, new Error("No such book.")]) {
          const outputs = outputsOf(stream, output);
          if (outputs.length > 0) await expectAccepted(server, stream.history(outputs));
        }
      }),
    );
  });

  it.each(["length", "content_filter", "context_exceeded", "tool_calls"] as const)(
    "after the end %s",
    async (finish) => {
      await using server = await serve({ finish });
      await Promise.all(
        replies.map(async ([name], place) => {
          const stream = open(subject, server, { tools }, () => `Reply ${place}`);
          await read(stream);
          expect([name, stream.outcome]).toEqual([name, "complete"]);
          if (finish === "content_filter") {
            expect([stream.messageParam, stream.history()]).toEqual([null, stream.messages]);
          }
          await expectAccepted(server, stream.history());
          const outputs = outputsOf(stream, "done");
          if (outputs.length > 0) await expectAccepted(server, stream.history(outputs));
        }),
      );
    },
  );

  it("halves of characters are U+FFFD in what is sent, wherever they come from", async () => {
    const input = JSON.stringify({ title: "Mist \ud83d" });
    await using server = await subject.serve(
      inTurn(beats({ text: "Hm \ud83d" }, { tool: "look_up", input }, { finish: "tool_calls" }), reply("Going on.")),
    );
    const stream = open(subject, server, { tools }, () => [user("Cut \ud83d"), user(["Cut", "\udc00 too"])]);
    await read(stream);
    for (const output of ["log \ud83d", { ["key \udc00"]: ["\ud83d"] }, new Error("cut \ud83d")]) {
      await expectAccepted(server, stream.history(outputsOf(stream, output)));
    }
    // The server takes no others: see its problems().
    expect(server.requests).toHaveLength(4);
    const sent = JSON.stringify(server.requests.map(({ body }) => body));
    for (const text of ["Cut \ufffd", "\ufffd too", "Hm \ufffd", "Mist \ufffd", "log \ufffd"])
      expect(sent).toContain(text);
  });

  it("is not known, rather than empty, if the call has failed before there was a request", async () => {
    await using server = await subject.serve(() => reply("Hello."));
    const failing: readonly (readonly [Parameters<typeof open>[2], () => unknown])[] = [
      [{ toolChoice: "any" }, () => "Hello"],
      [{}, () => ""],
      [{}, () => [{ role: "user", content: [{ type: "audio", data: "aGk=", mediaType: "audio/ogg" }] }]],
      [
        {},
        () => {
          throw new Error("no");
        },
      ],
    ];
    for (const [options, prompt] of failing) {
      const stream = open(subject, server, options, prompt);
      expect(() => stream.history()).toThrow(StreamNotStartedError);
      const { error } = await read(stream);
      expect([error === stream.error, stream.outcome, stream.hasRequest]).toEqual([true, "failed", false]);
      expect(() => stream.history()).toThrow(StreamNotStartedError);
      expect(() => stream.commonHistory()).toThrow(StreamNotStartedError);
    }
    expect(server.requests).toHaveLength(0);
  });

  it("answers every call: with its output, or why there is none", async () => {
    const titles = ["Mistborn", "Elantris", "Warbreaker"];
    const calls = titles.map((title): Beat => ({ tool: "look_up", input: JSON.stringify({ title }) }));
    const invalid: Beat = { tool: "look_up", input: '{"title":7}' };
    await using server = await subject.serve(
      inTurn(beats(...calls, invalid, { finish: "tool_calls" }), reply("Going on.")),
    );
    const stream = open(subject, server, { tools });
    await read(stream);
    const [first, second, third, fourth] = stream.tools;
    if (first === undefined || second === undefined) return expect.unreachable();
    const history = stream.history([
      [second, new Error("No such book.")],
      [first, { answer: 42 }],
    ]);
    const told = JSON.stringify(history.slice(stream.messages.length));
    expect([third?.state, fourth?.state]).toEqual(["complete", "invalid"]);
    for (const words of ['"answer\\":42', "No such book.", "was not run", "title"]) expect(told).toContain(words);
    // What an error says is told, and never where it was thrown.
    expect(told).not.toContain("history.test");
    await expectAccepted(server, history);
    const results = stream.toolMessageParams([[first, "one"]]);
    expect(JSON.stringify(results)).toContain("one");
    expect(stream.toolMessageParams([])).toEqual([]);
    const foreign = { ...first, toolCall: {} } as typeof first;
    expect(() => stream.history([[foreign, "done"]])).toThrow(InvalidOptionError);
  });

  it("has the whole text once after a recovery", async () => {
    for (const onInterrupt of ["restart", "continue"] as const) {
      const first = beats({ text: "It was a bright cold day in April, " }, { end: "reset" });
      const rest = "and the clocks were striking thirteen.";
      const isWhole = onInterrupt === "restart" || traits.resumesExactly;
      const second = reply(...(isWhole ? ["It was a bright cold day in April, "] : []), rest);
      await using server = await subject.serve(inTurn(first, second, reply("Going on.")));
      const stream = open(subject, server, { onInterrupt });
      await read(stream);
      const told = JSON.stringify(stream.history().slice(1));
      expect(told.split("bright cold day")).toHaveLength(2);
      expect(told.split("striking thirteen")).toHaveLength(2);
      expect(stream.messages).toHaveLength(1);
      await expectAccepted(server, stream.history());
    }
  });

  it("is what was asked if nothing came", async () => {
    await using server = await subject.serve(inTurn({ status: 400 }, reply("Going on.")));
    const stream = open(subject, server);
    await read(stream);
    expect([stream.history(), stream.messageParam]).toEqual([stream.messages, null]);
    await expectAccepted(server, stream.history());
    const aborted = open(subject, server);
    const response = aborted.response();
    while (!aborted.hasRequest) await quiet(1);
    aborted.abort();
    await Promise.allSettled([response]);
    expect(aborted.history()).toEqual(aborted.messages);
  });
});
