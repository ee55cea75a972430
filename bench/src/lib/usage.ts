import { readdirSync, readFileSync } from 'node:fs';

// USER_HZ: 100 on every Linux that Node runs on.
const ticksPerSecond = 100;

/** CPU seconds that a process and its two busiest threads have used since it began, or null where there is no /proc. */
export function cpuOf(pid: number): Map<string, number> | null {
  try {
    const used = new Map([['process', secondsIn(`/proc/${pid}/stat`)]]);
    for (const thread of readdirSync(`/proc/${pid}/task`))
      used.set(thread, secondsIn(`/proc/${pid}/task/${thread}/stat`));
    return used;
  } catch {
    return null; // Another system than Linux, or the process has ended.
  }
}

function secondsIn(path: string): number {
  const text = readFileSync(path, 'utf8');
  // The name, in brackets, may hold spaces; user and system time are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export interface Usage {
  /** Cores, 1 being one whole core. */
  readonly process: number;
  readonly mainThread: number;
  /** The busiest thread beside the main one: of the server, the embedded database. */
  readonly nextThread: number;
}

/** Starts watching a process; the answer says how many cores it kept busy until asked. */
export function watchUsage(pid: number): () => Usage | null {
  const before = cpuOf(pid);
  const startedAt = performance.now();
  return () => {
    const after = cpuOf(pid);
    if (!before || !after) return null;
    const seconds = (performance.now() - startedAt) / 1_000;
    const cores = (name: string) => ((after.get(name) ?? 0) - (before.get(name) ?? 0)) / seconds;
    const others = [...after.keys()].filter((name) => name !== 'process' && name !== String(pid)).map(cores);
    return { process: cores('process'), mainThread: cores(String(pid)), nextThread: Math.max(0, ...others) };
  };
}

/** Bytes resident in memory, or NaN where there is no /proc. */
export function residentBytes(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib) * 1_024;
  } catch {
    return Number.NaN;
  }
}
