import type { Run, RunCondition } from '@rondo/protocol';

export const conditionWords: Readonly<Record<RunCondition['state'], string>> = {
  healthy: 'healthy',
  waiting_for_clients: 'waiting for clients',
  overdue: 'overdue',
  silent: 'FL server silent',
};

/** What is wrong with a run that is running; null when nothing is. It stands beside the status, never instead of it. */
export function troubleOf({ status, condition }: Pick<Run, 'status' | 'condition'>): RunCondition | null {
  return status === 'running' && condition !== null && condition.state !== 'healthy' ? condition : null;
}

export type RunTone = 'good' | 'plain' | 'warning' | 'bad';

const toneOfStatus: Readonly<Record<Run['status'], RunTone>> = {
  running: 'good',
  complete: 'plain',
  failed: 'bad',
  stopped: 'warning',
};

/** A run in trouble never has the tone of a healthy one. */
export const toneOf = (run: Parameters<typeof troubleOf>[0]): RunTone =>
  troubleOf(run) === null ? toneOfStatus[run.status] : 'warning';

/** What a browser tab says of a run: `R12/100 · overdue · edge-fleet · Rondo`. */
export function runTitle(run: Run): string {
  const trouble = troubleOf(run);
  const round = run.current_round === null ? null : `R${run.current_round}${roundsOf(run)}`;
  const state = trouble === null ? run.status : conditionWords[trouble.state];
  return [round, state, isolate(run.name), 'Rondo'].filter((part) => part !== null).join(' · ');
}

/** A name with a right-to-left override in it must not turn the rest of the title around. */
const isolate = (name: string): string =>
  /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufeff]/.test(name) ? `\u2068${name}\u2069` : name;

const roundsOf = ({ num_rounds }: Run): string => (num_rounds === null ? '' : `/${num_rounds}`);

const dotColours: Readonly<Record<RunTone, string>> = {
  good: '#2fb583',
  plain: '#7d8796',
  warning: '#e6a23c',
  bad: '#e0584e',
};

/** The icon of the tab with a dot in the colour of the run's state. The title says the state in words. */
export function faviconOf(tone: RunTone): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none"><path d="M25.2 9.4A11.4 11.4 0 1 0 27.4 16" stroke="#5b86f0" stroke-width="3.6" stroke-linecap="round"/><circle cx="25" cy="25" r="7" fill="${dotColours[tone]}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
