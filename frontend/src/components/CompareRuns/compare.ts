import type { Run, Series } from '@rondo/protocol';
import { numberOf } from '../../lib/values.ts';

export const maxCompared = 100;
const numTokens = 8;

/** The colour of a run: the same in every chart and table of the page. */
export const tokenOf = (index: number): string => `--series-${(index % numTokens) + 1}`;

export interface ConfigRow {
  readonly key: string;
  /** In the order of the runs; null where a run has no such key. */
  readonly values: readonly (string | null)[];
  readonly isDifferent: boolean;
}

/** Every config key of the runs, those that differ first. Nested keys are joined by dots. */
export function compareConfigs(runs: readonly Pick<Run, 'config'>[]): ConfigRow[] {
  const flat = runs.map(({ config }) => flatten(config));
  const keys = [...new Set(flat.flatMap((values) => [...values.keys()]))].sort((a, b) => a.localeCompare(b));
  const rows = keys.map((key) => {
    const values = flat.map((of) => of.get(key) ?? null);
    return { key, values, isDifferent: values.some((value) => value !== values[0]) };
  });
  return [...rows.filter(({ isDifferent }) => isDifferent), ...rows.filter(({ isDifferent }) => !isDifferent)];
}

function flatten(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  const isMap = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (isMap && Object.keys(value).length > 0) {
    for (const [key, each] of Object.entries(value)) flatten(each, path === '' ? key : `${path}.${key}`, found);
  } else if (path !== '') found.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  return found;
}

/** The values of a series at given places: its own where it has one there, between two finite ones linear, else null. */
export function onSteps({ step, value }: Values, x: readonly number[]): (number | null)[] {
  let at = 0;
  return x.map((each) => {
    while (at + 1 < step.length && (step[at + 1] as number) <= each) at++;
    const before = step[at];
    if (before === undefined || each < before) return null;
    const left = numberOf(value[at]);
    if (before === each) return left;
    const after = step[at + 1];
    const right = numberOf(value[at + 1]);
    if (after === undefined || left === null || right === null) return null;
    if (!Number.isFinite(left) || !Number.isFinite(right)) return null;
    const share = (each - before) / (after - before);
    return left * (1 - share) + right * share;
  });
}

/** Values at rising places. */
export interface Values {
  readonly step: readonly number[];
  readonly value: Series['value'];
}

export interface RunFigures {
  readonly last: number | null;
  readonly best: number | null;
  readonly best_step: number | null;
  /** At the baseline's last step, or the chosen one. */
  readonly at: number | null;
}

/** The figures of a series; values that are not finite are neither last nor best. */
export function figuresOf(series: Values | undefined, isLowGood: boolean, atStep: number | null): RunFigures {
  let last: number | null = null;
  let best: number | null = null;
  let best_step: number | null = null;
  let at: number | null = null;
  series?.step.forEach((step, index) => {
    const value = numberOf(series.value[index]);
    if (value === null || !Number.isFinite(value)) return;
    last = value;
    if (best === null || (isLowGood ? value < best : value > best)) [best, best_step] = [value, step];
    if (atStep !== null && step <= atStep) at = value;
  });
  return { last, best, best_step, at };
}

/** Shares of one are written as percentages. */
export const isShare = (name: string): boolean => /acc(uracy)?$|auc$|f1|participation/i.test(name);

export const isLowGood = (name: string): boolean => /loss|error|perplexity|mae|mse/i.test(name);
