import { useSearchParams } from 'react-router';
import { useModelDetail } from '../../hooks/useModels.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { DownloadModel } from '../DownloadModel/DownloadModel.tsx';
import { Alert } from '../ui/Alert.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { DeleteModel } from './DeleteModel.tsx';
import { ModelAliases } from './ModelAliases.tsx';
import { ModelFacts } from './ModelFacts.tsx';
import { ModelLineage } from './ModelLineage.tsx';
import { TensorTable } from './TensorTable.tsx';

/** One checkpoint: where it came from, what is in it, what it is called. Open while the address names it. */
export function ModelDrawer() {
  const [params, setParams] = useSearchParams();
  const version = params.get('model');
  const run_id = params.get('model_run');
  if (version === null) return null;
  const close = () =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete('model');
        next.delete('model_run');
        next.delete('beside');
        return next;
      },
      { replace: true, preventScrollReset: true },
    );
  return (
    <Dialog isOpen onOpenChange={close} title={version} place="panel" testId="model-drawer">
      <Contents key={JSON.stringify([run_id, version])} run_id={run_id} version={version} onGone={close} />
    </Dialog>
  );
}

interface ContentsProps {
  readonly run_id: string | null;
  readonly version: string;
  readonly onGone: () => void;
}

function Contents({ run_id, version, onGone }: ContentsProps) {
  const { data: model, error } = useModelDetail({ run_id, version });
  const isAdmin = useIsAdmin();
  const problem = useProblemDetail(error);
  if (!model) {
    if (problem !== null) return <Alert>This checkpoint could not be loaded. {problem}</Alert>;
    return (
      <div role="status" aria-label="Loading the checkpoint" className="flex flex-col gap-3">
        <Skeleton className="h-28" />
        <Skeleton className="h-48" />
      </div>
    );
  }
  return (
    <>
      {problem !== null && <Alert>What is shown may be out of date. {problem}</Alert>}
      <div className="flex flex-wrap items-center gap-3">
        <DownloadModel model={model} />
        {isAdmin && <DeleteModel model={model} onDeleted={onGone} />}
      </div>
      <ModelFacts model={model} />
      <ModelAliases model={model} isAdmin={isAdmin} />
      <ModelLineage model={model} />
      <TensorTable model={model} />
    </>
  );
}
