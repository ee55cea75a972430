import { type KeyboardEvent, useId, useState } from 'react';

/**
 * A text field with a list below it: the focus stays in the field, the arrows move through the list, Enter picks.
 * `label` names the list. The first that matches is active, so that typing and Enter is enough.
 */
export function useCombobox(label: string, keys: readonly string[], onPick: (key: string) => void) {
  const id = useId();
  const [wanted, setWanted] = useState<string | null>(null);
  const at = Math.max(0, wanted === null ? 0 : keys.indexOf(wanted));
  const idOf = (index: number) => `${id}-${index}`;
  const moves: Readonly<Record<string, (() => number) | undefined>> = {
    ArrowDown: () => (at + 1) % keys.length,
    ArrowUp: () => (at - 1 + keys.length) % keys.length,
    PageDown: () => Math.min(keys.length - 1, at + 8),
    PageUp: () => Math.max(0, at - 8),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const active = keys[at];
    if (active === undefined || event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      onPick(active);
      return;
    }
    const next = moves[event.key]?.();
    if (next === undefined) return;
    event.preventDefault();
    setWanted(keys[next] ?? null);
    document.getElementById(idOf(next))?.scrollIntoView({ block: 'nearest' });
  };
  return {
    field: {
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-expanded': keys.length > 0,
      'aria-controls': id,
      'aria-activedescendant': keys.length === 0 ? undefined : idOf(at),
      autoComplete: 'off',
      spellCheck: false,
      onKeyDown,
    },
    list: { id, role: 'listbox', 'aria-label': label },
    option: (index: number) => ({
      id: idOf(index),
      role: 'option',
      tabIndex: -1,
      'aria-selected': index === at,
      onPointerMove: () => setWanted(keys[index] ?? null),
      onClick: () => onPick(keys[index] as string),
    }),
  } as const;
}
