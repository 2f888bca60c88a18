import { parseArgs } from "node:util";
import { DEMO_PACE } from "./demo.ts";
import { type FakeAnthropic, fakeAnthropic } from "./fake-anthropic.ts";
import { type FakeOpenAI, fakeOpenAI } from "./fake-openai.ts";
import { type Dialect, dialects } from "./openai/dialect.ts";
import { readScripts } from "./script-file.ts";

/** The commands that run a fake server. */
export type FakeCommand = "millrace-fake-anthropic" | "millrace-fake-openai";

/** The arguments and streams of a command. */
export interface ServeSurroundings {
  readonly args: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Closes the server when aborted. */
  readonly signal: AbortSignal;
}

const DIALECT = `
      --dialect NAME    the server whose Chat Completions to imitate (default: openai): openrouter, groq,
                        deepseek, mistral, xai, together, fireworks, vllm, llamacpp, ollama, lmstudio,
                        azure, gemini or anthropic`;

function help(command: FakeCommand): string {
  const isOpenAI = command === "millrace-fake-openai";
  return `Usage: ${command} [options]

Runs a fake of ${isOpenAI ? "OpenAI's APIs" : "Anthropic's Messages API"} on this machine, for tests and demonstrations.
Prints its URL, and runs until Ctrl-C.

      --port N          the port on 127.0.0.1 (default: a free one)
      --script FILE     what to answer: a recording (.sse, .jsonl), or JSON: a text, a message
                        {"content": [...]}, {"error": {"status": 529}}, {"events": [...]}, or an
                        array of these, played in turn (default: a demonstration text)
      --pace MS         milliseconds between events (default: the script's own)
      --chunk-bytes N   bytes in each write to the socket (default: one event per write)
      --api-key KEY     the only key or token to accept (default: any)${isOpenAI ? DIALECT : ""}
      --no-validate     answer even requests that the API would refuse
  -h, --help            print this help
`;
}

/** Runs a command, and returns its exit code. */
export async function serve(
  command: FakeCommand,
  { args, stdout, stderr, signal }: ServeSurroundings,
): Promise<number> {
  let server: FakeAnthropic | FakeOpenAI;
  try {
    const options = parse(args);
    if (options.help === true) {
      stdout.write(help(command));
      return 0;
    }
    server = await start(command, options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    stderr.write(`${command}: ${message} See ${command} --help.\n`);
    return 2;
  }
  stdout.write(`${server.url}\n`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await server.close();
  return 0;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      port: { type: "string" },
      script: { type: "string" },
      pace: { type: "string" },
      "chunk-bytes": { type: "string" },
      "api-key": { type: "string" },
      dialect: { type: "string" },
      "no-validate": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}

async function start(command: FakeCommand, options: ReturnType<typeof parse>): Promise<FakeAnthropic | FakeOpenAI> {
  const script = options.script === undefined ? undefined : await readScripts(options.script);
  const common = {
    replies: script,
    port: number("--port", options.port, 0),
    pace: number("--pace", options.pace, 0) ?? (script === undefined ? DEMO_PACE : undefined),
    chunkBytes: number("--chunk-bytes", options["chunk-bytes"], 1),
    apiKey: options["api-key"],
    validate: options["no-validate"] !== true,
  };
  if (command === "millrace-fake-openai") return fakeOpenAI({ ...common, dialect: dialectOf(options.dialect) });
  if (options.dialect !== undefined) throw new Error("--dialect is an option of millrace-fake-openai.");
  return fakeAnthropic(common);
}

function dialectOf(name: string | undefined): Dialect | undefined {
  if (name === undefined || isDialect(name)) return name;
  throw new Error(`--dialect takes one of ${Object.keys(dialects).join(", ")}, not "${name}".`);
}

function isDialect(name: string): name is Dialect {
  return Object.hasOwn(dialects, name);
}

function number(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option} takes an integer of ${least} or more, not "${text}".`);
}
