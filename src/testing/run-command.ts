import { type FakeCommand, serve } from "./serve.ts";

/** Runs a command with the arguments and streams of this process, until it is interrupted. */
export async function runCommand(command: FakeCommand): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
  const { argv, stdout, stderr } = process;
  process.exitCode = await serve(command, { args: argv.slice(2), stdout, stderr, signal: interruption.signal });
}
