import type { ClientId, Fact } from '@rondo/protocol';
import type { Input } from './state.ts';

/** A part of an input that one transaction stores; most inputs are their own only part. */
export interface Part {
  readonly input: Input;
  /** Position of the input in its batch. */
  readonly index: number;
  readonly isWhole: boolean;
}

// Clients of one part: each is up to three rows, and others wait for them.
const clientsPerPart = 500;

/** The most that one transaction may store: about 100 ms of the embedded database. Weight 1 is a row or two. [B3] */
export const maxWeight = 10_000;
export const maxRuns = 200;

export const weightOf = ({ input }: Part): number => {
  if ('client_ids' in input && input.client_ids) return 1 + 5 * input.client_ids.length;
  // 10,000 of the longest messages would be 80 MB.
  if (input.type === 'log') return 1 + input.message.length / 500;
  return input.type === 'client_joined' ? 3 : 1;
};

/**
 * The inputs in parts that are small enough. Stored one after the other, the parts of a fact say what it says: facts may
 * be repeated, and a selection adds to the one before at the same moment. [F2]
 */
export function partsOf(inputs: readonly Input[]): Part[] {
  return inputs.flatMap((input, index): Part[] => {
    const pieces = isLarge(input) ? split(input) : [input];
    return pieces.map((piece) => ({ input: piece, index, isWhole: pieces.length === 1 }));
  });
}

type WithClients = Extract<Fact, { type: 'round_started' | 'client_presence' }>;

const isLarge = (input: Input): input is WithClients =>
  'client_ids' in input && (input.client_ids?.length ?? 0) > clientsPerPart;

function split(fact: WithClients): Input[] {
  const ids = [...new Set(fact.client_ids)];
  if (fact.type === 'round_started') {
    // From its first part on, the round has as many as it will have.
    const num_clients_expected = Math.max(fact.num_clients_expected ?? 0, ids.length);
    return chunksOf(ids).map((client_ids) => ({ ...fact, client_ids, num_clients_expected }));
  }
  const { client_ids, ...presence } = fact;
  const signs = ids.map(
    (client_id): Input => ({ type: 'client_heartbeat', run_id: fact.run_id, at: fact.at, client_id }),
  );
  return [...signs, { ...presence, num_connected: fact.num_connected ?? client_ids?.length }];
}

function chunksOf(ids: readonly ClientId[]): ClientId[][] {
  const count = Math.ceil(ids.length / clientsPerPart);
  return Array.from({ length: count }, (_, n) => ids.slice(n * clientsPerPart, (n + 1) * clientsPerPart));
}
