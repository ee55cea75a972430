import { classes } from '../../lib/classes.ts';

export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={classes('animate-pulse rounded-control bg-raised', className)} />;
}
