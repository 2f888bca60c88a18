import { messageOf } from "../errors.ts";

/** What a promise gives, unless that takes too long: a log may hang, and the call can be made again. */
export async function inTime<V>(promise: Promise<V>, ms: number): Promise<V> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The log has not answered within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw error instanceof Error ? error : new Error(messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}
