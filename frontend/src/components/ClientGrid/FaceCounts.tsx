import type { ClientFace } from '@rondo/protocol';
import { formatCount } from '../../lib/format.ts';
import { faceLooks, StatusGlyph } from '../ui/StatusGlyph.tsx';

/** What the glyphs mean, and how many there are of each. */
export function FaceCounts({ counts }: { readonly counts: Readonly<Record<ClientFace, number>> }) {
  const present = (Object.keys(faceLooks) as ClientFace[]).filter((face) => counts[face] > 0);
  return (
    <ul className="mb-2.5 flex flex-wrap gap-x-3 gap-y-1 text-2xs text-muted">
      {present.map((face) => (
        <li key={face} className="flex items-center gap-1 whitespace-nowrap">
          <StatusGlyph face={face} />
          {formatCount(counts[face])} {faceLooks[face].label}
        </li>
      ))}
    </ul>
  );
}
