import { TriangleAlert } from 'lucide-react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useLinkFace } from '../../hooks/useLinkFace.ts';
import { formatAge } from '../../lib/format.ts';

/** Says in plain words that what is below is old. */
export function StaleBanner() {
  const link = useLinkFace();
  const hasData = useFLData((state) => state.viewer.run !== null);
  if (link.face !== 'stale' || !hasData) return null;
  return (
    <div className="mb-4 flex items-center gap-2.5 rounded-panel border border-no-reply/60 bg-panel px-4 py-2.5 text-sm text-no-reply">
      <TriangleAlert aria-hidden size={16} className="shrink-0" />
      <p>
        The link to the server is lost. What you see is {formatAge(link.age_ms)} old; it goes on by itself once the
        server answers.
      </p>
    </div>
  );
}
