#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { run } from "./run.ts";

const interruption = new AbortController();
// The second Ctrl-C ends the process at once, as it would have without us.
process.once("SIGINT", () => interruption.abort());
// Whoever read us is gone (`millrace … | head`), or the disk is full: the rest would be paid for and lost.
process.stdout.on("error", (error) => interruption.abort(error));
process.stderr.on("error", () => {});

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);

process.exitCode = await run({
  args: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
  version: manifest.version,
  readInput: () =>
    process.stdin.isTTY ? Promise.resolve("") : text(addAbortSignal(interruption.signal, process.stdin)),
});
