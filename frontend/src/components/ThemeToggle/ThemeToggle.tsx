import { Monitor, Moon, Sun } from 'lucide-react';
import { useTheme } from '../../hooks/useTheme.ts';
import { nextTheme } from '../../lib/theme.ts';
import { Button } from '../ui/Button.tsx';

const icons = { system: Monitor, light: Sun, dark: Moon } as const;

export function ThemeToggle() {
  const [theme, setTheme] = useTheme();
  const Icon = icons[theme];
  const label = `Theme: ${theme}. Change to ${nextTheme[theme]}.`;
  return (
    <Button size="icon" aria-label={label} title={label} onClick={() => setTheme(nextTheme[theme])}>
      <Icon aria-hidden size={15} />
    </Button>
  );
}
