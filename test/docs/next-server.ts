/** What `after` of Next.js was given since a test began. */
export const tasks: Promise<unknown>[] = [];

/** Stands in for that of Next.js, which keeps a function alive until the task is done. */
export function after(task: Promise<unknown>): void {
  tasks.push(task);
}
