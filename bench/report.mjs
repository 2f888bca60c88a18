// From the samples of all rounds to the table.

/**
 * The lines of a job's part of the table.
 *
 * @param job - One of the plan.
 * @param samples - Client -> the metrics of each round.
 */
export function report(job, samples) {
  const lines = [`${job.name}: ${job.title}`];
  for (const row of job.rows) {
    const clients = (row.clients ?? job.clients).filter((client) => valuesOf(samples, client, row).length > 0);
    clients.forEach((client, index) => {
      lines.push(`  ${(index === 0 ? `${row.label}, ${row.unit}` : "").padEnd(40)}${line(client, row, samples)}`);
    });
  }
  return lines;
}

function line(client, row, samples) {
  const values = valuesOf(samples, client, row);
  const hasRatio = client !== "bare" && !row.isDifference && !row.clients;
  const ratios = hasRatio ? ratiosTo(values, valuesOf(samples, "bare", row)) : null;
  const columns = [client.padEnd(8), spread(values).padEnd(24), (ratios === null ? "" : ratioText(ratios)).padEnd(38)];
  const judgement = client === "millrace" ? verdict(row, values, ratios) : "";
  return [...columns, client === "partials" ? partialsVerdict(row, samples) : judgement].join(" ").trimEnd();
}

/** What reading at every fragment may cost against each of the others. */
function partialsVerdict(row, samples) {
  const values = valuesOf(samples, "partials", row);
  const judgements = (row.bars ?? []).map(({ of, ratio }) => {
    const { perRound, ofMedians } = ratiosTo(values, valuesOf(samples, of, row));
    const value = Math.max(median(perRound), ofMedians);
    return `${value.toFixed(2)} of ${of} ${judged(value, ratio)}`;
  });
  return judgements.join(", ");
}

function valuesOf(samples, client, row) {
  return (samples.get(client) ?? []).map((metrics) => metrics[row.metric]).filter(Number.isFinite);
}

function ratiosTo(values, bare) {
  if (bare.length !== values.length) return null;
  return {
    perRound: values.map((value, round) => value / bare[round]),
    ofMedians: median(values) / median(bare),
  };
}

function ratioText({ perRound, ofMedians }) {
  return `x ${spread(perRound, 2)}, medians ${ofMedians.toFixed(2)}`;
}

/** Both ways to take the ratio have to hold. */
function verdict({ ratioBar, bar }, values, ratios) {
  if (bar !== undefined) return judged(median(values), bar);
  if (ratioBar === undefined || ratios === null) return "";
  return judged(Math.max(median(ratios.perRound), ratios.ofMedians), ratioBar);
}

function judged(value, bar) {
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
