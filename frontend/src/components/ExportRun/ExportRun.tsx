import type { Run } from '@rondo/protocol';
import { FileDown } from 'lucide-react';
import { useExportRun } from '../../hooks/useRunActs.ts';
import { Button } from '../ui/Button.tsx';

/** The whole run as one file, which another Rondo imports. */
export function ExportRun({ run }: { readonly run: Run }) {
  const [progress, exportRun] = useExportRun();
  const isBusy = progress.state === 'busy';
  const title = isBusy ? 'The run is being exported' : 'Export the whole run as one file';
  return (
    <>
      <Button
        look="quiet"
        size="smallIcon"
        aria-label={`Export ${run.name}`}
        title={title}
        disabled={isBusy}
        onClick={() => void exportRun(run.run_id)}
      >
        <FileDown aria-hidden size={14} />
      </Button>
      {progress.state === 'failed' && (
        <span role="alert" className="text-xs text-failed">
          {progress.detail}
        </span>
      )}
    </>
  );
}
