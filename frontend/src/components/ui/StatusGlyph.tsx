import type { ClientFace } from '@rondo/protocol';
import { Check, CircleHelp, CircleOff, LoaderCircle, type LucideIcon, Minus, Moon, Upload, X } from 'lucide-react';
import { classes } from '../../lib/classes.ts';

interface Look {
  readonly label: string;
  readonly Icon: LucideIcon;
  readonly text: string;
  readonly fill: string;
}

/** Each face has a word, a shape and a colour, so that colour alone never carries the meaning. */
export const faceLooks: Record<ClientFace, Look> = {
  failed: { label: 'failed', Icon: X, text: 'text-failed', fill: 'bg-failed' },
  no_reply: { label: 'no reply', Icon: Minus, text: 'text-no-reply', fill: 'bg-no-reply' },
  unreported: { label: 'not reported', Icon: CircleHelp, text: 'text-muted', fill: 'bg-unreported' },
  training: { label: 'training', Icon: LoaderCircle, text: 'text-accent', fill: 'bg-accent' },
  uploading: { label: 'uploading', Icon: Upload, text: 'text-accent', fill: 'bg-accent' },
  returned: { label: 'returned', Icon: Check, text: 'text-returned', fill: 'bg-returned' },
  idle: { label: 'idle', Icon: Moon, text: 'text-muted', fill: 'bg-waiting' },
  offline: { label: 'offline', Icon: CircleOff, text: 'text-muted', fill: 'bg-waiting' },
};

export function StatusGlyph({ face, size = 12 }: { readonly face: ClientFace; readonly size?: number }) {
  const { Icon, text } = faceLooks[face];
  return <Icon aria-hidden size={size} strokeWidth={2.5} className={classes('shrink-0', text)} />;
}
