import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { agent, InvalidOptionError, tool, toolkit } from "../../src/index.ts";
import { call, client, limiter } from "../../src/providers/anthropic/index.ts";
import { call as structured } from "../../src/providers/anthropic/structured.ts";
import { SchemaError } from "../../src/schema/schema-error.ts";

const MODEL = "claude-sonnet-5-5";
const ping = tool({ name: "ping", call: () => "pong" });
const tools = toolkit("library", () => [ping]);
// As a program in plain JavaScript would: the types refuse all of these.
const plain = (options: object) => () => call(MODEL, options as never, () => "Hello");
const modelled = (options: object) => () => structured(MODEL, options as never, () => "Hello");
const repeated = (options: object) => () =>
  agent(
    call(MODEL, () => "Hello"),
    options as never,
  );
const define = (definition: object) => () => tool(definition as never);

const fromOtherLibraries = 'there is no such option. Use call from "millrace/anthropic/structured".';

describe("a mistake in the options is told where it is made", () => {
  it.each<[mistake: string, make: () => unknown, message: string]>([
    // Names.
    ["a misspelt option", plain({ timeOut: {} }), "Invalid timeOut: there is no such option. Did you mean timeout?"],
    ["one letter too few", plain({ strem: true }), "Invalid strem: there is no such option. Did you mean stream?"],
    [
      "another case",
      plain({ tool_choice: "any" }),
      "Invalid tool_choice: there is no such option. Did you mean toolChoice?",
    ],
    [
      "a name of the OpenAI SDK",
      plain({ maxRetries: 2 }),
      "Invalid maxRetries: there is no such option. Use retry: { attempts }.",
    ],
    ["a name of the AI SDK", plain({ abortSignal: null }), "Invalid abortSignal: there is no such option. Use signal."],
    [
      "a parameter of the wire",
      plain({ max_tokens: 5 }),
      "Invalid max_tokens: there is no such option. Use params: { maxTokens }.",
    ],
    ["a key", plain({ apiKey: "sk" }), "Invalid apiKey: there is no such option. Use client: client({ apiKey })."],
    [
      "the system prompt",
      plain({ system: "x" }),
      'Invalid system: there is no such option. Use the prompt function: it returns { role: "system", content }.',
    ],
    [
      "a response model on the plain entry",
      plain({ responseModel: z.object({}) }),
      `Invalid responseModel: ${fromOtherLibraries}`,
    ],
    ["jsonMode on the plain entry", plain({ jsonMode: true }), `Invalid jsonMode: ${fromOtherLibraries}`],
    [
      "an option like no other",
      plain({ zzz: 1 }),
      "Invalid zzz: there is no such option. Use one of stream, tools, toolChoice, params, callParams, client, signal, timeout, limit, retry, onInterrupt, fallback, budget, limiter, metadata, prices, outputParser.",
    ],
    [
      "a misspelt limit",
      plain({ timeout: { idel: 5 } }),
      "Invalid timeout.idel: there is no such option. Did you mean idle?",
    ],
    [
      "a limit of another library",
      plain({ timeout: { read: 5 } }),
      "Invalid timeout.read: there is no such option. Use one of connect, firstContent, idle, total.",
    ],
    [
      "a misspelt retry",
      plain({ retry: { attempt: 5 } }),
      "Invalid retry.attempt: there is no such option. Did you mean attempts?",
    ],
    [
      "a misspelt budget",
      plain({ budget: { costs: 5 } }),
      "Invalid budget.costs: there is no such option. Did you mean cost?",
    ],
    [
      "a misspelt fallback",
      plain({ fallback: [{ model: MODEL, clinet: 1 }] }),
      "Invalid fallback.clinet: there is no such option. Did you mean client?",
    ],
    [
      "a misspelt stream option",
      plain({ stream: { partialTool: true } }),
      "Invalid stream.partialTool: there is no such option. Did you mean partialTools?",
    ],
    [
      "a misspelt override",
      () => call(MODEL, () => "x").with({ sinal: 1 } as never),
      "Invalid sinal: there is no such option. Did you mean signal?",
    ],
    // Values.
    [
      "a timeout in milliseconds",
      plain({ timeout: 5000 }),
      "Invalid timeout: it must be an object such as { total: 60_000 }, in milliseconds, not 5000.",
    ],
    [
      "a number of retries",
      plain({ retry: 3 }),
      "Invalid retry: it must be false or an object such as { attempts: 3 }, not 3.",
    ],
    [
      "retry: true",
      plain({ retry: true }),
      "Invalid retry: it must be false or an object such as { attempts: 3 }, not true.",
    ],
    [
      "a recovery of another name",
      plain({ onInterrupt: "resume" }),
      'Invalid onInterrupt: it must be "fail", "restart", "continue" or { continueWith }, not "resume".',
    ],
    [
      "stream as a word",
      plain({ stream: "yes" }),
      'Invalid stream: it must be true, false or { partialTools }, not "yes".',
    ],
    ["tools as an object", plain({ tools: { ping } }), "Invalid tools: it must be a list of tools, not an object."],
    ["a tool's name for the tool", plain({ tools: ["ping"] }), 'Invalid tools.0: it must be an object, not "ping".'],
    ["a tool twice", plain({ tools: [ping, ping] }), 'Invalid tools: two of them are named "ping".'],
    [
      "a namespace twice",
      plain({ tools: [...tools(), ...tools()] }),
      'Invalid tools: two of them are named "library_ping".',
    ],
    [
      "toolChoice of OpenAI",
      plain({ tools: [ping], toolChoice: "required" }),
      'Invalid toolChoice: it must be "auto", "any", "none" or { type }, not "required".',
    ],
    ["callParams as a text", plain({ callParams: "x" }), 'Invalid callParams: it must be an object, not "x".'],
    [
      "a controller for its signal",
      plain({ signal: new AbortController() }),
      "Invalid signal: it must be an AbortSignal, not an object.",
    ],
    ["a budget in dollars", plain({ budget: 1 }), "Invalid budget: it must be an object such as { cost: 0.5 }, not 1."],
    [
      "a limit in bytes",
      plain({ limit: 1 }),
      "Invalid limit: it must be an object such as { response: 1_000_000 }, in bytes, not 1.",
    ],
    [
      "the options of a limiter for it",
      plain({ limiter: { concurrency: 1 } }),
      "Invalid limiter: it must be what limiter() returned, not an object.",
    ],
    [
      "a fallback that is a number",
      plain({ fallback: 1 }),
      "Invalid fallback: it must be a model's id or a list, not 1.",
    ],
    [
      "a model that is not there",
      () => call(undefined as never, () => "x"),
      "Invalid model: it must be a string, not undefined.",
    ],
    [
      "a model that is a number",
      () => call(MODEL, () => "x").with({ model: 5 } as never),
      "Invalid model: it must be a string, not 5.",
    ],
    [
      "a misspelt rate",
      plain({ prices: { [MODEL]: { inputs: 3 } } }),
      "Invalid prices.claude-sonnet-5-5.inputs: there is no such option. Did you mean input?",
    ],
    [
      "a price without all rates",
      plain({ prices: { [MODEL]: { input: 3, output: 15 } } }),
      "Invalid prices.claude-sonnet-5-5.cacheRead: it must be a number of at least 0, not undefined.",
    ],
    [
      "a price as a text",
      plain({ prices: { [MODEL]: "3/15" } }),
      'Invalid prices.claude-sonnet-5-5: it must be an object, not "3/15".',
    ],
    [
      "a rate in a later override",
      () => call(MODEL, () => "x").with({ prices: { [MODEL]: null } } as never),
      "Invalid prices.claude-sonnet-5-5: it must be an object, not null.",
    ],
    ["betas as a text", plain({ callParams: { betas: "x" } }), 'Invalid callParams.betas: it must be a list, not "x".'],
    [
      "callParams.timeout with a unit",
      plain({ callParams: { timeout: "60s" } }),
      'Invalid callParams.timeout: it must be a number greater than 0, not "60s".',
    ],
    [
      "callParams.timeout that is not a number",
      plain({ callParams: { timeout: Number.NaN } }),
      "Invalid callParams.timeout: it must be a number greater than 0, not NaN.",
    ],
    [
      "callParams.timeout below 0",
      plain({ callParams: { timeout: -5 } }),
      "Invalid callParams.timeout: it must be a number greater than 0, not -5.",
    ],
    [
      "a space in the name of a header",
      plain({ callParams: { extra_headers: { "x team": "a" } } }),
      'Invalid header "x team": its name and value must be text that headers allow.',
    ],
    [
      "a space in the name of a client's header",
      () => client({ headers: { "x team": "a" } }),
      'Invalid header "x team": its name and value must be text that headers allow.',
    ],
    ["prices as a list", plain({ prices: [] }), "Invalid prices: it must be an object, not a list."],
    // Options without effect.
    [
      "a parser of a stream",
      plain({ stream: true, outputParser: () => 1 }),
      "Invalid outputParser: a stream is parsed by the code that reads it.",
    ],
    [
      "validationRetries without a model",
      modelled({ validationRetries: 1 }),
      "Invalid validationRetries: it needs a responseModel, and does not work with stream or tools.",
    ],
    [
      "validationRetries of a stream",
      modelled({ stream: true, responseModel: z.object({}), validationRetries: 1 }),
      "Invalid validationRetries: it needs a responseModel, and does not work with stream or tools.",
    ],
    [
      "responseSchema without a model",
      modelled({ responseSchema: {} }),
      "Invalid responseSchema: it describes a responseModel, and there is none.",
    ],
    [
      "a misspelt option of a structured call",
      modelled({ responseModal: 1 }),
      "Invalid responseModal: there is no such option. Did you mean responseModel?",
    ],
    // Clients and limiters.
    [
      "a misspelt option of a client",
      () => client({ apikey: "x" } as never),
      "Invalid apikey: there is no such option. Did you mean apiKey?",
    ],
    [
      "baseUrl",
      () => client({ baseUrl: "x" } as never),
      "Invalid baseUrl: there is no such option. Did you mean baseURL?",
    ],
    [
      "a client's timeout",
      () => client({ timeout: 1 } as never),
      "Invalid timeout: there is no such option. Use the option timeout of a call.",
    ],
    [
      "a misspelt option of a limiter",
      () => limiter({ maxConcurrency: 1 } as never),
      "Invalid maxConcurrency: there is no such option. Did you mean concurrency?",
    ],
    ["null for fetch", () => client({ fetch: null } as never), "Invalid fetch: it must be a function, not null."],
    ["headers as a number", () => client({ headers: 5 } as never), "Invalid headers: it must be an object, not 5."],
    ["a key as a number", () => client({ apiKey: 5 } as never), "Invalid apiKey: it must be a string, not 5."],
    // Agents.
    [
      "a misspelt option of an agent",
      repeated({ aprove: () => true }),
      "Invalid aprove: there is no such option. Did you mean approve?",
    ],
    ["a name of the AI SDK", repeated({ maxSteps: 5 }), "Invalid maxSteps: there is no such option. Use maxTurns."],
    ["approve: true", repeated({ approve: true }), "Invalid approve: it must be a function, not true."],
    ["stopWhen: true", repeated({ stopWhen: true }), "Invalid stopWhen: it must be a function, not true."],
    [
      "a number of tools",
      repeated({ stopAtTool: 5 }),
      "Invalid stopAtTool: it must be a tool's name or a list of names, not 5.",
    ],
    [
      "a controller for an agent's signal",
      repeated({ signal: new AbortController() }),
      "Invalid signal: it must be an AbortSignal, not an object.",
    ],
    ["no turns", repeated({ maxTurns: 0 }), "Invalid maxTurns: it must be a whole number of at least 1, not 0."],
    // Tools.
    ["execute", define({ name: "a", execute: () => 1 }), "Invalid execute: there is no such option. Use call."],
    [
      "parameters",
      define({ name: "a", parameters: {}, call: () => 1 }),
      "Invalid parameters: there is no such option. Use input, or inputSchema for JSON Schema.",
    ],
    [
      "a misspelt description",
      define({ name: "a", desciption: "x", call: () => 1 }),
      "Invalid desciption: there is no such option. Did you mean description?",
    ],
    ["no function", define({ name: "a" }), "Invalid call: it must be the function that the tool runs."],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(new RegExp(`^${message.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}$`));
  });

  it.each<[mistake: string, make: () => unknown, message: string]>([
    [
      "JSON Schema as the input of a tool",
      define({ name: "a", input: { type: "object" }, call: () => 1 }),
      "input: it is not a schema of a library. Pass JSON Schema as inputSchema.",
    ],
    [
      "JSON Schema as a response model",
      modelled({ responseModel: { type: "object" } }),
      "responseModel: it is not a schema of a library. Pass JSON Schema as responseSchema.",
    ],
    [
      "a schema of zod/mini",
      define({ name: "a", input: mini.object({}), call: () => 1 }),
      "input: this zod cannot generate JSON Schema. Use zod 4.2 or later, not zod/mini, or give inputSchema as well.",
    ],
    [
      "a schema of zod 3",
      define({ name: "a", input: { _def: {} }, call: () => 1 }),
      "input: this zod cannot generate JSON Schema. Use zod 4.2 or later, not zod/mini, or give inputSchema as well.",
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(SchemaError);
    expect(make).toThrow(message);
  });

  it("options without a value may stay", () => {
    const options = { stream: undefined, timeout: { total: undefined }, zzz: undefined };
    expect(plain(options)).not.toThrow();
    expect(plain({ retry: {}, timeout: {}, tools: [] })).not.toThrow();
  });
});

describe("a mistake that would be hidden by merging is told as well", () => {
  const ask = call(MODEL, { timeout: { total: 5 } }, () => "x");
  it.each<[mistake: string, make: () => unknown, message: string]>([
    [
      "a timeout in milliseconds",
      () => ask.with({ timeout: 300 } as never),
      "Invalid timeout: it must be an object such as",
    ],
    [
      "callParams as a text",
      () => ask.with({ callParams: "x" } as never),
      'Invalid callParams: it must be an object, not "x".',
    ],
    [
      "null for the options",
      () => call(MODEL, null as never, () => "x"),
      "Invalid options: it must be an object, not null.",
    ],
    [
      "partialTools as a word",
      plain({ stream: { partialTools: "yes" } }),
      'Invalid stream.partialTools: it must be true or false, not "yes".',
    ],
    [
      "parallel as a word",
      plain({ tools: [ping], toolChoice: { type: "auto", parallel: "false" } }),
      'Invalid toolChoice.parallel: it must be true or false, not "false".',
    ],
    [
      "when: true",
      plain({ fallback: [{ model: MODEL, when: true }] }),
      "Invalid fallback.when: it must be a function, not true.",
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(message);
  });

  it("and so is one in a dynamic config, when its stream is read", async () => {
    const config = (extra: object) =>
      call(MODEL, { client: client({ apiKey: "k" }) }, (() => ({
        messages: [{ role: "user", content: "x" }],
        ...extra,
      })) as never)();
    await expect(config({ tools: { ping } })).rejects.toThrow(
      "Invalid tools: it must be a list of tools, not an object.",
    );
    await expect(config({ signal: {} })).rejects.toThrow("Invalid signal: it must be an AbortSignal, not an object.");
    for (const name of ["model", "messages", "stream"]) {
      await expect(config({ callParams: { [name]: "x" } })).rejects.toThrow(
        `Invalid callParams.${name}: it must be left out, since the call decides it, not "x".`,
      );
    }
  });

  it("and so is one in the options of a turn", async () => {
    const turnOptions = (): object => ({ tolChoice: "none" });
    const run = agent(
      call(MODEL, { client: client({ apiKey: "k" }) }, () => "x"),
      { turnOptions } as never,
    )();
    await expect(run.finish()).rejects.toThrow(
      "Invalid turnOptions.tolChoice: there is no such option. Did you mean toolChoice?",
    );
  });
});
