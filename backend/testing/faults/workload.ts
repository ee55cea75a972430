import type { ReportedFact } from '@rondo/reporter';

/** What a workload reports, in the order in which it is reported. */
export type WorkloadFact = ReportedFact & { readonly type: string };

const stepsPerRound = 8;
const clients = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];

export const roundOf = (step: number): number => 1 + Math.floor(step / stepsPerRound);

/**
 * The reports of one step of a run: a metric point always, a log line now and then, and a part of the round: its start, the
 * result of a client, its end. They follow from the step alone, so what must be stored is known without a copy of it.
 */
export function factsOf(step: number): WorkloadFact[] {
  const round = roundOf(step);
  const place = step % stepsPerRound;
  const client_id = clients[place - 1];
  const facts: WorkloadFact[] = [];
  if (place === 0) facts.push({ type: 'round_started', round, client_ids: [...clients] });
  if (client_id !== undefined)
    facts.push({ type: 'client_result', round, client_id, sample_count: 10, train_loss: lossOf(step) });
  facts.push({ type: 'metric', name: 'progress', step, value: pointOf(step) });
  if (step % 3 === 0) facts.push({ type: 'log', level: 'info', message: `step ${step}` });
  if (place === stepsPerRound - 1) facts.push({ type: 'round_complete', round, global_loss: lossOf(step) });
  return facts;
}

const lossOf = (step: number): number => 1 / (1 + step);
const pointOf = (step: number): number => step / 7;

/** The names of what one read of a run has, with the values, so that a wrong value is a wrong name. */
export const nameOf = {
  point: (step: number, value: unknown) => `point ${step} = ${String(value)}`,
  line: (message: string) => `line ${message}`,
  round: (round: number) => `round ${round}`,
  end: (round: number) => `end of round ${round}`,
  anyResult: 'result ',
  result: (round: number, client: string, loss: unknown) => `result ${round} ${client} = ${String(loss)}`,
};

export function nameOfFact(fact: WorkloadFact): string {
  const said = fact as unknown as Record<string, unknown>;
  const round = Number(said.round);
  switch (fact.type) {
    case 'metric':
      return nameOf.point(Number(said.step), said.value);
    case 'log':
      return nameOf.line(String(said.message));
    case 'round_started':
      return nameOf.round(round);
    case 'round_complete':
      return nameOf.end(round);
    case 'client_result':
      return nameOf.result(round, String(said.client_id), said.train_loss);
    default:
      throw new Error(`a workload reports no ${fact.type}`);
  }
}
