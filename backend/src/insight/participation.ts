import { type ClientId, isRoundOver, outcomeCodes, type Participation, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { readClientsOf } from '../db/queries/insight.ts';
import { flag } from './columns.ts';
import { prepareRounds, readDerivedRounds } from './rounds.ts';
import { benjaminiHochberg, giniOf, jainIndex, normalTwoSided } from './statistics.ts';

/** The newest rounds that are looked at. */
const recentRounds = 1_000;
/** Fewer available rounds say nothing about a client. */
const leastAvailable = 10;
/** Of the clients that are named, so many in a hundred are named by chance. */
const falseShare = 0.05;
const maxListed = 200;

export interface Attended {
  readonly client_id: ClientId;
  /** After the first one, in which it was selected by definition. */
  readonly available: number;
  readonly selected: number;
  readonly counted: number;
}

type Judged = Omit<Participation, 'run_id' | 'num_rounds'>;

/**
 * Compares each client with a draw in which all that are there have the same chance p: its number of rounds has mean A·p
 * and variance A·p(1 − p). A client that joined late or went away is not called neglected, because A counts only the
 * rounds in which it was there. Benjamini and Hochberg's procedure bounds the share of false names (JRSS B 57, 1995).
 */
export function judgeParticipation(clients: readonly Attended[]): Judged {
  const sum = (of: (each: Attended) => number) => clients.reduce((total, each) => total + of(each), 0);
  const p =
    sum(({ available }) => available) === 0 ? 0 : sum(({ selected }) => selected) / sum(({ available }) => available);
  const isDrawn = p > 0 && p < 1;
  const judged = clients.map((each) => {
    const { available, selected, counted } = each;
    const isKnown = isDrawn && available >= leastAvailable;
    const z = isKnown ? (selected - available * p) / Math.sqrt(available * p * (1 - p)) : null;
    return {
      ...each,
      share: available === 0 ? null : Math.min(1, counted / available),
      z,
      p_value: z === null ? null : normalTwoSided(Math.abs(z)),
    };
  });
  const known = judged.filter(({ p_value }) => p_value !== null);
  const isNamed = benjaminiHochberg(
    known.map(({ p_value }) => p_value as number),
    falseShare,
  );
  const named = new Set(known.filter((_, at) => isNamed[at]).map(({ client_id }) => client_id));
  const items = judged
    .map((each) => ({ ...each, verdict: verdictOf(each.z, named.has(each.client_id)) }))
    .sort(leastSelectedFirst);
  const count = (verdict: string) => items.filter((each) => each.verdict === verdict).length;
  const shares = items.flatMap(({ share }) => share ?? []);
  const [under, over] = [count('under_selected'), count('over_selected')];
  return {
    jain_index: shares.length === 0 ? null : jainIndex(shares),
    gini: giniOf(shares),
    num_under_selected: under,
    num_over_selected: over,
    items: listed(items),
    total: items.length,
    sentence: sentenceOf(known.length, under, over, p),
  };
}

type Item = Participation['items'][number];

const leastSelectedFirst = (a: Item, b: Item): number =>
  (a.z ?? 0) - (b.z ?? 0) || (a.share ?? 1) - (b.share ?? 1) || (a.client_id < b.client_id ? -1 : 1);

const isNamed = ({ verdict }: Item): boolean => verdict === 'under_selected' || verdict === 'over_selected';

/** Of more clients than the list holds: those that are named, the most unusual of them, then the least selected. */
function listed(items: readonly Item[]): Item[] {
  const byName = items.filter(isNamed).sort((a, b) => Math.abs(b.z ?? 0) - Math.abs(a.z ?? 0));
  const others = items.filter((each) => !isNamed(each));
  return [...byName, ...others].slice(0, maxListed).sort(leastSelectedFirst);
}

function verdictOf(z: number | null, isNamed: boolean): Participation['items'][number]['verdict'] {
  if (z === null) return 'not_known';
  if (!isNamed) return 'as_expected';
  return z < 0 ? 'under_selected' : 'over_selected';
}

function sentenceOf(known: number, under: number, over: number, p: number): string {
  if (p >= 1) return 'Every client is selected in every round in which it is there.';
  if (known === 0) return `No client was there in ${leastAvailable} rounds, so selection cannot be judged.`;
  const clients = (n: number) => (n === 1 ? '1 client is' : `${n} clients are`);
  if (under + over === 0) return `None of ${known} clients is selected more or less often than chance explains.`;
  return `Of ${known} clients, ${clients(under)} selected less often than chance explains and ${over} more often; about one in twenty of them is named by chance.`;
}

/** How often each client takes part, of the rounds in which it was there. [G18] */
export async function readParticipation(db: Db, runId: RunId): Promise<Participation> {
  const prepared = await prepareRounds(db, runId, {}, recentRounds);
  const { ids } = prepared.numbers;
  const clients = await readClientsOf(db, runId);
  const [first, last] = [new Int32Array(ids.length).fill(-1), new Int32Array(ids.length).fill(-1)];
  const [selected, counted] = [new Int32Array(ids.length), new Int32Array(ids.length)];
  let rounds = 0;
  for await (const { row, columns } of readDerivedRounds(db, runId, prepared, [])) {
    const { client, outcome, flags } = columns;
    if (!isRoundOver(row) || client.length === 0) continue;
    for (let at = 0; at < client.length; at++) {
      const id = client[at] as number;
      last[id] = rounds;
      if ((first[id] as number) < 0) {
        first[id] = rounds;
        continue;
      }
      selected[id] = (selected[id] as number) + 1;
      const isCounted = outcome[at] === outcomeCodes.complete && ((flags[at] as number) & flag.late) === 0;
      counted[id] = (counted[id] as number) + Number(isCounted);
    }
    rounds += 1;
  }
  const attended = ids.flatMap((client_id, id): Attended[] => {
    if ((first[id] as number) < 0) return [];
    const until = clients.get(client_id)?.is_online ? rounds - 1 : (last[id] as number);
    const available = until - (first[id] as number);
    return [{ client_id, available, selected: selected[id] as number, counted: counted[id] as number }];
  });
  return { run_id: runId, num_rounds: rounds, ...judgeParticipation(attended) };
}
