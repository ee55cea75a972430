import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { Select } from '../ui/Select.tsx';

const storageKey = 'rondo-run-views';
/** More would be no list to choose from. */
const maxViews = 50;

type Views = Readonly<Record<string, string>>;

function readViews(): Views {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    if (stored === null || typeof stored !== 'object') return {};
    return Object.fromEntries(Object.entries(stored).filter(([, query]) => typeof query === 'string')) as Views;
  } catch {
    // Another version, or a person, wrote something else there.
    return {};
  }
}

/** Filters, order and columns under a name, kept in this browser. */
export function SavedViews() {
  const [params, setParams] = useSearchParams();
  const [views, setViews] = useState(readViews);
  const here = params.toString();
  const current = Object.entries(views).find(([, query]) => query === here)?.[0] ?? '';
  const write = (next: Views) => {
    localStorage.setItem(storageKey, JSON.stringify(next));
    setViews(next);
  };
  const save = () => {
    const name = prompt('Name of this view')?.trim();
    if (name) write(Object.fromEntries([...Object.entries(views), [name, here] as const].slice(-maxViews)));
  };
  const choose = (choice: string) => {
    if (choice === '+') save();
    else if (choice === '-') write(Object.fromEntries(Object.entries(views).filter(([name]) => name !== current)));
    else setParams(choice === '' ? '' : (views[choice.slice(1)] ?? ''));
  };
  return (
    <Select
      aria-label="Saved views"
      value={current === '' ? '' : `=${current}`}
      onChange={({ target }) => choose(target.value)}
      className="max-w-44"
    >
      <option value="">All runs</option>
      {Object.keys(views).map((name) => (
        <option key={name} value={`=${name}`}>
          {name}
        </option>
      ))}
      {here !== '' && current === '' && <option value="+">Save this view…</option>}
      {current !== '' && <option value="-">Delete this view</option>}
    </Select>
  );
}
