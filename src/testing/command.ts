#!/usr/bin/env node
import { serve } from "./serve.ts";

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());

process.exitCode = await serve({
  args: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
