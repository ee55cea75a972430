import { useDeleteAlias, useRollbackAlias } from '../../hooks/useModels.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';

export type AliasVerb = 'rollback' | 'delete';

interface AliasActProps {
  readonly verb: AliasVerb;
  readonly run_id: string;
  readonly alias: string;
  readonly onClose: () => void;
}

const words = {
  rollback: {
    title: (alias: string) => `Roll back “${alias}”?`,
    description: 'It points again at the version that it had before this one.',
    verb: 'Roll back',
  },
  delete: {
    title: (alias: string) => `Remove “${alias}”?`,
    description: 'The checkpoint stays; whoever asks for it by this name no longer finds it.',
    verb: 'Remove',
  },
} as const;

export function AliasAct({ verb, run_id, alias, onClose }: AliasActProps) {
  const [removing, remove] = useDeleteAlias();
  const [rolling, rollBack] = useRollbackAlias();
  const { title, description, verb: label } = words[verb];
  return (
    <ConfirmDialog
      title={title(alias)}
      description={description}
      verb={label}
      look={verb === 'delete' ? 'danger' : 'primary'}
      progress={verb === 'delete' ? removing : rolling}
      onConfirm={() => (verb === 'delete' ? remove(run_id, alias) : rollBack(run_id, alias))}
      onClose={onClose}
    />
  );
}
