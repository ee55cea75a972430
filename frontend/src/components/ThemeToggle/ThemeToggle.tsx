import { Monitor, Moon, Sun } from 'lucide-react';
import { useStoredChoice } from '../../hooks/useStoredChoice.ts';
import { nextTheme, theme } from '../../lib/theme.ts';
import { Button } from '../ui/Button.tsx';

const icons = { system: Monitor, light: Sun, dark: Moon } as const;

export function ThemeToggle() {
  const [chosen, choose] = useStoredChoice(theme);
  const Icon = icons[chosen];
  const label = `Theme: ${chosen}. Change to ${nextTheme[chosen]}.`;
  return (
    <Button size="icon" aria-label={label} title={label} onClick={() => choose(nextTheme[chosen])}>
      <Icon aria-hidden size={15} />
    </Button>
  );
}
