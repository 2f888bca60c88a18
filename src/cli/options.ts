import { parseArgs } from "node:util";

/** What the command was asked to do. */
export interface CommandOptions {
  readonly prompt: string;
  readonly model: string;
  readonly system: string | undefined;
  readonly maxTokens: number | undefined;
  readonly thinking: boolean;
  readonly json: boolean;
  readonly replay: string | undefined;
  readonly baseURL: string | undefined;
  readonly demo: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** The command was called in a way that it does not understand. */
export class UsageError extends Error {}

/** What `--help` prints; it fits a screen. */
export const help = `Usage: millrace [options] "prompt"
       echo "prompt" | millrace [options]

Streams a model's reply to stdout, and a summary of it to stderr.

  -m, --model ID        provider/model, such as openai/gpt-6.2-sol or ollama/qwen3
                        (default anthropic/claude-sonnet-5-5)
  -s, --system TEXT     instructions for the model
      --max-tokens N    the longest reply, in tokens (default: the most that the model can)
  -t, --thinking        show the model's thinking, dimmed
      --json            print the stream's events instead, one a line
      --replay FILE     read the reply from a recording (.sse or .jsonl) instead of the network
      --base-url URL    where the API is (default: the provider's own address)
      --demo            stream a scripted reply from a server on this machine; needs no key
  -h, --help            this text
  -v, --version         the version

Reads ANTHROPIC_API_KEY, OPENAI_API_KEY, … and ANTHROPIC_BASE_URL, OPENAI_BASE_URL.
Ctrl-C closes the connection. Exits with 0: complete, 1: failed, 2: wrong usage, 130: interrupted.
`;

/**
 * Reads the command line; `readInput` gives what was piped in, and is asked only if there is no prompt.
 *
 * @throws UsageError
 */
export async function parseCommand(args: readonly string[], readInput: () => Promise<string>): Promise<CommandOptions> {
  const { values, positionals } = parse(args);
  const { help = false, version = false, replay } = values;
  const needsPrompt = !help && !version && replay === undefined;
  const prompt = positionals.join(" ") || (needsPrompt ? await readInput() : "");
  if (needsPrompt && prompt.trim() === "") throw new UsageError("There is no prompt.");
  return {
    prompt,
    model: values.model ?? "anthropic/claude-sonnet-5-5",
    system: values.system,
    maxTokens: positiveInteger(values["max-tokens"]),
    thinking: values.thinking ?? false,
    json: values.json ?? false,
    replay,
    baseURL: values["base-url"],
    demo: values.demo ?? false,
    help,
    version,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        model: { type: "string", short: "m" },
        system: { type: "string", short: "s" },
        "max-tokens": { type: "string" },
        thinking: { type: "boolean", short: "t" },
        json: { type: "boolean" },
        replay: { type: "string" },
        "base-url": { type: "string" },
        demo: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function positiveInteger(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`--max-tokens takes a whole number above 0, not "${text}".`);
}
