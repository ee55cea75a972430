import type { Machine } from './machine.ts';

export interface Target {
  readonly value: number;
  readonly better: 'more' | 'less';
}

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The promise. */
  readonly target?: Target;
  readonly note?: string;
}

export interface Context {
  /** Shorter and smaller, for a first look. */
  readonly quick: boolean;
  /** Also on a real PostgreSQL, where a comparison is useful. */
  readonly postgres: boolean;
  /** Where the server's CPU profile goes. */
  readonly profileFolder: string | null;
  readonly say: (progress: string) => void;
}

export interface Entry {
  readonly name: string;
  readonly about: string;
  /** Only when it is asked for: it installs other programs, or takes long. */
  readonly isOnRequest?: boolean;
  readonly run: (context: Context) => Promise<readonly Figure[]>;
}

/** Why an entry has no figures here, such as a machine without a browser. */
export class Skipped extends Error {}

export const atLeast = (value: number): Target => ({ value, better: 'more' });
export const atMost = (value: number): Target => ({ value, better: 'less' });

export interface Result {
  readonly entry: string;
  readonly figures: readonly Figure[];
  /** Set when it was skipped or broke off. */
  readonly trouble: string | null;
}

/** How often the figure holds the promise: 1 just does, 2 is twice as good, 0.5 half. */
export function ratioOf({ value, target }: Figure): number | null {
  if (!target) return null;
  if (target.better === 'more') return value / target.value;
  if (target.value === 0) return value === 0 ? 1 : 0; // None is the promise, and it is kept or it is not.
  return target.value / value;
}

export function tableOf(results: readonly Result[], machine: Machine): string {
  const rows = [['entry', 'figure', 'measured', 'target', 'ratio', 'note'], ...results.flatMap(rowsOf)];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  '));
  const { cores, memoryGiB, cpu, node, load, date } = machine;
  const where = `${date}, ${cores} cores (${cpu}), ${memoryGiB} GiB, Node ${node}, load ${load} before`;
  return [
    '',
    ...lines.map((line) => line.trimEnd()),
    '',
    where,
    'Ratio: 1.00 just keeps the promise, more is better.',
    '',
  ].join('\n');
}

function rowsOf({ entry, figures, trouble }: Result): string[][] {
  const rows = figures.map((figure) => {
    const { name, value, unit, target, note } = figure;
    const bound = target ? `${target.better === 'more' ? '≥' : '≤'} ${format(target.value)}` : '';
    return [entry, name, `${format(value)} ${unit}`.trim(), bound, formatRatio(ratioOf(figure)), note ?? ''];
  });
  return trouble === null ? rows : [...rows, [entry, '—', trouble, '', '', '']];
}

const pad = (cell: string, width: number, column: number) =>
  column >= 2 && column <= 4 ? cell.padStart(width) : cell.padEnd(width);

const formatRatio = (ratio: number | null): string => (ratio === null ? '' : ratio.toFixed(2));

function format(value: number): string {
  if (Number.isNaN(value)) return 'none';
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
