import type { Scope } from '../../hooks/usePeople.ts';

export const scopeWords: readonly { scope: Scope; label: string; hint: string }[] = [
  { scope: 'ingest', label: 'report', hint: 'rounds, clients, metrics and logs of runs' },
  { scope: 'models', label: 'store models', hint: 'upload checkpoints' },
];

export const describeScopes = (scopes: readonly Scope[]): string =>
  scopeWords
    .filter(({ scope }) => scopes.includes(scope))
    .map(({ label }) => label)
    .join(', ');
