import { formatCount, plural } from '../../lib/format.ts';

/** The words of the panel about convergence. See docs/decisions/0045. */
export const texts = {
  title: 'Convergence',
  states: { improving: 'improving', worsening: 'worsening', plateau: 'no change seen', not_known: 'not known yet' },
  rounds: (from: number, to: number) => `rounds ${formatCount(from)} to ${formatCount(to)}`,
  change: 'Change a round',
  interval: '95 % between',
  between: (low: string, high: string) => `${low} and ${high}`,
  unseen: 'Unseen if smaller',
  evaluations: 'Evaluations',
  method: 'Theil–Sen slope of the newest 50 evaluations at most; interval by Kendall’s statistic',
  picture: (low: string, high: string) =>
    `The change a round lies between ${low} and ${high}; the line in the middle is no change.`,
  progress: (have: number, need: number) => `${formatCount(have)} of ${plural(need, 'evaluation')}`,
} as const;
