import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate, useParams } from 'react-router';
import { useTogglePast } from '../../hooks/useEnterPast.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useWall } from '../../hooks/useWall.ts';
import { copyText } from '../../lib/copy.ts';
import { runPath, runTabs, tabOf } from '../../lib/run-tabs.ts';
import { noKeys, pressKey, type ShortcutAction } from '../../lib/shortcuts.ts';
import { nextTheme, theme } from '../../lib/theme.ts';
import { Palette } from './Palette.tsx';
import { ShortcutHelp } from './ShortcutHelp.tsx';
import { areSingleKeysOn } from './single-keys.ts';

export type Overlay = 'palette' | 'help' | null;

interface ShortcutsProps {
  readonly overlay: Overlay;
  readonly onOverlay: (overlay: Overlay) => void;
}

const noticeMs = 3_000;

/** Listens for the keyboard shortcuts and shows the palette and the help. */
export function Shortcuts({ overlay, onOverlay }: ShortcutsProps) {
  const [notice, setNotice] = useState('');
  const run = useAction(onOverlay, setNotice);
  const latest = useRef({ overlay, run });
  useEffect(() => {
    latest.current = { overlay, run };
  });

  useEffect(() => {
    let keys = noKeys;
    const onKeyDown = (event: KeyboardEvent) => {
      const isModified = event.ctrlKey || event.metaKey;
      if (event.defaultPrevented || event.isComposing || event.repeat) return;
      if (!isModified && (isTyping(event.target) || isDialogOpen() || !areSingleKeysOn())) return;
      keys = pressKey(keys, event, event.timeStamp);
      if (keys.action === null) return;
      // Another dialog keeps its focus; only the palette itself is closed by the key that opened it.
      if (isModified && latest.current.overlay === null && isDialogOpen()) return;
      event.preventDefault();
      latest.current.run(keys.action);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);

  useEffect(() => {
    if (notice === '') return;
    const timer = setTimeout(() => setNotice(''), noticeMs);
    return () => clearTimeout(timer);
  }, [notice]);

  return (
    <>
      <Palette
        isOpen={overlay === 'palette'}
        onOpenChange={(isOpen) => onOverlay(isOpen ? 'palette' : null)}
        onAction={run}
      />
      <ShortcutHelp isOpen={overlay === 'help'} onOpenChange={(isOpen) => onOverlay(isOpen ? 'help' : null)} />
      <div
        role="status"
        data-testid="shortcuts"
        className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex justify-center"
      >
        {notice !== '' && <p className="panel px-3 py-1.5 text-sm shadow-lg">{notice}</p>}
      </div>
    </>
  );
}

/** Does what a shortcut or a line of the palette says. */
function useAction(onOverlay: (overlay: Overlay) => void, onNotice: (notice: string) => void) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const picked = useParams().run_id;
  const followed = useFLData((state) => state.viewer.run_id);
  const [isWall, setWall] = useWall();
  const togglePast = useTogglePast(picked ?? followed);
  return (action: ShortcutAction) => {
    if (action === 'palette' || action === 'help') return onOverlay(action);
    onOverlay(null);
    if (action === 'theme') return theme.choose(nextTheme[theme.read()]);
    if (action === 'wall') return setWall(!isWall);
    if (action === 'copy-link') {
      return void copyText(location.href).then(
        () => onNotice('The link is copied.'),
        () => onNotice('The browser does not let this page copy. Copy the address by hand.'),
      );
    }
    if (action === 'past') return tabOf(pathname) === null ? undefined : togglePast();
    if (action.startsWith('go:')) return void navigate(action.slice('go:'.length));
    const tab = runTabs[Number(action.slice('tab:'.length))];
    if (tab === undefined || tabOf(pathname) === null) return;
    const run_id = picked ?? followed;
    // The overview of the followed run keeps following.
    if (run_id === null || (picked === undefined && tab.key === '')) return void navigate('/');
    void navigate(runPath(run_id, tab.key));
  };
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.role === 'slider');

const isDialogOpen = (): boolean => document.querySelector('[role="dialog"], [role="alertdialog"]') !== null;
