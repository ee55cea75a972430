import { accountOf, type HistoryPoint, isRoundOver, type Round } from '@rondo/protocol';
import { formatCount, formatNumber, formatPercent, formatPoints } from '../../lib/format.ts';
import { isPlottable, numberOf } from '../../lib/values.ts';

export interface Figure {
  /** `null` where there is nothing to show; `change` then says why. */
  readonly value: string | null;
  readonly of?: string;
  readonly change: string;
  readonly tone: 'plain' | 'good' | 'bad' | 'warning';
  /** NaN or an infinity. */
  readonly isOdd?: boolean;
}

interface Measure {
  readonly key: 'loss' | 'accuracy';
  readonly format: (value: number) => string;
  readonly formatChange: (difference: number) => string;
  /** Which way is better. */
  readonly better: 1 | -1;
}

/** A difference of two noisy numbers: two digits say what can be known of a small one. */
const formatDifference = (difference: number): string =>
  formatNumber(difference < 0.1 ? Number(difference.toPrecision(2)) : difference);

const loss: Measure = { key: 'loss', format: formatNumber, formatChange: formatDifference, better: -1 };
const accuracy: Measure = {
  key: 'accuracy',
  format: formatPercent,
  formatChange: (difference) => `${formatPoints(difference)}\u202fpp`,
  better: 1,
};

type Measured = (history: readonly HistoryPoint[], isRunOver?: boolean) => Figure;

export const lossFigure: Measured = (history, isRunOver = false) => measured(history, loss, isRunOver);
export const accuracyFigure: Measured = (history, isRunOver = false) => measured(history, accuracy, isRunOver);

function measured(history: readonly HistoryPoint[], measure: Measure, isRunOver: boolean): Figure {
  const points = history.flatMap((point) => {
    const value = numberOf(point[measure.key]);
    return value === null ? [] : [{ round: point.round, value }];
  });
  const last = points.at(-1);
  if (!last) {
    const change = `no round ${isRunOver ? 'reported' : 'has reported'} ${article[measure.key]}${isRunOver ? '' : ' yet'}`;
    return { value: null, change, tone: 'plain' };
  }
  const value = measure.format(last.value);
  if (!Number.isFinite(last.value)) {
    return { value, change: `in round ${last.round}: training may have diverged`, tone: 'warning', isOdd: true };
  }
  const finite = points.filter((point) => isPlottable(point.value));
  const best = finite.reduce((a, b) => ((b.value - a.value) * measure.better > 0 ? b : a));
  const before = finite.at(-2);
  if (!before) return { value, change: `first value, round ${last.round}`, tone: 'plain' };
  const difference = last.value - before.value;
  const bestWords = best.round === last.round ? 'best so far' : `best at ${best.round}`;
  if (difference === 0) return { value, change: `unchanged · ${bestWords}`, tone: 'plain' };
  return {
    value,
    change: `${difference > 0 ? '↑' : '↓'} ${measure.formatChange(Math.abs(difference))} · ${bestWords}`,
    tone: difference * measure.better > 0 ? 'good' : isNoise(finite.map((point) => point.value)) ? 'plain' : 'bad',
  };
}

/** Rounds of which the usual change is taken. */
const noiseRounds = 10;

/** The last change is not larger than changes of the rounds before it usually are: no reason to alarm. */
function isNoise(values: readonly number[]): boolean {
  const changes = values.slice(-noiseRounds - 2).map((value, at, all) => Math.abs(value - (all[at - 1] ?? value)));
  const last = changes.at(-1) ?? 0;
  const before = changes.slice(1, -1);
  if (before.length < 3) return false;
  return last <= 2 * Math.sqrt(before.reduce((sum, change) => sum + change ** 2, 0) / before.length);
}

const article = { loss: 'a loss', accuracy: 'an accuracy' } as const;

/** Enough rounds to even out a bad one, few enough to show a change. */
const participationRounds = 10;

/** Returned out of selected, over the newest finished rounds. */
export function participationFigure(newestFirst: readonly Round[]): Figure {
  const accounts = newestFirst.filter(isRoundOver).slice(0, participationRounds).map(accountOf);
  const all = accounts.reduce((sum, account) => sum + account.selected, 0);
  if (all === 0) return { value: null, change: 'no round has finished yet', tone: 'plain' };
  // What the FL server left open is neither returned nor lost. [B8]
  const selected = all - accounts.reduce((sum, account) => sum + account.unreported, 0);
  if (selected === 0) return { value: null, change: 'clients are not named (secure aggregation)', tone: 'plain' };
  const returned = accounts.reduce((sum, account) => sum + account.complete, 0);
  const lost = selected - returned;
  return {
    value: formatPercent(returned / selected),
    change:
      accounts.length === 1
        ? `${formatCount(lost)} lost in the last round`
        : `${formatCount(lost)} lost in ${accounts.length} rounds`,
    tone: 'plain',
  };
}
