/** What was seen, in a few words. */
function seen({ outcome, text, notes = [] }) {
  if (outcome !== "complete" && outcome !== "error") return outcome;
  const words = outcome === "complete" ? "success" : "error";
  return [words, ...(outcome === "error" && text === "" ? ["no text"] : []), ...notes].join(", ");
}

/** The verdict that a condition comes to; what was seen is said in the words given, else in general ones. */
export const judge = (pass, observation, words = seen(observation)) => ({ pass, seen: words });

/** Passes if the stream ended in an error, and what had come by then is there. */
export const errorWith = (text) => (observation) => {
  const { outcome } = observation;
  if (outcome !== "error" || observation.text === text) return judge(outcome === "error", observation);
  return judge(false, observation, `error, text ${JSON.stringify(observation.text)}`);
};

/** Passes if the stream is complete, with this text. */
export const completeWith = (text) => (observation) => {
  const { outcome } = observation;
  if (outcome !== "complete" || observation.text === text) return judge(outcome === "complete", observation);
  return judge(false, observation, `success, text ${JSON.stringify(observation.text)}`);
};

/** Passes if a request that failed was sent again, and nothing shows it. */
export const retriedTo = (text) => (observation) => {
  const { server, outcome } = observation;
  if (outcome === "error" && server.requests.length === 1) return judge(false, observation, "error, no retry");
  return completeWith(text)(observation);
};

/** Passes if a request that failed was not sent again. */
export const notRetried = (observation) => {
  const { server, outcome } = observation;
  if (server.requests.length > 1) return judge(false, observation, `sent ${server.requests.length} times`);
  return judge(outcome === "error", observation);
};
