import { type HistoryPoint, isRoundOver, type Round, type RunDispersion } from '@rondo/protocol';
import type { Band, ChartMark, Line } from '../../charts/types.ts';
import { formatNumber, formatPercent } from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';
import { linesOf } from './history-lines.ts';

type Figures = NonNullable<RunDispersion['items'][number]['dispersion']>;

export interface OverviewInput {
  readonly history: readonly HistoryPoint[];
  /** How the clients are spread; null shows no band. */
  readonly dispersion: RunDispersion | null;
  /** Where each round is on the axis; null is by round. */
  readonly axis: ReadonlyMap<number, number> | null;
  /** The rounds that the stream keeps, for the reasons of those that failed. */
  readonly rounds: Readonly<Record<number, Round>>;
  readonly checkpoints: readonly { readonly round: number | null; readonly version: string }[];
}

/** The training curve with its band and its marks, at places of x that rise. */
export interface Overview {
  readonly x: readonly number[];
  readonly rounds: readonly number[];
  readonly history: readonly HistoryPoint[];
  readonly spread: readonly (Figures | null)[];
  readonly lines: readonly Line[];
  readonly bands: readonly Band[];
  readonly marks: readonly ChartMark[];
}

/** Shares of one are drawn on the right, with the accuracy. */
export const isShareMeasure = (measure: string): boolean => /acc(uracy)?$|auc$|f1/i.test(measure);

export function overviewOf(input: OverviewInput): Overview {
  const { dispersion, axis } = input;
  const byRound = new Map(input.history.map((point) => [point.round as number, point]));
  const spreads = new Map((dispersion?.items ?? []).map((item) => [item.round as number, item]));
  const ended = endsOf(input);
  // A round that failed reported no value, and has a place all the same.
  const rounds = [...new Set([...byRound.keys(), ...ended.keys()])].sort((a, b) => a - b);
  const placed = rounds
    .map((round) => ({ round, x: axis === null ? round : (axis.get(round) ?? null) }))
    .filter((each): each is { round: number; x: number } => each.x !== null)
    .sort((a, b) => a.x - b.x);
  const history = placed.map(
    ({ round }) => byRound.get(round) ?? ({ round, loss: null, accuracy: null } as HistoryPoint),
  );
  const spread = placed.map(({ round }) => spreads.get(round)?.dispersion ?? null);
  const hasSpread = dispersion !== null && spread.some((each) => each !== null);
  const place = new Map(placed.map(({ round, x }) => [round, x]));
  return {
    x: placed.map(({ x }) => x),
    rounds: placed.map(({ round }) => round),
    history,
    spread,
    lines: [...linesOf(history), ...(hasSpread ? spreadLines(dispersion.measure, spread) : [])],
    bands: hasSpread
      ? [{ upper: 'q3', lower: 'q1', token: isShareMeasure(dispersion.measure) ? '--accuracy' : '--loss' }]
      : [],
    marks: marksOf(input, ended, place),
  };
}

/** Rounds that did not complete, with their reasons where they are known. */
function endsOf({
  dispersion,
  rounds,
}: OverviewInput): ReadonlyMap<number, { status: 'failed' | 'stopped'; text: string }> {
  const ends = new Map<number, { status: 'failed' | 'stopped'; text: string }>();
  const note = (round: number, status: string, reason: string | null) => {
    if (status !== 'failed' && status !== 'stopped') return;
    ends.set(round, { status, text: `round ${round} ${status}${reason === null ? '' : `: ${reason.split('\n')[0]}`}` });
  };
  for (const { round, status } of dispersion?.items ?? []) note(round, status, null);
  for (const round of Object.values(rounds)) if (isRoundOver(round)) note(round.round, round.status, round.reason);
  return ends;
}

function marksOf(
  { history, checkpoints }: OverviewInput,
  ended: ReturnType<typeof endsOf>,
  place: ReadonlyMap<number, number>,
): ChartMark[] {
  const marks: ChartMark[] = [];
  const add = (round: number, kind: ChartMark['kind'], text: string) => {
    const x = place.get(round);
    if (x !== undefined) marks.push({ x, kind, text });
  };
  for (const [round, { status, text }] of ended) add(round, status, text);
  for (const { round, loss, accuracy } of history) {
    for (const [name, value] of [
      ['loss', numberOf(loss)],
      ['accuracy', numberOf(accuracy)],
    ] as const) {
      if (value !== null && !Number.isFinite(value)) add(round, 'not_finite', `${name} is ${formatNumber(value)}`);
    }
  }
  for (const { round, version } of checkpoints) if (round !== null) add(round, 'checkpoint', `checkpoint ${version}`);
  return marks;
}

function spreadLines(measure: string, spread: readonly (Figures | null)[]): Line[] {
  const isShare = isShareMeasure(measure);
  const like = linesOf([{ round: 0, loss: 0, accuracy: 0 } as unknown as HistoryPoint]).find(
    ({ axis }) => axis === (isShare ? 'right' : 'left'),
  ) as Line;
  const line = (key: string, label: string, look: Line['look'], read: (figures: Figures) => number): Line => ({
    ...like,
    key,
    label,
    look: look ?? 'thin',
    values: spread.map((figures) => (figures === null ? null : read(figures))),
  });
  return [
    line('q1', 'lower quartile', 'edge', ({ q1 }) => q1),
    line('q3', 'upper quartile', 'edge', ({ q3 }) => q3),
    line('worst_tenth', 'worst tenth', 'thin', ({ worst_tenth_mean }) => worst_tenth_mean),
  ];
}

/** The spread of the clients at one round, in words. */
export function spreadRows(measure: string, figures: Figures): readonly { label: string; text: string }[] {
  const format = isShareMeasure(measure) ? (value: number) => formatPercent(value) : formatNumber;
  return [
    { label: `median of ${figures.n} clients`, text: format(figures.median) },
    { label: 'quartiles', text: `${format(figures.q1)} to ${format(figures.q3)}` },
    { label: 'worst tenth', text: format(figures.worst_tenth_mean) },
  ];
}
