import { parseArgs } from "node:util";
import { DEMO_PACE } from "./demo.ts";
import { type FakeAnthropic, fakeAnthropic } from "./fake-anthropic.ts";
import { readScripts } from "./script-file.ts";

/** The arguments and streams of the command `millrace-fake-anthropic`. */
export interface ServeSurroundings {
  readonly args: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Closes the server when aborted. */
  readonly signal: AbortSignal;
}

const HELP = `Usage: millrace-fake-anthropic [options]

Runs a fake of Anthropic's Messages API on this machine, for tests and demonstrations.
Prints its URL, and runs until Ctrl-C.

      --port N          the port on 127.0.0.1 (default: a free one)
      --script FILE     what to answer: a recording (.sse, .jsonl), or JSON: a text, a message
                        {"content": [...]}, {"error": {"status": 529}}, {"events": [...]}, or an
                        array of these, played in turn (default: a demonstration text)
      --pace MS         milliseconds between events (default: the script's own)
      --chunk-bytes N   bytes in each write to the socket (default: one event per write)
      --api-key KEY     the only key or token to accept (default: any)
      --no-validate     answer even requests that the API would refuse
  -h, --help            print this help
`;

/** Runs the command, and returns its exit code. */
export async function serve({ args, stdout, stderr, signal }: ServeSurroundings): Promise<number> {
  let server: FakeAnthropic;
  try {
    const options = parse(args);
    if (options.help === true) {
      stdout.write(HELP);
      return 0;
    }
    server = await start(options);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    stderr.write(`millrace-fake-anthropic: ${message} See millrace-fake-anthropic --help.\n`);
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
      "no-validate": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}

async function start(options: ReturnType<typeof parse>): Promise<FakeAnthropic> {
  const script = options.script === undefined ? undefined : await readScripts(options.script);
  return fakeAnthropic({
    replies: script,
    port: number("--port", options.port, 0),
    pace: number("--pace", options.pace, 0) ?? (script === undefined ? DEMO_PACE : undefined),
    chunkBytes: number("--chunk-bytes", options["chunk-bytes"], 1),
    apiKey: options["api-key"],
    validate: options["no-validate"] !== true,
  });
}

function number(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option} takes an integer of ${least} or more, not "${text}".`);
}
