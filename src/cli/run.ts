import { MillraceError, MissingApiKeyError } from "../errors.ts";
import { system, user } from "../neutral-message.ts";
import { call } from "../neutral-call.ts";
import type { NeutralNative } from "../neutral-provider.ts";
import type { Stream } from "../stream/stream.ts";
import { type CommandOptions, help, parseCommand, UsageError } from "./options.ts";
import { providerOfId, thinkingParams } from "./provider.ts";
import { openSource } from "./source.ts";
import { summarize } from "./summary.ts";
import { ModelOutput, type Output, withoutControls } from "./terminal.ts";

/** What the command reads and writes. */
export interface Surroundings {
  readonly args: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by Ctrl-C, or, with the error as its reason, when stdout takes no more. */
  readonly signal: AbortSignal;
  readonly version: string;
  readInput(): Promise<string>;
}

const FAILED = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130;

/** Runs the command; gives its exit code. */
export async function run(surroundings: Surroundings): Promise<number> {
  const { stdout, stderr } = surroundings;
  try {
    const options = await parseCommand(surroundings.args, () => surroundings.readInput());
    if (options.help) stdout.write(help);
    else if (options.version) stdout.write(`${surroundings.version}\n`);
    else return await streamReply(options, surroundings);
    return 0;
  } catch (error) {
    if (surroundings.signal.aborted) return INTERRUPTED;
    const message = error instanceof Error ? error.message : String(error);
    stderr.write(`millrace: ${message}${error instanceof UsageError ? " See millrace --help." : ""}\n`);
    return error instanceof UsageError ? WRONG_USAGE : FAILED;
  }
}

async function streamReply(options: CommandOptions, { stdout, stderr, signal }: Surroundings): Promise<number> {
  const source = await openSource(options);
  try {
    if (source.notice !== null) stderr.write(`${source.notice}\n`);
    const { system: instructions, maxTokens } = options;
    const { prefix, model } = providerOfId(options.model);
    const callParams = { ...(options.thinking && thinkingParams(prefix)) };
    const id: string = `${prefix}/${model}`;
    const ask = call(id, { stream: true, client: source.client, signal, params: { maxTokens }, callParams }, () => [
      ...(instructions === undefined ? [] : [system(instructions)]),
      user(options.prompt || "(a recording)"),
    ]);
    const stream = ask();
    const error = await print(stream, options, stdout);
    const refusal = refusalOf(signal);
    if (refusal !== null && refusal.code !== "EPIPE") stderr.write(`millrace: ${refusal.message}\n`);
    else if (refusal === null && error !== null) stderr.write(`millrace: ${explain(error)}\n`);
    if (stream.message !== null) stderr.write(`${withoutControls(summarize(stream))}\n`);
    if (refusal !== null && refusal.code !== "EPIPE") return FAILED;
    if (signal.aborted && stream.outcome === "aborted") return INTERRUPTED;
    return stream.outcome === "complete" ? 0 : FAILED;
  } finally {
    await source.close();
  }
}

/** Prints the reply as it comes; gives what ended it early. */
async function print(
  stream: Stream<NeutralNative>,
  options: CommandOptions,
  stdout: Output,
): Promise<MillraceError | null> {
  const output = new ModelOutput(stdout);
  try {
    for await (const [chunk] of stream) {
      if (options.json) stdout.write(`${jsonLine(chunk.chunk)}\n`);
      else if (options.thinking && chunk.thinking !== "") output.write(chunk.thinking, { dim: true });
      else output.write(chunk.content);
    }
    return null;
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  } finally {
    output.end();
  }
}

/** JSON leaves these control characters as they are, and terminals obey them. */
function jsonLine(value: unknown): string {
  const escape = (control: string): string => `\\u00${control.charCodeAt(0).toString(16)}`;
  return JSON.stringify(value).replace(/[\u007f-\u009f]/g, escape);
}

/** Why stdout takes no more, if that is what ended the reply: `EPIPE` where its reader is gone, who needs no telling. */
function refusalOf({ reason }: AbortSignal): { readonly code: string; readonly message: string } | null {
  if (!(reason instanceof Error && "code" in reason && typeof reason.code === "string")) return null;
  return { code: reason.code, message: `stdout takes no more: ${reason.message}` };
}

function explain(error: MillraceError): string {
  const hint = error instanceof MissingApiKeyError ? "\nWithout a key, --demo streams a scripted reply." : "";
  return withoutControls(error.message) + hint;
}
