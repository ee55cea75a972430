import { type LinkFace, linkFace } from '../live/link-face.ts';
import { useFLData } from './useFLData.ts';
import { useNow } from './useNow.ts';

export type { LinkFace };

/** What to say of the link right now; ages tick by themselves. */
export function useLinkFace(): LinkFace {
  const link = useFLData((state) => state.link);
  const now = useNow(200);
  return linkFace(link, Math.max(now, link.last_heard_at ?? 0, link.polled_at ?? 0));
}
