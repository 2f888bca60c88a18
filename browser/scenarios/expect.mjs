import { isDeepStrictEqual } from "node:util";

/** What a scenario finds wrong, in words. */
export class Findings {
  problems = [];
  notes = [];

  equal(what, found, expected) {
    if (!isDeepStrictEqual(found, expected)) this.problems.push(`${what}: ${show(found)} instead of ${show(expected)}`);
  }

  holds(what, isSo, found) {
    if (!isSo) this.problems.push(found === undefined ? what : `${what}: ${show(found)}`);
  }

  note(text) {
    this.notes.push(text);
  }
}

const show = (value) => {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 160 ? `${text.slice(0, 100)} … ${text.slice(-50)}` : text;
};

/** Checks a page that shows one whole answer as the last of its turns. */
export function whole(findings, state, { text, turns = 2 }) {
  findings.equal("status", state.status, "ready");
  findings.equal("error", state.error, null);
  findings.equal(
    "turns",
    state.turns.map(({ role }) => role).join(),
    Array.from({ length: turns / 2 }, () => "user,assistant").join(),
  );
  const last = state.turns.at(-1);
  findings.equal("text", last?.text, text);
  findings.equal("outcome", last?.outcome, "complete");
}

/** Checks a page that shows an answer that is not whole, and says so. */
export function broken(findings, state, { text, error, outcome }) {
  findings.equal("status", state.status, "error");
  if (error !== undefined) findings.equal("error", state.error, error);
  findings.holds("the error has secrets", !/SECRET|\bat .*:\d+/.test(state.error ?? ""), state.error);
  const last = state.turns.at(-1);
  if (text !== undefined) findings.equal("text", last?.text, text);
  if (outcome !== undefined) findings.equal("outcome", last?.outcome, outcome);
}
