import type { AttentionMark } from '../../hooks/useAttentionMarks.ts';
import { classes } from '../../lib/classes.ts';
import { severityLooks } from './severity-looks.ts';

/** Beside the name of a client: the worst that the attention list says of it. */
export function AttentionGlyph({ mark }: { readonly mark: AttentionMark | undefined }) {
  if (mark === undefined) return null;
  const { Icon, text } = severityLooks[mark.severity];
  const words = mark.items.map(({ detail }) => detail).join('\n');
  return (
    <span title={words} className="inline-flex shrink-0">
      <Icon aria-hidden size={13} className={classes(text)} />
      <span className="sr-only">
        {mark.severity}: {mark.items[0]?.detail}
      </span>
    </span>
  );
}
