import type { Attention } from '@rondo/protocol';

/** Measured by `watch.simulation.test.ts`: rounds with a mark or drift in any of the three measures. */
export const budgetOf = (numClients: number): Attention['budget'] => ({
  false_marks_per_100_rounds: numClients < 10 ? 6 : 2,
  num_clients: numClients,
  statement: `In simulations of honest clients that differ for good, the statistics of three measures together marked one in at most ${numClients < 10 ? 'six' : 'two'} rounds of a hundred; noise that is skewed or that differs by client made that ${numClients < 10 ? 'ten' : 'six'}, and heavy tails ${numClients < 10 ? 'thirty' : 'twenty'}. Of threefold norms, 97 % were found in their first round; where tails are heavy or fifty clients and more differ in their noise, at most six in ten. Facts have no such margin. A client that copies the norms and the directions of the others is not seen: this list is no defence against an adaptive attacker.`,
});
