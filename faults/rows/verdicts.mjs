/** What was seen, in a few words. */
function seen({ outcome, text, notes = [] }) {
  if (outcome !== "complete" && outcome !== "error") return outcome;
  const words = outcome === "complete" ? "success" : "error";
  return [words, ...(text === "" ? ["no text"] : []), ...notes].join(", ");
}

/** What was seen, and the text if it is not the one expected. */
function withText(expected, observation) {
  const { text } = observation;
  return text === expected || text === "" ? seen(observation) : `${seen(observation)}, text ${JSON.stringify(text)}`;
}

/** The verdict that a condition comes to; what was seen is said in the words given, else in general ones. */
export const judge = (pass, observation, words = seen(observation)) => ({ pass, seen: words });

/** An error of the language, or one that only repeats it: the client stumbled, and does not say over what. */
export const isAccident = (error) =>
  error !== null && (error.name === "TypeError" || /Cannot read|is not a function|is not iterable/.test(error.message));

/** Passes if the stream ended in an error, and what had come by then is there. */
export const errorWith = (text) => (observation) => {
  const { outcome } = observation;
  return judge(outcome === "error" && observation.text === text, observation, withText(text, observation));
};

/** Passes if the stream is complete, with this text. */
export const completeWith = (text) => (observation) => {
  const { outcome, notes = [] } = observation;
  const pass = outcome === "complete" && observation.text === text && notes.length === 0;
  return judge(pass, observation, withText(text, observation));
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
