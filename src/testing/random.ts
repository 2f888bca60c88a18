const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Pseudorandom values that are the same in every run, for a fake server's ids, signatures and padding. */
export interface Random {
  /** An integer from 0 up to, but not including, `limit`. */
  integer(limit: number): number;
  /** An id such as `msg_01V2noLbAb2NgKnjaNw6Cn3w`. */
  id(prefix: string): string;
  /** A meaningless base64 string of `length` characters. */
  base64(length: number): string;
}

/** Makes a generator from a seed. It uses Mulberry32, by Tommy Ettinger (public domain). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const integer = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
  const characters = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[integer(alphabet.length)]).join("");
  return {
    integer,
    id: (prefix) => `${prefix}01${characters(BASE58, 22)}`,
    base64: (length) => characters(BASE64, length),
  };
}
