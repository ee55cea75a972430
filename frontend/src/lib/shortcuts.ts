/** Every keyboard shortcut once: the listener, the help and the palette read this table. */
export const shortcuts = [
  { keys: 'mod+k', action: 'palette', label: 'Search or jump to…', group: 'Everywhere' },
  { keys: '?', action: 'help', label: 'Show the keyboard shortcuts', group: 'Everywhere' },
  { keys: 'y', action: 'copy-link', label: 'Copy a link to this page', group: 'Everywhere' },
  { keys: 't', action: 'theme', label: 'Change the theme', group: 'Everywhere' },
  { keys: 'f', action: 'wall', label: 'Turn the wall display on or off', group: 'Everywhere' },
  { keys: 'g l', action: 'go:/', label: 'Go to Live', group: 'Go to' },
  { keys: 'g r', action: 'go:/runs', label: 'Go to Runs', group: 'Go to' },
  { keys: 'g m', action: 'go:/models', label: 'Go to Models', group: 'Go to' },
  { keys: 'g s', action: 'go:/settings', label: 'Go to Settings', group: 'Go to' },
  { keys: 'h', action: 'past', label: 'Go back in time, or back to live', group: 'In a run' },
  { keys: '1', action: 'tab:0', label: 'Overview of the run', group: 'In a run' },
  { keys: '2', action: 'tab:1', label: 'Rounds of the run', group: 'In a run' },
  { keys: '3', action: 'tab:2', label: 'Clients of the run', group: 'In a run' },
  { keys: '4', action: 'tab:3', label: 'Metrics of the run', group: 'In a run' },
  { keys: '5', action: 'tab:4', label: 'Models of the run', group: 'In a run' },
  { keys: '6', action: 'tab:5', label: 'Log of the run', group: 'In a run' },
  { keys: '7', action: 'tab:6', label: 'Config of the run', group: 'In a run' },
] as const;

export type ShortcutAction = (typeof shortcuts)[number]['action'];

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

export interface KeyState {
  /** The first key of a sequence such as `g r`, and when it was pressed. */
  readonly pending: { readonly key: string; readonly atMs: number } | null;
  readonly action: ShortcutAction | null;
}

export const noKeys: KeyState = { pending: null, action: null };

/** After this time the first key of a sequence counts no more. */
const sequenceMs = 1_500;

/** What one key press means after the keys before it. Keys with Alt belong to the browser. */
export function pressKey(before: KeyState, press: KeyPress, nowMs: number): KeyState {
  if (press.altKey) return noKeys;
  if (press.ctrlKey || press.metaKey) return { pending: null, action: actionOf(`mod+${press.key.toLowerCase()}`) };
  const first = before.pending !== null && nowMs - before.pending.atMs < sequenceMs ? before.pending.key : null;
  const whole = first === null ? null : actionOf(`${first} ${press.key}`);
  if (whole !== null) return { pending: null, action: whole };
  const isFirst = shortcuts.some(({ keys }) => keys.startsWith(`${press.key} `));
  return { pending: isFirst ? { key: press.key, atMs: nowMs } : null, action: actionOf(press.key) };
}

const actionOf = (keys: string): ShortcutAction | null =>
  shortcuts.find((shortcut) => shortcut.keys === keys)?.action ?? null;

/** The keys as they are written on a keyboard: `mod` is ⌘ on a Mac and Ctrl elsewhere. */
export const keyCaps = (keys: string, isMac: boolean): readonly string[] =>
  keys
    .split(/[ +]/)
    .map((key) => (key === 'mod' ? (isMac ? '⌘' : 'Ctrl') : key.length === 1 ? key.toUpperCase() : key));
