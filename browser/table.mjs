/** What a cell says. */
export function cell({ skipped, problems, notes }) {
  if (skipped) return "n/a";
  const said = [...problems, ...notes].join("; ");
  return problems.length > 0 ? `FAILS: ${said}` : ["ok", said].filter(Boolean).join(": ");
}

/** The results: scenarios down and clients across. What fails is told in full below it. */
export function table(scenarios, clients, results) {
  const find = (scenario, client) =>
    results.find((result) => result.scenario === scenario.name && result.client === client.id);
  const cells = [
    ["", ...clients.map(({ id }) => id)],
    ...scenarios.map((scenario) => [
      scenario.name,
      ...clients.map((client) => {
        const { skipped, problems, notes } = find(scenario, client);
        if (skipped) return "n/a";
        return problems.length > 0 ? "FAILS" : ["ok", ...notes].join(", ");
      }),
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = (scenarios.length === 0 ? [] : cells).map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  const example = results.filter(({ client }) => client === "example");
  const shown = example.map((result) => `${result.scenario}: ${result.problems.length > 0 ? "FAILS" : "ok"}`);
  if (shown.length > 0) lines.push("", "examples/chat", ...shown);
  const failures = results.filter(({ problems }) => problems.length > 0);
  const told = failures.map(({ scenario, client, problems }) => `${scenario} x ${client}:\n  ${problems.join("\n  ")}`);
  return [...lines, ...(told.length > 0 ? ["", ...told] : [])].join("\n");
}
