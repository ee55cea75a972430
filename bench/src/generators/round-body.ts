// Seven digits each, so that a body keeps its length when its numbers change.
export const firstRound = 1_000_000;
const moment = '2026-01-01T00:00:00.000Z';
const round = '7777777';
const batch = 8_888_888;

interface Shape {
  readonly run_id: string;
  readonly reporter_id: string;
  readonly clients: number;
}

/**
 * The request body that reports one whole round: its start, a result of every client, its end. Made once; for each further
 * round only its digits are overwritten, because a generator that builds JSON measures itself.
 */
export class RoundBody {
  readonly bytes: Buffer;
  readonly #rounds: readonly number[];
  readonly #moments: readonly number[];
  readonly #batch: number;

  constructor(shape: Shape) {
    const text = JSON.stringify({ reporter_id: shape.reporter_id, batch, events: eventsOf(shape) });
    this.bytes = Buffer.from(text);
    this.#rounds = offsetsOf(text, `"round":${round}`, '"round":'.length);
    this.#moments = offsetsOf(text, moment, 0);
    this.#batch = text.indexOf(String(batch));
  }

  /** Rewrites it for another round. Numbers are those of `firstRound` and above. */
  set({ round, batch, at }: { readonly round: number; readonly batch: number; readonly at: string }): void {
    this.#write(this.#rounds, String(round));
    this.#write(this.#moments, at);
    this.#write([this.#batch], String(batch));
  }

  #write(offsets: readonly number[], text: string): void {
    for (const offset of offsets) this.bytes.write(text, offset, 'latin1');
  }
}

export function eventsOf({ run_id, clients }: Pick<Shape, 'run_id' | 'clients'>): object[] {
  const about = { run_id, at: moment, round: Number(round) };
  const client_ids = Array.from({ length: clients }, (_, n) => `client-${String(n).padStart(5, '0')}`);
  const results = client_ids.map((client_id, n) => ({
    type: 'client_result',
    ...about,
    client_id,
    sample_count: 100 + n,
    train_loss: 1 / (1 + n),
    metrics: { accuracy: 0.5 + n / 2_000 },
    duration_ms: 900 + n,
    bytes_up: 480_000,
    bytes_down: 480_000,
  }));
  return [
    { type: 'round_started', ...about, client_ids },
    ...results,
    { type: 'round_complete', ...about, global_loss: 0.5, global_accuracy: 0.9 },
  ];
}

function offsetsOf(text: string, wanted: string, shift: number): number[] {
  const offsets: number[] = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) offsets.push(at + shift);
  return offsets;
}
