import { useNewVersion } from '../../hooks/useNewVersion.ts';
import { Button } from '../ui/Button.tsx';

/** Says that this tab runs older code than the server hands out. The address is kept, as it holds the state. */
export function NewVersion() {
  if (!useNewVersion()) return null;
  return (
    <div
      role="status"
      data-testid="new-version"
      className="mb-4 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-panel border border-accent/60 bg-panel px-4 py-2.5 text-sm text-soft"
    >
      <p>A new version is running. Reload to use it; the address is kept.</p>
      <Button size="small" look="primary" onClick={() => location.reload()}>
        Reload
      </Button>
    </div>
  );
}
