import { storedChoice } from './stored-choice.ts';

export type Theme = 'system' | 'light' | 'dark';

export const theme = storedChoice<Theme>({
  key: 'rondo-theme',
  values: ['system', 'light', 'dark'],
  attribute: 'theme',
});

/** The theme that the next press of the toggle chooses. */
export const nextTheme: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };

/** Calls back when the colours on screen change, by choice here or by the system's own setting. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const unsubscribe = theme.subscribe(listener);
  system.addEventListener('change', listener);
  return () => {
    unsubscribe();
    system.removeEventListener('change', listener);
  };
}

let system: MediaQueryList | undefined;
const known = new Map<string, string>();
let knownFor = '';

/** The colour that a token stands for right now, for canvases, which cannot read CSS variables. */
export function readToken(name: string): string {
  // To read one makes the browser compute styles, and a chart asks for some at every painting.
  system ??= matchMedia('(prefers-color-scheme: dark)');
  const shown = `${document.documentElement.dataset.theme} ${system.matches}`;
  if (shown !== knownFor) known.clear();
  knownFor = shown;
  const colour = known.get(name) ?? computeToken(name);
  known.set(name, colour);
  return colour;
}

function computeToken(name: string): string {
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
