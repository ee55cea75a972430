/** The events of whole rounds, one second after the other, each with a result of every client. */
export function* roundEvents(
  run_id: string,
  clients: readonly string[],
  first: number,
  last: number,
): Iterable<object> {
  for (let round = first; round <= last; round++) {
    const at = new Date(Date.UTC(2026, 0, 1) + round * 1_000).toISOString();
    yield { type: 'round_started', run_id, at, round, client_ids: clients };
    for (const client_id of clients)
      yield { type: 'client_result', run_id, at, round, client_id, sample_count: 100, train_loss: 1 / round };
    yield { type: 'round_complete', run_id, at, round, global_loss: 1 / round };
  }
}
