import type { Run } from '@rondo/protocol';
import { type ConfigRow, compareConfigs, tokenOf } from './compare.ts';
import type { ComparedGroup } from './compared-lines.ts';

/** Runs that differ in their seed only are repetitions of one experiment. */
const isSeed = (key: string): boolean => /(^|[._])seed$/i.test(key);

/** What runs can be grouped by: nothing, all but the seed, or one config key. */
export const bySeed = 'seed';
export const configKey = (by: string): string | null => (by.startsWith('config.') ? by.slice('config.'.length) : null);

/**
 * The lines of a chart. Runs of a group share a line and a colour. By seed, runs are together whose configs are equal in every
 * other key, and the keys in which the groups differ give the line its name.
 */
export function groupRuns(runs: readonly Run[], by: string): ComparedGroup[] {
  if (by === '') {
    return runs.map(({ run_id, name }, at) => ({ key: run_id, name, token: tokenOf(at), run_ids: [run_id] }));
  }
  const key = configKey(by);
  const rows = compareConfigs(runs).filter((row) =>
    key === null ? row.isDifferent && !isSeed(row.key) : row.key === key,
  );
  const groups = new Map<string, { name: string; run_ids: string[] }>();
  for (const [at, { run_id, name }] of runs.entries()) {
    const values = rows.map((row) => row.values[at] ?? null);
    const id = JSON.stringify(values);
    const group = groups.get(id) ?? { name: nameOf(rows, values) || name, run_ids: [] };
    group.run_ids.push(run_id);
    groups.set(id, group);
  }
  return [...groups].map(([id, { name, run_ids }], at) => ({
    key: id,
    name: run_ids.length === 1 ? name : `${name} (${run_ids.length} runs)`,
    token: tokenOf(at),
    run_ids,
  }));
}

const nameOf = (rows: readonly ConfigRow[], values: readonly (string | null)[]): string =>
  rows.map(({ key }, at) => `${key} = ${values[at] ?? 'not set'}`).join(', ');
