import { InvalidOptionError } from "../errors.ts";
import type { DeliveryOptions } from "./delivery.ts";

/** The names that an options object may have. */
export type Names<Options> = Readonly<Record<keyof Options, true>>;

export const deliveryNames: Names<DeliveryOptions> = {
  pace: true,
  firstDelayMs: true,
  chunkBytes: true,
  pad: true,
  pings: true,
  comments: true,
  unknownEvents: true,
  done: true,
  gzip: true,
  holdOpen: true,
  lineEnd: true,
  noEventLine: true,
  noResponse: true,
  disconnectAfter: true,
  disconnectAtByte: true,
  reset: true,
  halfClose: true,
  endAfter: true,
  endAtByte: true,
  stallAfter: true,
  stallAtByte: true,
  stallPings: true,
  errorAfter: true,
  errorType: true,
  contentType: true,
  malformAt: true,
  duplicateAt: true,
  swapAt: true,
  invalidUtf8At: true,
  endless: true,
  endlessAfter: true,
  endlessBytes: true,
};

/**
 * Refuses names that mean nothing: a test would pass because the fault that it asks for never strikes.
 *
 * @param where - The function that was given the options.
 * @throws InvalidOptionError
 */
export function checkNames<Options extends object>(where: string, options: Options, names: Names<Options>): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  throw new InvalidOptionError(unknown, `${where} has no such option. Use one of ${Object.keys(names).join(", ")}.`);
}
