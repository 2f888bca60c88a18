/**
 * The results of tools that failed. The APIs have words for an error and no mark, so that it would be lost when a
 * conversation is turned into one of no provider: pages would be shown what the tool has thrown.
 */
const failed = new WeakSet<object>();

/** The result, remembered if its tool has failed. */
export function result<Item extends object>(item: Item, isError: boolean): Item {
  if (isError) failed.add(item);
  return item;
}

/** Whether the tool has failed: known of results that were made here. */
export function isFailed(item: object): boolean {
  return failed.has(item);
}
