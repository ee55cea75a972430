import { Undo2, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { type Notice, useNotices } from '../../hooks/useNotices.ts';
import { Button } from '../ui/Button.tsx';
import { texts } from './texts.ts';

/** Long enough to read and to reach by keyboard; it waits while the pointer or the focus is on it. */
const shownMs = 12_000;

/** What was just done, with the way back. */
export function Notices() {
  const { shown, dismiss } = useNotices();
  return (
    <section
      aria-label={texts.region}
      aria-live="polite"
      className="pointer-events-none fixed bottom-3 left-3 z-30 flex w-[min(420px,calc(100vw-24px))] flex-col gap-2"
    >
      {shown.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} onDismiss={() => dismiss(notice.id)} />
      ))}
    </section>
  );
}

function NoticeCard({ notice, onDismiss }: { readonly notice: Notice; readonly onDismiss: () => void }) {
  const [state, setState] = useState<'done' | 'busy' | 'undone' | 'failed'>('done');
  const [isHeld, setHeld] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a notice that says something new is shown as long again.
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(onDismiss, shownMs);
    return () => clearTimeout(timer);
  }, [isHeld, state, notice.id]);
  const undo = async () => {
    setState('busy');
    setState((await notice.undo?.()) ? 'undone' : 'failed');
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the pointer only keeps it on screen.
    <div
      data-testid="notice"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex items-center gap-2 rounded-panel border border-edge bg-raised py-2 pr-2 pl-3 text-sm shadow-lg"
    >
      <span dir="auto" className="min-w-0 grow break-words">
        {state === 'undone' ? texts.undone : state === 'failed' ? texts.failed : notice.text}
      </span>
      {notice.undo && (state === 'done' || state === 'busy') && (
        <Button size="small" disabled={state === 'busy'} onClick={() => void undo()}>
          <Undo2 aria-hidden size={14} />
          {texts.undo}
        </Button>
      )}
      <Button look="quiet" size="tinyIcon" aria-label={texts.dismiss} onClick={onDismiss}>
        <X aria-hidden size={14} />
      </Button>
    </div>
  );
}
