import type { Alias } from '@rondo/protocol';
import { useDeleteAlias, useRollbackAlias, useSetAlias } from '../../hooks/useModels.ts';
import { useNotify } from '../../hooks/useNotices.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { texts } from './texts.ts';

export type AliasVerb = 'rollback' | 'delete';

interface AliasActProps {
  readonly verb: AliasVerb;
  readonly run_id: string;
  readonly alias: Alias;
  readonly onClose: () => void;
}

export function AliasAct({ verb, run_id, alias: { alias, version, previous_version }, onClose }: AliasActProps) {
  const [removing, remove] = useDeleteAlias();
  const [, set] = useSetAlias();
  const notify = useNotify();
  const [rolling, rollBack] = useRollbackAlias();
  if (verb === 'rollback') {
    return (
      <ConfirmDialog
        title={`Roll “${alias}” back?`}
        description={`It points at ${previous_version} again, as it did before.`}
        verb="Roll back"
        look="primary"
        progress={rolling}
        onConfirm={() => rollBack(run_id, alias)}
        onClose={onClose}
      />
    );
  }
  return (
    <ConfirmDialog
      title={`Remove “${alias}”?`}
      description="The checkpoint stays; a request for it by this name no longer finds it."
      verb="Remove"
      progress={removing}
      onConfirm={async () => {
        if (!(await remove(run_id, alias))) return false;
        notify({ text: texts.removed(alias), undo: () => set(run_id, alias, version) });
        return true;
      }}
      onClose={onClose}
    />
  );
}
