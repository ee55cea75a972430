import type { ApiKey } from '@rondo/protocol';
import { useRevokeKey } from '../../hooks/usePeople.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';

interface RevokeKeyProps {
  readonly apiKey: ApiKey;
  readonly onClose: () => void;
}

export function RevokeKey({ apiKey, onClose }: RevokeKeyProps) {
  const [progress, revoke] = useRevokeKey();
  return (
    <ConfirmDialog
      title={`Revoke “${apiKey.name}”?`}
      description="Reports with it are refused from now on. It cannot be restored; make another key instead."
      verb="Revoke it"
      progress={progress}
      onConfirm={() => revoke(apiKey.id)}
      onClose={onClose}
    />
  );
}
