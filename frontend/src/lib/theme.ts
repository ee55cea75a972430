export type Theme = 'system' | 'light' | 'dark';

/** The same key that `public/theme.js` reads before the first paint. */
const storageKey = 'rondo-theme';

/** The theme that the next press of the toggle chooses. */
export const nextTheme: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };

const listeners = new Set<() => void>();

export function readTheme(): Theme {
  const chosen = localStorage.getItem(storageKey);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function writeTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(storageKey);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(storageKey, theme);
    document.documentElement.dataset.theme = theme;
  }
  for (const listener of listeners) listener();
}

/** Calls back when the colours on screen change, by choice here or by the system's own setting. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  listeners.add(listener);
  system.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener('change', listener);
  };
}

/** The colour that a token stands for right now, for canvases, which cannot read CSS variables. */
export function readToken(name: string): string {
  // Through an element: the bare variable would still say "light-dark(…)".
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.documentElement.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** A colour of `readToken`, partly transparent. */
export const withAlpha = (colour: string, alpha: number): string =>
  colour.replace(/^rgb\(([^)]+)\)$/, (_, parts: string) => `rgba(${parts}, ${alpha})`);
