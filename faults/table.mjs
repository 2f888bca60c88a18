/** What a cell says. */
export function cell(result) {
  if (result === undefined) return "";
  if (result.skipped) return "-";
  const { pass, seen } = result;
  if (!pass) return seen;
  // "pass" says it, but for a measure.
  return /\d/.test(seen) ? `pass: ${seen}` : "pass";
}

/** The results as a table in Markdown: rows down, clients across. */
export function table(rows, clients, results) {
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
