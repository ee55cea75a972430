import type { Alias, ModelDetail } from '@rondo/protocol';
import { useState } from 'react';
import { useAliases } from '../../hooks/useModels.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { formatMoment } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { AliasChip } from '../ui/AliasChip.tsx';
import { Button } from '../ui/Button.tsx';
import { Section } from '../ui/Section.tsx';
import { AliasAct, type AliasVerb } from './AliasAct.tsx';
import { SetAlias } from './SetAlias.tsx';

interface ModelAliasesProps {
  readonly model: ModelDetail;
  readonly isAdmin: boolean;
}

/** What this checkpoint is called beside its version, and, for an admin, the ways to change that. */
export function ModelAliases({ model, isAdmin }: ModelAliasesProps) {
  const { data, error } = useAliases(model.run_id);
  const [act, setAct] = useState<{ verb: AliasVerb; alias: Alias } | null>(null);
  const problem = useProblemDetail(error);
  const all = data?.items ?? [];
  const own = all.filter(({ version }) => version === model.version);
  return (
    <Section title="Aliases">
      {problem !== null && <Alert>The aliases could not be loaded. {problem}</Alert>}
      {data !== undefined && own.length === 0 && <p className="text-sm text-muted">None points at this version.</p>}
      <ul>
        {own.map((alias) => (
          <li
            key={alias.alias}
            className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-1.5 last:border-0"
          >
            <AliasChip alias={alias.alias} />
            <span className="min-w-0 grow text-xs text-muted">{describe(alias)}</span>
            {isAdmin && !alias.is_automatic && (
              <span className="flex gap-1.5">
                {alias.previous_version !== null && (
                  <Button size="small" onClick={() => setAct({ verb: 'rollback', alias })}>
                    Roll back…
                  </Button>
                )}
                <Button size="small" look="danger" onClick={() => setAct({ verb: 'delete', alias })}>
                  Remove…
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {isAdmin && data !== undefined && <SetAlias model={model} aliases={all} />}
      {act && <AliasAct {...act} run_id={model.run_id} onClose={() => setAct(null)} />}
    </Section>
  );
}

const describe = ({ set_at, set_by, is_automatic }: Alias): string =>
  is_automatic ? 'kept by the server' : `set ${formatMoment(set_at)}${set_by === null ? '' : ` by ${set_by}`}`;
