import { ChevronsUpDown } from 'lucide-react';
import { useLocation, useNavigate, useParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { runPath, tabOf } from '../../lib/run-tabs.ts';
import { Popover } from '../ui/Popover.tsx';
import { RunList } from './RunList.tsx';
import { texts } from './texts.ts';

/** Which run is on screen, and whether it was picked or is simply the newest. */
export function RunPicker() {
  const picked = useParams().run_id ?? null;
  const name = useFLData((state) => state.viewer.run?.name ?? null);
  const navigate = useNavigate();
  const title = name ?? picked ?? texts.none;
  // The same tab of another run: a reader of logs goes on reading logs.
  const tab = tabOf(useLocation().pathname) ?? '';
  const open = (run_id: string | null) =>
    void navigate(run_id === null ? (tab === 'metrics' ? '/series' : '/') : runPath(run_id, tab));

  return (
    <Popover
      label={texts.label}
      align="start"
      className="w-[min(360px,calc(100vw-24px))]"
      buttonProps={{
        look: 'quiet',
        className: 'max-w-full min-w-0 text-base font-semibold text-text',
        'aria-label': `Run ${title}. ${picked === null ? 'Following the newest.' : 'Picked.'} Change`,
        'data-testid': 'run-picker',
        'data-following': picked === null,
      }}
      face={
        <>
          <bdi className="truncate" title={picked ?? undefined}>
            {title}
          </bdi>
          <ChevronsUpDown aria-hidden size={14} className="shrink-0 text-muted" />
        </>
      }
    >
      {(close) => (
        <RunList
          picked={picked}
          onPick={(run_id) => {
            close();
            open(run_id);
          }}
        />
      )}
    </Popover>
  );
}
