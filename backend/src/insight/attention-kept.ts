import { type AttentionItem, limits, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type KeptAttention, type MuteRow, readKeptAttention, readMutes } from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import { itemsOfTroubles, worstFirst } from './attention-list.ts';
import { type Trouble, troubleRules } from './troubles.ts';

/** Parts that are read again within moments, so that a kept list that is out of date need not serve. */
const quickParts = 100_000;

interface Listed {
  readonly items: readonly AttentionItem[];
  readonly total: number;
  readonly muted_items: readonly AttentionItem[];
  readonly mutes: readonly MuteRow[];
}

interface Looked {
  readonly epoch: string;
  readonly seq: number;
  readonly fold: { readonly fromRound: number | null; readonly toRound: number | null; readonly numClients: number };
}

/** The list as it is kept for the next start of a server. Troubles of the server are of the moment. [G16] */
export function keptOf(run: { readonly run_id: RunId }, { epoch, seq, fold }: Looked, listed: Listed): KeptAttention {
  const own = listed.items.filter(({ rule }) => !(troubleRules as readonly string[]).includes(rule));
  return {
    run_id: run.run_id,
    epoch,
    seq,
    from_round: fold.fromRound,
    to_round: fold.toRound,
    num_clients: fold.numClients,
    items: own,
    total: listed.total - (listed.items.length - own.length),
    muted_items: [...listed.muted_items],
    mutes: listed.mutes.map(toMuted),
  };
}

/** The list from before this server started, unless the mutes have changed since or reading it again is quick. */
export async function readKept(db: Db, runId: RunId, troubles: readonly Trouble[]) {
  const run = await findRunRow(db, runId);
  const kept = run && (await readKeptAttention(db, runId));
  if (!run || kept?.epoch !== run.epoch) return undefined;
  const isOld = kept.seq < run.seq;
  if (isOld && run.num_clients * run.rounds_seen <= quickParts) return undefined;
  const mutes = await readMutes(db, runId);
  if (canonical(mutes.map(toMuted)) !== canonical(kept.mutes)) return undefined;
  const own = run.status === 'running' ? itemsOfTroubles(troubles) : [];
  const { from_round, to_round, num_clients, muted_items } = kept;
  const items = worstFirst([...own, ...kept.items]).slice(0, limits.attentionItems);
  const list = { items, total: kept.total + own.length, muted_items, mutes, from_round, to_round, num_clients };
  return { isOld, list };
}

const toMuted = ({ client_id, rule }: MuteRow) => ({ client_id, rule });

/** PostgreSQL keeps the keys of its JSON in an order of its own. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
