/** What a cell says. */
export function cell(result) {
  if (result === undefined) return "";
  const { pass, seen, skipped } = result;
  if (skipped) return seen;
  return pass ? ["ok", seen].filter(Boolean).join(": ") : seen;
}

/** The results in Markdown: rows down and clients across. */
export function table(rows, clients, results) {
  const find = (row, client) => results.find((result) => result.row === row.name && result.client === client.id);
  const lines = [
    ["Fault", "Expected", ...clients.map(({ title }) => title)],
    ["---", "---", ...clients.map(() => "---")],
    ...rows.map((row) => [row.title, row.expects, ...clients.map((client) => escape(cell(find(row, client))))]),
    ["**Ok**", "", ...clients.map((client) => `**${score(client, results)}**`)],
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function score(client, results) {
  const own = results.filter((result) => result.client === client.id && !result.skipped);
  return `${own.filter(({ pass }) => pass).length} of ${own.length}`;
}

const escape = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
