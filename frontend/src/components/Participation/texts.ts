import { formatCount, plural } from '../../lib/format.ts';

/** The words of the panel about participation. See docs/decisions/0045. */
export const texts = {
  title: 'Who takes part',
  note: (rounds: number) => `of the rounds in which each client was there, ${plural(rounds, 'round')}`,
  jain: 'Evenness (Jain)',
  gini: 'Inequality (Gini)',
  under: 'Less often than chance',
  over: 'More often than chance',
  verdicts: {
    under_selected: 'less often than chance explains',
    over_selected: 'more often than chance explains',
    as_expected: 'as expected',
    not_known: 'not judged',
  },
  columns: {
    client: 'Client',
    share: 'Counted',
    selectedRounds: 'Rounds selected',
    available: 'Rounds there',
    z: 'z',
    p_value: 'p',
    verdict: 'Is selected',
  },
  filter: 'Which clients',
  everyone: (count: number, total: number) =>
    count < total ? `${formatCount(count)} of ${plural(total, 'client')}` : plural(total, 'client'),
  filters: { named: 'named ones', all: 'all clients' },
  method:
    'Each client is compared with a draw in which all that are there have the same chance; Benjamini and Hochberg’s procedure at 5 %.',
  table: 'Participation of the clients',
} as const;
