import { useState } from 'react';
import { keyCaps, shortcuts } from '../../lib/shortcuts.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { KeyCaps } from './KeyCaps.tsx';
import { areSingleKeysOn, setSingleKeys } from './single-keys.ts';

interface ShortcutHelpProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

const groups = [...new Set(shortcuts.map(({ group }) => group))];

export function ShortcutHelp({ isOpen, onOpenChange }: ShortcutHelpProps) {
  const [isOn, setOn] = useState(areSingleKeysOn);
  const change = (next: boolean) => {
    setSingleKeys(next);
    setOn(next);
  };
  return (
    <Dialog isOpen={isOpen} onOpenChange={onOpenChange} title="Keyboard shortcuts">
      {groups.map((group) => (
        <section key={group} aria-labelledby={`shortcuts-${group}`}>
          <h3 id={`shortcuts-${group}`} className="mb-1 text-xs font-medium text-muted">
            {group}
          </h3>
          <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1 text-sm">
            {shortcuts
              .filter((shortcut) => shortcut.group === group)
              .map(({ keys, label }) => (
                <div key={keys} className="contents">
                  <dt className="text-soft">{label}</dt>
                  <dd>
                    <KeyCaps caps={keyCaps(keys, isMac)} />
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
      <label className="flex items-center gap-2 border-t border-line pt-3 text-sm text-soft">
        <input type="checkbox" checked={isOn} onChange={(event) => change(event.target.checked)} className="size-4" />
        Shortcuts of a single key are on
      </label>
    </Dialog>
  );
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
