import { version } from "./clients.mjs";
import { tables } from "./table.mjs";

/** The page with the table. */
export function page(rows, clients, results) {
  const date = new Date().toISOString().slice(0, 10);
  return `# Faults

This page shows what clients do when servers of three APIs fail. \`npm run faults -- --peers --write\` measured it and wrote the page, on
${date}, Node ${process.version}, ${process.platform}.

${[...new Set(clients.flatMap(({ packages }) => packages))].map((name) => `- ${name} ${version(name)}`).join("\n")}

${tables(rows, clients, results).join("\n\n")}

## How to read it

- A cell that does not say "pass" says what happened instead. "-" means that the client has no such feature.
- The expectations are millrace's own: [what a stream promises](../stream.md). Other libraries may promise something else, and
  some of these cells reflect their choices, not defects. Only we have reviewed the table.
- Each cell is one run, in a process of its own, against a server on this machine. Each client is used as its own documentation
  shows, with its defaults, except for two things. To save time, millrace waits 10 ms instead of 500 before it sends a request
  again. And in the rows with a limit, each client gets its own limit of 600 ms: millrace \`timeout.idle\` (300 s by default) and,
  before the first content, \`timeout.firstContent\` (600 s); ai \`timeout.chunkMs\` and \`timeout.stepMs\` (none by default); the
  others have a \`timeout\` of the request or of the whole call.
- "Success" means that a program which checks for exceptions and error events sees none. If a client keeps a stop reason or a
  finish reason, a program could still find out by itself.
- "Hangs" means that nothing had ended after 20 s (millrace: 8 s), and "waits" that the client was still waiting. We do not
  know what it would have done later.
- "… more sent" is the number of tokens that the server could still send after the reader had stopped, one every 10 ms.
- The buffers of a connection on this machine hold a few megabytes, however slow the reader is. That is why the rows with a slow reader allow
  12 MB.
- The figure for pings and comments is the memory still in use at the second text, after a garbage collection.
- Usage after an abort is a lower bound in every client, since the APIs report output tokens at the end, and OpenAI's APIs
  report the input tokens at the end, too. To pass the row, a client must report the input tokens, if the server has sent them, and, next
  to the figure or in its message, that the reply ended early.
- The rows on memory and time are bounds, not benchmarks: for those, see [performance](performance.md).
- The versions were the newest ones, on a version of Node that all of them run on. We measure again before each release.

The servers are in \`faults/rows/\`, their wire formats in \`faults/wire/\`, and the clients in \`faults/clients/\` and \`bench/peers/clients/\`. A row is a handler for
\`node:http\` and a verdict; \`npm run faults -- --rows NAME --clients NAME --json\` shows all that was observed.
`;
}
