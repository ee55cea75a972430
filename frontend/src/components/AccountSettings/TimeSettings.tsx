import { useStoredChoice } from '../../hooks/useStoredChoice.ts';
import { formatMoment } from '../../lib/format.ts';
import { type TimeStyle, timeStyle } from '../../lib/time-style.ts';
import { Choice } from '../ui/Choice.tsx';
import { Panel } from '../ui/Panel.tsx';

const styles: readonly { readonly style: TimeStyle; readonly label: string }[] = [
  { style: 'local', label: 'Your own time' },
  { style: 'utc', label: 'UTC' },
  { style: 'relative', label: 'How long ago' },
];

/** How this browser writes moments. */
export function TimeSettings() {
  const [chosen, choose] = useStoredChoice(timeStyle);
  const example = new Date(Date.now() - 5_400_000).toISOString();
  return (
    <Panel title="Times">
      <fieldset className="flex flex-col gap-2">
        <legend className="sr-only">How times are written</legend>
        {styles.map(({ style, label }) => (
          <Choice
            key={style}
            type="radio"
            name="time-style"
            label={label}
            hint={formatMoment(example, { style })}
            checked={style === chosen}
            onChange={() => choose(style)}
          />
        ))}
      </fieldset>
    </Panel>
  );
}
