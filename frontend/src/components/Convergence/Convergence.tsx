import type { Convergence as Trend } from '@rondo/protocol';
import { CircleHelp, type LucideIcon, MoveRight, TrendingDown, TrendingUp } from 'lucide-react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useConvergence } from '../../hooks/useInsight.ts';
import { classes } from '../../lib/classes.ts';
import { formatCount, formatNumber } from '../../lib/format.ts';
import { formatDecimals } from '../../lib/locale.ts';
import { Detail, Details } from '../ui/Details.tsx';
import { Panel } from '../ui/Panel.tsx';
import { intervalPicture } from './interval-picture.ts';
import { texts } from './texts.ts';

/** Below this number of evaluations the server claims no plateau. [G17] */
const leastForPlateau = 20;

/** Does the run still learn? The server's statement with its evidence; hidden where no round has a loss or an accuracy. */
export function Convergence({ run_id }: { readonly run_id: string }) {
  const isRunning = useFLData(({ viewer }) => viewer.run?.status === 'running');
  const { data } = useConvergence(run_id, isRunning);
  if (data === undefined || data.run_id !== run_id || data.measure === null) return null;
  const { from_round, to_round } = data;
  return (
    <Panel
      title={texts.title}
      note={from_round !== null && to_round !== null && texts.rounds(from_round, to_round)}
      testId="convergence"
    >
      <div className="@container">
        <div className="gap-x-10 @min-[640px]:flex">
          <div className="@min-[640px]:w-2/5">
            <State trend={data} />
            <p className="mt-1 text-sm text-soft">{data.sentence}</p>
          </div>
          <Evidence trend={data} />
        </div>
      </div>
    </Panel>
  );
}

const looks: Readonly<Record<Trend['state'], { readonly text: string; readonly Icon: LucideIcon | null }>> = {
  improving: { text: 'text-returned', Icon: null },
  worsening: { text: 'text-failed', Icon: null },
  plateau: { text: 'text-text', Icon: MoveRight },
  not_known: { text: 'text-muted', Icon: CircleHelp },
};

function State({ trend: { state, slope } }: { readonly trend: Trend }) {
  const { text, Icon } = looks[state];
  // The arrow is that of the curve: a loss that improves falls.
  const Shown = Icon ?? ((slope ?? 0) < 0 ? TrendingDown : TrendingUp);
  return (
    <p data-state={state} className={classes('flex items-center gap-1.5 text-base font-semibold', text)}>
      <Shown aria-hidden size={15} />
      {texts.states[state]}
    </p>
  );
}

function Evidence({ trend }: { readonly trend: Trend }) {
  const { num_evaluations, slope, slope_low, slope_high, detectable_slope } = trend;
  if (slope === null || slope_low === null || slope_high === null) {
    return (
      <p className="mt-2 text-xs text-muted" data-testid="convergence-progress">
        {texts.progress(num_evaluations, leastForPlateau)}
      </p>
    );
  }
  const [low, middle, high] = [slope_low, slope, slope_high].map(figureFor(slope_low, slope_high)) as [
    string,
    string,
    string,
  ];
  return (
    <div className="mt-3 grow @min-[640px]:mt-0" title={texts.method}>
      <Interval low={slope_low} slope={slope} high={slope_high} words={texts.picture(low, high)} />
      <div className="mt-3">
        <Details isRoomy>
          <Detail name={texts.change}>{middle}</Detail>
          <Detail name={texts.interval}>{texts.between(low, high)}</Detail>
          {detectable_slope !== null && (
            <Detail name={texts.unseen}>{figureFor(slope_low, slope_high)(detectable_slope).replace('+', '')}</Detail>
          )}
          <Detail name={texts.evaluations}>{formatCount(num_evaluations)}</Detail>
        </Details>
      </div>
    </div>
  );
}

const fewestDecimals = 1e-6;

/** With the same decimals for all, two of the greatest: more would claim to know a slope better than its interval does. */
const figureFor = (low: number, high: number) => {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  const decimals = reach < fewestDecimals ? null : Math.max(0, 1 - Math.floor(Math.log10(reach)));
  return (value: number): string => {
    const size = decimals === null ? formatNumber(Math.abs(value)) : formatDecimals(Math.abs(value), decimals);
    return `${value < 0 ? '−' : '+'}${size}`;
  };
};

interface IntervalProps {
  readonly low: number;
  readonly slope: number;
  readonly high: number;
  readonly words: string;
}

/** The interval of the slope beside zero: what does not touch the middle line is a change. */
function Interval({ low, slope, high, words }: IntervalProps) {
  const { left, width, dot } = intervalPicture(low, slope, high);
  return (
    <div role="img" aria-label={words} className="relative h-4">
      <span className="absolute inset-x-0 top-1/2 border-t border-line" />
      <span className="absolute inset-y-0 left-1/2 border-l border-edge" />
      <span
        className="absolute top-1/2 h-1.5 -translate-y-1/2 rounded-full bg-accent/50"
        style={{ left: `${left}%`, width: `${width}%` }}
      />
      <span className="absolute top-1/2 size-2.5 -translate-1/2 rounded-full bg-accent" style={{ left: `${dot}%` }} />
    </div>
  );
}
