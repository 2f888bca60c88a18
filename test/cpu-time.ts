/**
 * Milliseconds of CPU time since `start`, which is what `process.cpuUsage()` gave then. Unlike time by the clock, it
 * hardly depends on what else is running.
 */
export function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
