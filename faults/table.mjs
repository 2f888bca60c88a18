import { rowFor } from "./rows.mjs";
import { wires } from "./wire.mjs";

/** What a cell says. */
export function cell(result) {
  if (result === undefined) return "";
  if (result.skipped) return "-";
  const { pass, seen } = result;
  if (!pass) return seen;
  // "pass" says it, but for a measure.
  return /\d/.test(seen) ? `pass: ${seen}` : "pass";
}

/** The results, a section in Markdown for each API: a table with rows down and clients across, and what is not in it. */
export function tables(rows, clients, results) {
  const apis = Object.entries(wires).filter(([api]) => clients.some((client) => client.api === api));
  return apis.map(([api, { title }]) => {
    const own = clients.filter((client) => client.api === api);
    const played = rows.filter((row) => rowFor(row, api).row !== undefined);
    const left = rows.filter((row) => !played.includes(row));
    const reasons = left.map((row) => `- ${row.title}: ${rowFor(row, api).lack}`);
    const notes = left.length === 0 ? [] : ["Not played, because it cannot happen with this API:", reasons.join("\n")];
    const cells = played.length === 0 ? [] : [table(played, own, results)];
    return [`## ${title}`, ...cells, ...notes].join("\n\n");
  });
}

function table(rows, clients, results) {
  const find = (row, client) => results.find((result) => result.row === row.name && result.client === client.id);
  const lines = [
    ["Fault", "Expected", ...clients.map(({ title }) => title)],
    ["---", "---", ...clients.map(() => "---")],
    ...rows.map((row) => [row.title, row.expects, ...clients.map((client) => escape(cell(find(row, client))))]),
    ["**Passed**", "", ...clients.map((client) => `**${score(client, results)}**`)],
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function score(client, results) {
  const own = results.filter((result) => result.client === client.id && !result.skipped);
  return `${own.filter(({ pass }) => pass).length} of ${own.length}`;
}

const escape = (text) => text.replaceAll("|", "\\|");
