import { useDensity } from '../../hooks/useDensity.ts';
import type { Density } from '../../lib/density.ts';
import { Choice } from '../ui/Choice.tsx';
import { Panel } from '../ui/Panel.tsx';
import { texts } from './texts.ts';

const densities: readonly Density[] = ['comfortable', 'compact'];

/** How much room the rows of tables and lists have in this browser. */
export function DensitySettings() {
  const [chosen, choose] = useDensity();
  return (
    <Panel title={texts.density.title}>
      <fieldset className="flex flex-col gap-2">
        <legend className="sr-only">{texts.density.legend}</legend>
        {densities.map((density) => (
          <Choice
            key={density}
            type="radio"
            name="density"
            label={texts.density.names[density]}
            hint={texts.density.hints[density]}
            checked={density === chosen}
            onChange={() => choose(density)}
          />
        ))}
      </fieldset>
    </Panel>
  );
}
