import { version } from "./clients.mjs";
import { table } from "./table.mjs";

/** The page with the table. */
export function page(rows, clients, results) {
  const date = new Date().toISOString().slice(0, 10);
  return `# Faults

What clients make of servers that fail, as measured by \`npm run faults -- --peers --write\`, which writes this page: on
${date}, Node ${process.version}, ${process.platform}.

${[...new Set(clients.flatMap(({ packages }) => packages))].map((name) => `- ${name} ${version(name)}`).join("\n")}

${table(rows, clients, results)}

A cell that does not say "pass" says what was seen; "-" is what a client does not offer.

## How to read it

- The expectations are millrace's own: [what a stream promises](../stream.md). Another library may have promised something
  else, and some of these cells are its choice, not its defect. Nobody else has reviewed the table.
- Each cell is one run in a process of its own against a server on this machine, in the way that the client's own
  documentation shows, with defaults but for the following. millrace waits 10 ms instead of 500 before it asks again, to
  save time. In the rows with a limit each client gets its own of 600 ms: millrace \`timeout.idle\` (default 300 s) and,
  before the first content, \`timeout.firstContent\` (600 s); ai \`timeout.chunkMs\` and \`timeout.stepMs\` (none); the others
  the \`timeout\` that they have: of the request, or of the whole call.
- "Success" means that a program which checks for exceptions and error events sees none. Clients that keep a stop reason
  or a finish reason may let a program find out by itself.
- "Hangs" means that nothing had ended after 20 s (millrace: 8 s), and "waits" that it still waited. What a client would do
  later is not known.
- "… more sent" counts the tokens that the server could still send after the reader had stopped, one every 10 ms. A
  connection on this machine takes some megabytes into its buffers, whoever reads: hence the bound for the readers that
  hold or are slow.
- What is kept of pings and comments is memory that is still in use after a garbage collection, at the second text.
- Usage after an abort is a lower bound in every client, since the provider tells of output tokens at the end. The row
  asks for the input tokens, and for a word, with the figure or the message that holds it, that it ended early.
- The rows on memory and time are bounds, no benchmarks: [performance](performance.md).
- Versions are those that run on Node 20. Later ones may do better: the table is run again before each release.

The servers are in \`faults/rows/\`, the clients in \`faults/clients/\` and \`bench/peers/clients/\`. A row is a handler of
\`node:http\` and a verdict; \`npm run faults -- --rows NAME --clients NAME --json\` shows all that was observed.
`;
}
