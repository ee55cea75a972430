import { readdirSync, readFileSync } from 'node:fs';

/** The fields of a process after its name, which may hold spaces: its state, its parent, … */
function fieldsOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // It has ended.
  }
}

/** Processes that this one started and that still exist. Linux only. */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((each) => each > 0 && Number(fieldsOf(each)?.[1]) === pid);

/** A zombie does not live. */
export const isAlive = (pid: number): boolean => {
  const state = fieldsOf(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
};

/** A process that has ended since is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
