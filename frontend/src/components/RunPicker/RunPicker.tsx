import { Check, ChevronsUpDown, Radio } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useFLData, useRuns } from '../../hooks/useFLData.ts';
import { Button } from '../ui/Button.tsx';
import { RunList } from './RunList.tsx';

/** Which run is on screen, and whether it was picked or is simply the newest. */
export function RunPicker() {
  const picked = useParams().run_id ?? null;
  const name = useFLData((state) => state.viewer.run?.name ?? null);
  const [isOpen, setOpen] = useState(false);
  const runs = useRuns();
  const navigate = useNavigate();
  const items = runs.data?.items ?? [];
  const title = name ?? items.find((run) => run.run_id === picked)?.name ?? picked ?? 'No run yet';

  const open = (run_id: string | null) => {
    setOpen(false);
    void navigate(run_id === null ? '/' : `/runs/${encodeURIComponent(run_id)}`);
  };

  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button
          look="quiet"
          className="min-w-0 shrink text-base font-semibold text-text"
          aria-label={`Run ${title}. ${picked === null ? 'Following the newest.' : 'Picked.'} Change`}
          data-testid="run-picker"
          data-following={picked === null}
        >
          <span className="truncate">{title}</span>
          <ChevronsUpDown aria-hidden size={14} className="shrink-0 text-muted" />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={6}
          aria-label="Pick a run"
          className="panel z-50 w-[min(360px,calc(100vw-24px))] p-1.5 text-text"
        >
          <Button
            look="quiet"
            className="w-full justify-start gap-2 text-text"
            aria-pressed={picked === null}
            onClick={() => open(null)}
          >
            <Radio aria-hidden size={14} className="text-accent" />
            Follow the newest run
            {picked === null && <Check aria-hidden size={14} className="ml-auto" />}
          </Button>
          <div className="my-1.5 h-px bg-line" />
          <RunList
            runs={items}
            picked={picked}
            isLoading={runs.isLoading}
            hasFailed={runs.error !== undefined}
            onPick={open}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
