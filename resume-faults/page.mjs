import { version } from "./clients.mjs";
import { table } from "./table.mjs";

const [BEGIN, END] = ["<!-- resume-faults -->", "<!-- /resume-faults -->"];

/** The page with the table in the place that is marked for it. */
export function withTable(page, { rows, clients, results, node, redis }) {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/resume.md has no part between ${BEGIN} and ${END}.`);
  const date = new Date().toISOString().slice(0, 10);
  const versions = new Set(
    clients.flatMap((client) => client.packages.map((name) => `${name} ${version(name, client)}`)),
  );
  const part = `
Measured by \`npm run resume-faults -- --peers --write\` on ${date}: Node ${node}, Redis ${redis},
${[...versions].join(", ")}.

${table(rows, clients, results)}

- The provider sends a numbered word every 20 ms; what is lost or doubled is counted in them. Producer and readers are processes of
  their own, except with a log in memory. The lease is 1.5 s (default: 10 s), and 10 s where Redis is away for 5 s.
- "ok" is followed by what was measured. "Hung" means that nothing had ended 10 s later, and "unhandled" that a promise was rejected
  where nobody listens, which ends a server of Node. "n/a" means that there is no such thing: no other process, no Redis, no way to
  stop, which some leave to the application.
- Each library is used as its own documentation shows. TanStack AI comes with a log in memory alone; the chats that the AI SDK asks
  an application for are in the same Redis, and its page takes a finished message from there. The expectations are those of this
  page: other libraries may promise something else.
- Each cell is one run on one machine that had other work, too. The scripts are in \`resume-faults/\`.
`;
  return page.slice(0, from + BEGIN.length) + `\n${part}\n` + page.slice(to);
}
