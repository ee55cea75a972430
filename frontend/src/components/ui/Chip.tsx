import type { ReactNode } from 'react';
import { classes } from '../../lib/classes.ts';

export type Tone = 'plain' | 'good' | 'bad' | 'warning' | 'accent';

const tones: Record<Tone, string> = {
  plain: 'text-soft',
  good: 'text-returned',
  bad: 'text-failed',
  warning: 'text-no-reply',
  accent: 'text-accent',
};

export function Chip({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return (
    <span
      className={classes(
        'inline-flex h-6 items-center gap-1.5 whitespace-nowrap rounded-full border border-line px-2.5 text-xs',
        tones[tone],
      )}
    >
      {children}
    </span>
  );
}
