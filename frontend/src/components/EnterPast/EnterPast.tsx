import { History } from 'lucide-react';
import { useEnterPast } from '../../hooks/useEnterPast.ts';
import { Button } from '../ui/Button.tsx';

/** The way into the time machine; while it is open, its own bar leads out. */
export function EnterPast({ run_id }: { readonly run_id: string }) {
  const enter = useEnterPast(run_id);
  if (enter === null) return null;
  return (
    <Button look="quiet" size="smallIcon" aria-label="Go back in time" title="Go back in time (H)" onClick={enter}>
      <History aria-hidden size={14} />
    </Button>
  );
}
