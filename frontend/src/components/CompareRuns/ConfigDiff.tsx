import type { Run } from '@rondo/protocol';
import { useState } from 'react';
import { noValue, plural } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import type { ConfigRow } from './compare.ts';

interface ConfigDiffProps {
  readonly runs: readonly Run[];
  readonly nameOf: (name: string) => string;
  readonly rows: readonly ConfigRow[];
}

/** A row a key, a column a run; keys with equal values are folded. */
export function ConfigDiff({ runs, nameOf, rows }: ConfigDiffProps) {
  const [isWhole, setWhole] = useState(false);
  const numEqual = rows.filter(({ isDifferent }) => !isDifferent).length;
  const shown = isWhole ? rows : rows.filter(({ isDifferent }) => isDifferent);
  return (
    <>
      {shown.length === 0 ? (
        <p className="text-sm text-muted">The configs are equal.</p>
      ) : (
        <section
          aria-label="Config, scrolls"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard.
          tabIndex={0}
          className="overflow-x-auto"
        >
          <table aria-label="Config" className="text-left text-sm">
            <thead className="text-xs text-muted">
              <tr>
                <th scope="col" className="sticky left-0 bg-panel pr-4 pb-2 font-normal">
                  Key
                </th>
                {runs.map(({ run_id, name }) => (
                  <th
                    key={run_id}
                    scope="col"
                    title={name}
                    dir="auto"
                    className="max-w-52 truncate px-3 pb-2 font-normal"
                  >
                    {nameOf(name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(({ key, values, isDifferent }) => (
                <tr key={key} className="border-t border-line">
                  <th
                    scope="row"
                    className="sticky left-0 bg-panel py-1.5 pr-4 font-mono text-xs font-normal text-soft"
                  >
                    {key}
                  </th>
                  {values.map((value, index) => (
                    <td
                      key={runs[index]?.run_id}
                      title={value ?? undefined}
                      className={
                        isDifferent ? 'max-w-40 truncate px-3 py-1.5' : 'max-w-40 truncate px-3 py-1.5 text-muted'
                      }
                    >
                      {value ?? noValue}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {numEqual > 0 && (
        <Button size="small" className="mt-2" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Hide' : 'Show'} {plural(numEqual, 'equal key')}
        </Button>
      )}
    </>
  );
}
