import { type Client, clientFace, currentRoundOf } from '@rondo/protocol';
import { useFLData } from '../../hooks/useFLData.ts';
import { useIsRunOver } from '../../hooks/useIsRunOver.ts';
import { formatPercent } from '../../lib/format.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { faceLooks, StatusGlyph } from '../ui/StatusGlyph.tsx';
import { isAway } from './is-away.ts';

/** Name and state of the client under the pointer or in focus, in one place instead of 10,000 tooltips. */
export function ClientReadout({ id }: { readonly id: string | null }) {
  const client = useFLData((state) => (id === null ? undefined : state.viewer.clients[id]));
  return (
    <p aria-hidden className="mt-3 flex h-4 items-center gap-1.5 overflow-hidden text-2xs whitespace-nowrap text-muted">
      {client ? <ClientWords client={client} /> : 'Point at a client for its state; open it for its history.'}
    </p>
  );
}

function ClientWords({ client }: { readonly client: Client }) {
  const round = useFLData((state) => currentRoundOf(state.viewer)?.round ?? null);
  const isRunOver = useIsRunOver();
  const face = clientFace(client, round, isRunOver);
  return (
    <>
      <StatusGlyph face={face} />
      <bdi className="truncate font-medium text-text">{client.client_id}</bdi>
      <span>
        {faceLooks[face].label}
        {isAway(client, face, isRunOver) && ', offline'}
        {client.progress !== null && face === 'training' && ` ${formatPercent(client.progress, 0)}`}
      </span>
      {client.train_loss !== null && (
        <span>
          · loss <MetricText value={client.train_loss} />
        </span>
      )}
    </>
  );
}
