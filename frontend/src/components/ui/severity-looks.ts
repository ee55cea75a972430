import type { Severity } from '@rondo/protocol';
import { CircleAlert, Info, type LucideIcon, TriangleAlert } from 'lucide-react';

/** Each severity has a shape, a word and a colour. */
export const severityLooks: Record<Severity, { readonly Icon: LucideIcon; readonly text: string }> = {
  critical: { Icon: CircleAlert, text: 'text-failed' },
  warning: { Icon: TriangleAlert, text: 'text-no-reply' },
  info: { Icon: Info, text: 'text-muted' },
};
