import { type Client, type ClientFace, clientFace, currentRoundOf, type Severity } from '@rondo/protocol';
import { memo } from 'react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useIsRunOver } from '../../hooks/useIsRunOver.ts';
import { classes } from '../../lib/classes.ts';
import { faceLooks, StatusGlyph } from '../ui/StatusGlyph.tsx';
import type { Density } from './density.ts';
import { isAway } from './is-away.ts';

interface ClientCellProps {
  readonly id: string;
  /** The part of the id in which it differs from its siblings. */
  readonly name: string;
  readonly look: Density['look'];
  readonly column: number;
  readonly isTabStop: boolean;
  /** The worst that the attention list says of it. */
  readonly severity: Severity | null;
  readonly onPoint: (id: string | null) => void;
  readonly onOpen: (id: string) => void;
}

/** One client. It selects itself, so it renders only when this client changes. */
export const ClientCell = memo(function ClientCell({
  id,
  name,
  look,
  column,
  isTabStop,
  severity,
  onPoint,
  onOpen,
}: ClientCellProps) {
  const client = useFLData((state) => state.viewer.clients[id]);
  const round = useFLData((state) => currentRoundOf(state.viewer)?.round ?? null);
  const isRunOver = useIsRunOver();
  if (!client) return null;
  const face = clientFace(client, round, isRunOver);
  const away = isAway(client, face, isRunOver);
  return (
    // biome-ignore lint/a11y/useSemanticElements: see VirtualGrid.
    <div role="gridcell" tabIndex={-1} aria-colindex={column} className="min-w-0">
      <button
        type="button"
        tabIndex={isTabStop ? 0 : -1}
        aria-label={`${id}: ${faceLooks[face].label}${away ? ', offline' : ''}${severity === null ? '' : `, needs attention: ${severity}`}`}
        data-testid="client-card"
        data-client={id}
        data-face={face}
        data-away={away}
        data-severity={severity ?? undefined}
        onClick={() => onOpen(id)}
        onPointerEnter={() => onPoint(id)}
        onFocus={() => onPoint(id)}
        onBlur={() => onPoint(null)}
        className={classes(
          'relative block h-full w-full overflow-hidden text-left',
          looks[look],
          away && 'border-dashed border-edge',
        )}
      >
        {look === 'card' && <Card client={client} name={name} face={face} isAway={away} />}
        {look === 'tile' && <Tile face={face} />}
        {severity !== null && severity !== 'info' && (
          <span
            aria-hidden
            className={classes('absolute top-0 left-0 [clip-path:polygon(0_0,100%_0,0_100%)]', corners[severity])}
          />
        )}
      </button>
    </div>
  );
});

/** A corner that is cut off: a shape beside the colour. */
const corners = {
  critical: 'size-3.5 bg-failed',
  warning: 'size-2.5 bg-no-reply',
} as const;

const looks: Record<Density['look'], string> = {
  card: 'rounded-control border border-line bg-raised hover:border-edge',
  tile: 'rounded-[4px] border border-line bg-raised hover:border-edge',
};

interface CardProps {
  readonly client: Client;
  readonly name: string;
  readonly face: ClientFace;
  readonly isAway: boolean;
}

function Card({ client, name, face, isAway: away }: CardProps) {
  const share = face === 'training' || face === 'uploading' ? (client.progress ?? 0) : 1;
  const hasBar = face !== 'idle' && face !== 'offline';
  return (
    <span className="block h-full px-1.5 pt-1">
      <span
        className={classes('flex text-2xs leading-4 whitespace-pre', face === 'offline' ? 'text-muted' : 'text-soft')}
      >
        <bdi className="truncate">{name}</bdi>
      </span>
      <span className="flex justify-end gap-1">
        {away && <StatusGlyph face="offline" size={11} />}
        <StatusGlyph face={face} size={11} />
      </span>
      {hasBar && (
        <span
          aria-hidden
          className={classes('absolute bottom-0 left-0 h-[3px] transition-[width] duration-300', faceLooks[face].fill)}
          style={{ width: `${share * 100}%` }}
        />
      )}
    </span>
  );
}

function Tile({ face }: { readonly face: ClientFace }) {
  return (
    <span className="flex h-full items-center justify-center">
      <StatusGlyph face={face} />
    </span>
  );
}
