import { version } from "./clients.mjs";
import { tables } from "./table.mjs";

/** The page with the table. */
export function page(rows, clients, results) {
  const date = new Date().toISOString().slice(0, 10);
  return `# Faults

What clients do when servers fail, in the words of three APIs. \`npm run faults -- --peers --write\` measured it and wrote this page, on
${date}, Node ${process.version}, ${process.platform}.

${[...new Set(clients.flatMap(({ packages }) => packages))].map((name) => `- ${name} ${version(name)}`).join("\n")}

${tables(rows, clients, results).join("\n\n")}

## How to read it

- A cell that does not say "pass" says what happened instead. "-" means that the client has no such feature.
- The expectations are millrace's own: [what a stream promises](../stream.md). Other libraries may promise something else, and
  some of these cells are a choice of theirs, not a defect. Nobody else has reviewed the table.
- Each cell is one run, in a process of its own, against a server on this machine. Each client is used as its own documentation
  shows, with its defaults, except for two things. millrace waits 10 ms instead of 500 before it sends a request again, to save
  time. And in the rows with a limit, each client gets its own limit of 600 ms: millrace \`timeout.idle\` (300 s by default) and,
  before the first content, \`timeout.firstContent\` (600 s); ai \`timeout.chunkMs\` and \`timeout.stepMs\` (none by default); the
  others the \`timeout\` that they have, of the request or of the whole call.
- "Success" means that a program which checks for exceptions and error events sees none. If a client keeps a stop reason or a
  finish reason, a program could still find out by itself.
- "Hangs" means that nothing had ended after 20 s (millrace: 8 s), and "waits" that the client was still waiting. What it would
  have done later is not known.
- "… more sent" is the number of tokens that the server could still send after the reader had stopped, one every 10 ms.
- A connection on this machine takes some megabytes into its buffers, whoever reads. That is why the rows with a slow reader allow
  12 MB.
- What is kept of pings and comments is the memory still in use at the second text, after a garbage collection.
- Usage after an abort is a lower bound in every client, since the APIs report output tokens at the end, and OpenAI's the input
  tokens, too. The row asks for the input tokens where the server has told them, and for something beside the figure, or in its
  message, that says that the reply ended early.
- The rows on memory and time are bounds, not benchmarks: for those, see [performance](performance.md).
- The versions are the newest there were, on a Node that all of them run on. The table is made again before each release.

The servers are in \`faults/rows/\`, what they say in \`faults/wire/\`, the clients in \`faults/clients/\` and \`bench/peers/clients/\`. A row is a handler for
\`node:http\` and a verdict; \`npm run faults -- --rows NAME --clients NAME --json\` shows all that was observed.
`;
}
