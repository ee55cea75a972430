import type { Client } from '@rondo/protocol';
import { ChevronDown, ChevronUp, Maximize2 } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { clientPath } from '../../lib/client-path.ts';
import { ClientAttention } from '../ClientAttention/ClientAttention.tsx';
import { ClientFacts } from '../ClientFacts/ClientFacts.tsx';
import { Button } from '../ui/Button.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Dialog } from '../ui/Dialog.tsx';
import { ClientHistory } from './ClientHistory.tsx';

/**
 * One client beside the page that lists it: what it does now, and what became of it in every round. Arrow up and down step
 * through the list, Enter opens its page.
 */
export function ClientDrawer() {
  const selected = useSearchParams()[0].get('client');
  const client = useFLData((state) => (selected === null ? undefined : state.viewer.clients[selected]));
  const select = useSelectClient();
  const navigate = useNavigate();
  const step = useStep(selected);
  if (!client) return null;
  const open = () => void navigate(clientPath(client.client_id, client.run_id));
  const onKeyDown = (event: KeyboardEvent) => {
    const isText = event.target instanceof HTMLElement && event.target.closest('a, button, input, [role="slider"]');
    if (isText && event.key === 'Enter') return;
    if (event.target instanceof HTMLElement && event.target.closest('[role="slider"], section[tabindex]')) return;
    const acts: Record<string, (() => void) | null> = {
      ArrowUp: step.previous,
      ArrowDown: step.next,
      Enter: open,
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <Dialog
      isOpen
      isPeek
      onOpenChange={() => select(null)}
      onKeyDown={onKeyDown}
      title={client.client_id}
      place="side"
      testId="client-drawer"
    >
      <div className="flex flex-wrap items-center gap-1.5">
        <Link
          to={clientPath(client.client_id, client.run_id)}
          className="inline-flex h-7 items-center gap-1.5 rounded-control border border-line px-2.5 text-xs text-soft hover:bg-raised hover:text-text"
        >
          <Maximize2 aria-hidden size={13} />
          Open its page
        </Link>
        <CopyButton text={location.href} what="to this view" label="Copy link" />
        <span className="ml-auto flex gap-1">
          <Button
            size="smallIcon"
            aria-label="The client before it in the list"
            title="Arrow up"
            disabled={step.previous === null}
            onClick={() => step.previous?.()}
          >
            <ChevronUp aria-hidden size={14} />
          </Button>
          <Button
            size="smallIcon"
            aria-label="The client after it in the list"
            title="Arrow down"
            disabled={step.next === null}
            onClick={() => step.next?.()}
          >
            <ChevronDown aria-hidden size={14} />
          </Button>
        </span>
      </div>
      <Contents key={client.client_id} client={client} />
    </Dialog>
  );
}

function Contents({ client }: { readonly client: Client }) {
  const { client_id, run_id } = client;
  return (
    <>
      <ClientFacts client={client} />
      <ClientAttention client_id={client_id} run_id={run_id} />
      <ClientHistory client_id={client_id} run_id={run_id} />
    </>
  );
}

/** To the neighbours in the list that the page shows; null where there is none. */
function useStep(selected: string | null) {
  const listed = useFLData((state) => state.ui.listed_clients);
  const select = useSelectClient();
  const at = selected === null ? -1 : listed.indexOf(selected);
  const to = (index: number) => {
    const id = at === -1 ? undefined : listed[index];
    return id === undefined ? null : () => select(id);
  };
  return { previous: to(at - 1), next: to(at + 1) };
}
