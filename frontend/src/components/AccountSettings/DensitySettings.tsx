import { useStoredChoice } from '../../hooks/useStoredChoice.ts';
import { type Density, density } from '../../lib/density.ts';
import { Choice } from '../ui/Choice.tsx';
import { Panel } from '../ui/Panel.tsx';
import { texts } from './texts.ts';

const densities: readonly Density[] = ['comfortable', 'compact'];

/** How much room the rows of tables and lists have in this browser. */
export function DensitySettings() {
  const [chosen, choose] = useStoredChoice(density);
  return (
    <Panel title={texts.density.title}>
      <fieldset className="flex flex-col gap-2">
        <legend className="sr-only">{texts.density.legend}</legend>
        {densities.map((each) => (
          <Choice
            key={each}
            type="radio"
            name="density"
            label={texts.density.names[each]}
            hint={texts.density.hints[each]}
            checked={each === chosen}
            onChange={() => choose(each)}
          />
        ))}
      </fieldset>
    </Panel>
  );
}
