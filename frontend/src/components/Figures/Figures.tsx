import { useFLData, useSlowFLData } from '../../hooks/useFLData.ts';
import { useIsRunOver } from '../../hooks/useIsRunOver.ts';
import { useIsPast } from '../../hooks/usePast.ts';
import { useRounds } from '../../hooks/useRounds.ts';
import { classes } from '../../lib/classes.ts';
import { formatCount } from '../../lib/format.ts';
import { accuracyFigure, type Figure, lossFigure, participationFigure } from './derive-figures.ts';

/** Is it learning, and with everyone? Four figures and how they change. */
export function Figures() {
  const history = useFLData((state) => state.viewer.metrics_history);
  const participation = participationFigure(useRounds());
  const isRunOver = useIsRunOver();
  const isPast = useIsPast();
  return (
    <div className="grid grid-cols-2 gap-3 md:grid-cols-4 md:gap-4">
      <FigureCard name="Global loss" figure={lossFigure(history, isRunOver)} />
      <FigureCard name="Accuracy" figure={accuracyFigure(history, isRunOver)} />
      {isPast ? <PartsFigure /> : isRunOver ? <LastPartsFigure /> : <OnlineFigure />}
      <FigureCard name="Participation" figure={participation} />
    </div>
  );
}

interface Online {
  readonly online: number;
  readonly total: number;
}

const isSame = (a: Online, b: Online): boolean => a.online === b.online && a.total === b.total;

function OnlineFigure() {
  const { online, total } = useSlowFLData<Online>(
    ({ viewer }) => {
      const clients = Object.values(viewer.clients);
      return { online: clients.filter((client) => client.is_online).length, total: clients.length };
    },
    500,
    isSame,
    [],
  );
  const away = total - online;
  const figure: Figure =
    total === 0
      ? { value: null, change: 'no client has joined yet', tone: 'plain' }
      : {
          value: formatCount(online),
          of: `of ${formatCount(total)}`,
          change: away === 0 ? 'all are online' : `${formatCount(away)} offline`,
          tone: away === 0 ? 'good' : 'warning',
        };
  return <FigureCard name="Clients online" figure={figure} />;
}

/** At an earlier moment: presence has no history, parts have. */
function PartsFigure() {
  const { online: open, total } = useSlowFLData<Online>(
    ({ viewer }) => {
      const clients = Object.values(viewer.clients);
      return { online: clients.filter((client) => client.round_outcome === 'pending').length, total: clients.length };
    },
    500,
    isSame,
    [],
  );
  const figure: Figure =
    total === 0
      ? { value: null, change: 'no client was known yet', tone: 'plain' }
      : {
          value: formatCount(total),
          change: open === 0 ? 'none was awaited' : `${formatCount(open)} awaited`,
          tone: 'plain',
        };
  return <FigureCard name="Clients" figure={figure} />;
}

interface LastParts {
  readonly total: number;
  readonly lost: number;
}

/** Of a run that is over: no client is expected to be online, so what counts is what they last returned. [B7] */
function LastPartsFigure() {
  const { total, lost } = useSlowFLData<LastParts>(
    ({ viewer }) => {
      const clients = Object.values(viewer.clients);
      const lost = clients.filter(({ round_outcome }) => round_outcome !== null && round_outcome !== 'complete');
      return { total: clients.length, lost: lost.length };
    },
    500,
    (a, b) => a.total === b.total && a.lost === b.lost,
    [],
  );
  const figure: Figure =
    total === 0
      ? { value: null, change: 'no client was named', tone: 'plain' }
      : {
          value: formatCount(total),
          change:
            lost === 0 ? 'all returned in their last round' : `${formatCount(lost)} did not return in their last round`,
          tone: 'plain',
        };
  return <FigureCard name="Clients" figure={figure} />;
}

const tones: Record<Figure['tone'], string> = {
  plain: 'text-muted',
  good: 'text-returned',
  bad: 'text-failed',
  warning: 'text-no-reply',
};

function FigureCard({ name, figure }: { readonly name: string; readonly figure: Figure }) {
  return (
    <section aria-label={name} className="panel min-w-0 px-4 py-3.5 xl:max-2xl:px-3">
      <h2 className="text-xs font-medium text-muted">{name}</h2>
      <p className="mt-1 flex flex-wrap items-baseline gap-x-1.5 text-[22px] leading-7 font-semibold">
        <span className={classes(figure.value === null && 'text-faint', figure.isOdd && 'text-no-reply')}>
          {figure.value ?? '—'}
        </span>
        {figure.of !== undefined && (
          <span className="text-xs leading-5 font-normal whitespace-nowrap text-muted">{figure.of}</span>
        )}
      </p>
      <p className={classes('text-xs', tones[figure.tone])}>
        <Change text={figure.change} />
      </p>
    </section>
  );
}

/** A line breaks between its parts, not within one. */
function Change({ text }: { readonly text: string }) {
  const [first, second] = text.split(' · ');
  if (second === undefined) return text;
  return (
    <>
      <span className="whitespace-nowrap">{first}</span> · <span className="whitespace-nowrap">{second}</span>
    </>
  );
}
