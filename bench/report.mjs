// From the samples of all rounds to the table.

/**
 * The lines of a job's part of the table.
 *
 * @param job - One of the plan.
 * @param samples - Client -> the metrics of each round.
 * @param major - The major version of the Node that was measured.
 */
export function report(job, samples, major) {
  const lines = [`${job.api} ${job.name}: ${job.title}`];
  for (const row of job.rows) {
    const clients = (row.clients ?? job.clients).filter((client) => valuesOf(samples, client, row).length > 0);
    clients.forEach((client, index) => {
      lines.push(
        `  ${(index === 0 ? `${row.label}, ${row.unit}` : "").padEnd(40)}${line(client, row, samples, major)}`,
      );
    });
  }
  return lines;
}

function line(client, row, samples, major) {
  const values = valuesOf(samples, client, row);
  const hasRatio = client !== "bare" && !row.isDifference && !row.clients;
  const ratios = hasRatio ? ratiosTo(values, valuesOf(samples, "bare", row)) : null;
  const columns = [
    client.padEnd(8),
    spread(values).padEnd(24),
    (ratios === null ? "" : `x ${spread(ratios, 2)}`).padEnd(24),
  ];
  const judgement = client === "millrace" ? verdict(row, values, ratios, major) : "";
  return [...columns, client === "partials" ? partialsVerdict(row, samples, major) : judgement].join(" ").trimEnd();
}

/** What reading at every fragment costs against each of the others, and what it may. */
function partialsVerdict(row, samples, major) {
  const values = valuesOf(samples, "partials", row);
  return Object.entries(row.partialsBars ?? {})
    .map(([other, bar]) => [other, ratiosTo(values, valuesOf(samples, other, row)), barFor(bar, major)])
    .filter(([, ratios]) => ratios !== null)
    .map(([other, ratios, bar]) => `${median(ratios).toFixed(2)} of ${other} ${judged(median(ratios), bar)}`.trimEnd())
    .join(", ");
}

/** The bar for a version of Node; undefined where there is none. */
function barFor(bar, major) {
  return typeof bar === "object" ? bar[major] : bar;
}

function valuesOf(samples, client, row) {
  return (samples.get(client) ?? []).map((metrics) => metrics[row.metric]).filter(Number.isFinite);
}

/** The ratio of each round, whose processes ran side by side: the machine's speed changes from round to round. */
function ratiosTo(values, others) {
  if (others.length !== values.length) return null;
  return values.map((value, round) => value / others[round]);
}

function verdict({ ratioBar, bar }, values, ratios, major) {
  if (bar !== undefined) return judged(median(values), barFor(bar, major));
  return ratios === null ? "" : judged(median(ratios), barFor(ratioBar, major));
}

function judged(value, bar) {
  if (bar === undefined) return "";
  return `<= ${bar}  ${value <= bar ? "ok" : "OVER"}`;
}

function spread(values, digits) {
  const show = (value) => value.toFixed(digits ?? (Math.abs(value) < 10 ? 2 : 1));
  return `${show(median(values))} [${show(Math.min(...values))} - ${show(Math.max(...values))}]`;
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
