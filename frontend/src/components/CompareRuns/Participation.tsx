import { useMemo, useState } from 'react';
import { useParticipation } from '../../hooks/useCompared.ts';
import { plural } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import { xAxes } from '../ui/chart-view.ts';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { CompareChart } from './CompareChart.tsx';

/** Each run is a request of its own; more than this are made only when they are wanted. */
const mostUnasked = 12;

type ParticipationProps = Omit<Parameters<typeof CompareChart>[0], 'metric' | 'label' | 'series'>;

/** The share of the selected clients that returned, by round: a better curve may have had more of them. */
export function Participation(props: ParticipationProps) {
  const [isWanted, setWanted] = useState(props.runs.length <= mostUnasked);
  const ids = useMemo(() => props.runs.map(({ run_id }) => run_id as string), [props.runs]);
  const answer = useParticipation(isWanted ? ids : []);
  if (!isWanted) {
    return (
      <Panel title="Participation">
        <Button size="small" onClick={() => setWanted(true)}>
          Load the rounds of {plural(ids.length, 'run')}
        </Button>
      </Panel>
    );
  }
  // By round only: a zoom on another axis is not one of rounds.
  const isByRound = props.view.x.key === 'round';
  const byRound = xAxes.find(({ key }) => key === 'round') ?? props.view.x;
  const view = isByRound ? props.view : { ...props.view, x: byRound, zoom: null };
  return (
    <Loaded what="The participation" answer={answer}>
      {(series) => (
        <CompareChart
          {...props}
          view={view}
          onZoom={isByRound ? props.onZoom : () => {}}
          metric="participation"
          label="Participation"
          series={series}
        />
      )}
    </Loaded>
  );
}
