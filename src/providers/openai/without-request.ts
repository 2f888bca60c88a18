import { isObject } from "../../json/object.ts";

/** What a response repeats of its request and may tell of people, each as it is where the request had none. */
const REPEATED: Readonly<Record<string, unknown>> = {
  instructions: null,
  metadata: {},
  prompt: null,
  prompt_cache_key: null,
  safety_identifier: null,
  tools: [],
  user: null,
};

/** A response, or an event that has one, without what it repeats of its request. */
export function withoutRequest(given: object): object {
  const response = "response" in given && isObject(given.response) ? given.response : given;
  const empty = Object.entries(REPEATED).filter(([key]) => key in response);
  if (empty.length === 0) return given;
  const rest = { ...response, ...Object.fromEntries(empty) };
  return response === given ? rest : { ...given, response: rest };
}
