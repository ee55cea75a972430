import { type Client, clientFace, currentRoundOf } from '@rondo/protocol';
import { useFLData } from '../../hooks/useFLData.ts';
import { useIsRunOver } from '../../hooks/useIsRunOver.ts';
import { useNow } from '../../hooks/useNow.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { serverNow } from '../../lib/clock.ts';
import { formatAgo, formatBytes, formatCount, noValue } from '../../lib/format.ts';
import { Detail, Details } from '../ui/Details.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { faceLooks, StatusGlyph } from '../ui/StatusGlyph.tsx';
import { ClientHistory } from './ClientHistory.tsx';

/** One client: what it is doing now, and what became of it in every round. */
export function ClientDrawer() {
  const selected = useFLData((state) => state.ui.selected_client);
  const client = useFLData((state) => (selected === null ? undefined : state.viewer.clients[selected]));
  const select = useSelectClient();
  if (!client) return null;
  return (
    <Dialog isOpen onOpenChange={() => select(null)} title={client.client_id} place="side" testId="client-drawer">
      <ClientDetails client={client} />
      <ClientHistory client_id={client.client_id} run_id={client.run_id} />
    </Dialog>
  );
}

function ClientDetails({ client }: { readonly client: Client }) {
  const round = useFLData((state) => currentRoundOf(state.viewer)?.round ?? null);
  const now = serverNow(useNow(1_000));
  const isRunOver = useIsRunOver();
  const face = clientFace(client, round, isRunOver);
  const { system } = client;
  return (
    <Details>
      <Detail name="State">
        <span className="flex items-center gap-1.5">
          <StatusGlyph face={face} />
          {faceLooks[face].label}
        </span>
      </Detail>
      <Detail name="Last heard">{formatAgo(Math.max(0, now - Date.parse(client.last_heartbeat)))}</Detail>
      <Detail name="Round">{client.current_round ?? noValue}</Detail>
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
          {value}
        </Detail>
      ))}
    </Details>
  );
}
