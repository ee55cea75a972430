import { Monitor, Moon, Sun } from 'lucide-react';
import { useTheme } from '../../hooks/useTheme.ts';
import type { Theme } from '../../lib/theme.ts';
import { Button } from '../ui/Button.tsx';

const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const icons = { system: Monitor, light: Sun, dark: Moon } as const;

export function ThemeToggle() {
  const [theme, setTheme] = useTheme();
  const Icon = icons[theme];
  const label = `Theme: ${theme}. Change to ${next[theme]}.`;
  return (
    <Button size="icon" aria-label={label} title={label} onClick={() => setTheme(next[theme])}>
      <Icon aria-hidden size={15} />
    </Button>
  );
}
