import type { Attention } from '@rondo/protocol';

/** Rounds of a hundred with a false mark or drift in any of the three measures, at most: below ten clients, and from ten. */
export const falseRounds = {
  /** Clients that differ for good, with noise of one size. */
  lasting: { few: 6, many: 2 },
  /** Noise that is skewed, or that differs by client. */
  noisy: { few: 10, many: 6 },
  heavyTails: { few: 33, many: 22 },
} as const;

/** `watch.simulation.test.ts` measures what is stated here; `npm run simulate` does so with twenty times as many rounds. */
export function budgetOf(numClients: number): Attention['budget'] {
  const of = ({ few, many }: { readonly few: number; readonly many: number }) => (numClients < 10 ? few : many);
  const { lasting, noisy, heavyTails } = falseRounds;
  return {
    false_marks_per_100_rounds: of(lasting),
    num_clients: numClients,
    statement: `In simulations of honest clients that differ for good, the statistics of three measures together marked one in at most ${of(lasting)} rounds of a hundred. Noise that is skewed or that differs by client made that ${of(noisy)}, and heavy tails ${of(heavyTails)}. Of threefold norms, 95 in a hundred or more were found in their first round, and of twofold norms four to seven in ten. Where fifty clients or more differ in their noise at most six in ten threefold norms were found, and where the tails of so many are heavy hardly any. Facts have no such margin. A client that copies the norms and the directions of the others is not seen: this list is no defence against an adaptive attacker.`,
  };
}
