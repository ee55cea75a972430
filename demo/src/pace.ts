import { createRandom, normal } from './random.ts';

/** How a simulated client behaves over the whole run. */
export interface Traits {
  /** Its time for a part, as a multiple of the typical. */
  readonly slowness: number;
  readonly speed: 'fast' | 'medium' | 'slow';
}

/** The times of one client's round, in milliseconds after the round's start. */
export type Part =
  | { readonly outcome: 'complete'; readonly trainMs: number; readonly uploadMs: number }
  | { readonly outcome: 'failed'; readonly trainMs: number; readonly failsAtMs: number; readonly reason: string }
  | { readonly outcome: 'no_reply'; readonly trainMs: number; readonly silentAtMs: number };

/** A client's reported or known state at one moment of a round. */
export type Moment = { readonly atMs: number; readonly client_id: string } & (
  | { readonly kind: 'training'; readonly progress: number }
  | { readonly kind: 'uploading' }
  | { readonly kind: 'result' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'silent' }
);

// Together: a round of 30 takes 2 to 3 s, and one in six reaches its deadline because a client is silent.
const typicalTrainMs = 850;
const typicalUploadMs = 150;
export const deadlineMs = 4_500;
const failureChance = 0.015;
const silenceChance = 0.006;

export const leaveChance = 0.01;
export const returnChance = 0.25;

const failureReasons = ['out of memory', 'training data could not be read', 'connection reset while uploading'];

export function traitsOf(seed: number, client_id: string): Traits {
  const random = createRandom(seed, `traits ${client_id}`);
  const slowness = Math.min(3, Math.max(0.5, Math.exp(normal(random, 0, 0.5))));
  return { slowness, speed: slowness < 0.8 ? 'fast' : slowness < 1.5 ? 'medium' : 'slow' };
}

export function planPart(seed: number, client_id: string, round: number, { slowness }: Traits): Part {
  const random = createRandom(seed, `part ${client_id} ${round}`);
  const trainMs = typicalTrainMs * slowness * (0.85 + 0.3 * random());
  const uploadMs = typicalUploadMs * slowness * (0.5 + random());
  const fate = random();
  const atMs = trainMs * (0.1 + 0.8 * random());
  if (fate < failureChance) {
    const reason = failureReasons[Math.floor(random() * failureReasons.length)] as string;
    return { outcome: 'failed', trainMs, failsAtMs: atMs, reason };
  }
  if (fate < failureChance + silenceChance) return { outcome: 'no_reply', trainMs, silentAtMs: atMs };
  return { outcome: 'complete', trainMs, uploadMs };
}

/** Everything that will happen in a round unless it is stopped, in order of time. */
export function planRound(parts: ReadonlyMap<string, Part>): Moment[] {
  return [...parts].flatMap(([client_id, part]) => momentsOf(client_id, part)).sort((a, b) => a.atMs - b.atMs);
}

function momentsOf(client_id: string, part: Part): Moment[] {
  const endMs = lastMs(part);
  const training = [0, 0.25, 0.5, 0.75]
    .map((progress): Moment => ({ kind: 'training', client_id, atMs: part.trainMs * progress, progress }))
    .filter(({ atMs }) => atMs < endMs);
  switch (part.outcome) {
    case 'complete':
      return [
        ...training,
        { kind: 'uploading', client_id, atMs: part.trainMs },
        { kind: 'result', client_id, atMs: endMs },
      ];
    case 'failed':
      return [...training, { kind: 'failed', client_id, atMs: endMs, reason: part.reason }];
    case 'no_reply':
      return [...training, { kind: 'silent', client_id, atMs: endMs }];
    default:
      return part satisfies never;
  }
}

function lastMs(part: Part): number {
  if (part.outcome === 'complete') return part.trainMs + part.uploadMs;
  return part.outcome === 'failed' ? part.failsAtMs : part.silentAtMs;
}
