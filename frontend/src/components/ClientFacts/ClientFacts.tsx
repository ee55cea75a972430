import { type Client, clientFace, currentRoundOf } from '@rondo/protocol';
import { useFLData } from '../../hooks/useFLData.ts';
import { useIsRunOver } from '../../hooks/useIsRunOver.ts';
import { useIsPast, useMoment } from '../../hooks/usePast.ts';
import { formatAgo, formatBytes, formatCount, formatPercent, noValue } from '../../lib/format.ts';
import { Detail, Details } from '../ui/Details.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { OutcomeText } from '../ui/OutcomeText.tsx';
import { StatusGlyph } from '../ui/StatusGlyph.tsx';

/** What a client does, and what became of its part: two things, of which neither hides the other. */
export function ClientFacts({ client, isRoomy = false }: { readonly client: Client; readonly isRoomy?: boolean }) {
  const now = useMoment(1_000);
  const isRunOver = useIsRunOver();
  const isPast = useIsPast();
  const { system } = client;
  return (
    <Details isRoomy={isRoomy}>
      <Detail name={client.current_round === null ? 'Part in a round' : `Part in round ${client.current_round}`}>
        <PartText client={client} />
      </Detail>
      <Detail name="Presence">
        {isRunOver || isPast ? (
          <span className="text-muted">{isPast ? 'has no history' : 'the run is over'}</span>
        ) : (
          <span className="flex items-center gap-1.5">
            <StatusGlyph face={client.is_online ? client.status : 'offline'} />
            {client.is_online ? `online, ${client.status}` : 'offline'}
            {client.is_online && client.progress !== null && client.status === 'training' && (
              <span className="text-muted">{formatPercent(client.progress, 0)}</span>
            )}
          </span>
        )}
      </Detail>
      <Detail name="Last heard">{formatAgo(Math.max(0, now - Date.parse(client.last_heartbeat)))}</Detail>
      <Detail name="Training loss">
        <MetricText value={client.train_loss} />
      </Detail>
      <Detail name="Data set">
        {client.dataset_size === null ? noValue : `${formatCount(client.dataset_size)} samples`}
      </Detail>
      {system?.cpu_percent !== undefined && <Detail name="CPU">{system.cpu_percent.toFixed(0)} %</Detail>}
      {system?.memory_bytes !== undefined && <Detail name="Memory">{formatBytes(system.memory_bytes)}</Detail>}
      {system?.gpu_percent !== undefined && <Detail name="GPU">{system.gpu_percent.toFixed(0)} %</Detail>}
      {Object.entries(client.labels).map(([name, value]) => (
        <Detail key={name} name={name}>
          <bdi>{value}</bdi>
        </Detail>
      ))}
    </Details>
  );
}

function PartText({ client }: { readonly client: Client }) {
  const round = useFLData((state) => currentRoundOf(state.viewer)?.round ?? null);
  const isRunOver = useIsRunOver();
  const face = clientFace(client, round, isRunOver);
  if (client.round_outcome === null) return <>{noValue}</>;
  // In a run that is over, an open part was never reported.
  return <OutcomeText outcome={face === 'unreported' ? 'unreported' : client.round_outcome} />;
}
