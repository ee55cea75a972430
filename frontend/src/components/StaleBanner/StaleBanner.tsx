import { TriangleAlert } from 'lucide-react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useLinkFace } from '../../hooks/useLinkFace.ts';
import { formatAge } from '../../lib/format.ts';

/** Says in plain words that what is below is old, or does not come by itself. */
export function StaleBanner() {
  const link = useLinkFace();
  const hasData = useFLData((state) => state.viewer.run !== null);
  const isStale = link.face === 'stale' && hasData;
  if (!isStale && link.face !== 'polling') return null;
  return (
    <div className="mb-4 flex items-center gap-2.5 rounded-panel border border-no-reply/60 bg-panel px-4 py-2.5 text-sm text-no-reply">
      <TriangleAlert aria-hidden size={16} className="shrink-0" />
      <p>
        {link.face === 'polling'
          ? 'Live updates do not get through: a proxy between this page and Rondo does not pass WebSocket on. The page asks for news every 5 s instead.'
          : `The link to the server is lost. What you see is ${formatAge(link.age_ms)} old; it goes on by itself once the server answers.`}
      </p>
    </div>
  );
}
