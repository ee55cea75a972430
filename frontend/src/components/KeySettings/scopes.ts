import type { Scope } from '@rondo/protocol';

export const scopeWords: readonly { scope: Scope; label: string; hint: string }[] = [
  { scope: 'ingest', label: 'report', hint: 'rounds, clients, metrics and logs of runs' },
  { scope: 'models', label: 'store models', hint: 'upload checkpoints' },
  { scope: 'read', label: 'read', hint: 'what a viewer of its project sees' },
];

export const describeScopes = (scopes: readonly Scope[]): string =>
  scopeWords
    .filter(({ scope }) => scopes.includes(scope))
    .map(({ label }) => label)
    .join(', ');
