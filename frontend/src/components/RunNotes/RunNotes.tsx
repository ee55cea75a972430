import { useId, useState } from 'react';
import { useFLData } from '../../hooks/useFLData.ts';
import { classes } from '../../lib/classes.ts';
import { Button } from '../ui/Button.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';

const Markdown = lazyPart({
  what: 'The notes',
  load: async () => (await import('../Markdown/Markdown.tsx')).Markdown,
  fallback: <Skeleton className="h-16" />,
});

/** More than three lines of a wide page. */
const isLong = (notes: string): boolean => notes.length > 400 || notes.split('\n').length > 3;

/** The notes of the run on screen, in Markdown. */
export function RunNotes() {
  const notes = useFLData((state) => state.viewer.run?.notes.trim() ?? '');
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  if (notes === '') return null;
  return (
    <section aria-labelledby={id} className="mb-4 flex flex-col wall:hidden items-start gap-1 text-sm text-soft">
      <h2 id={id} className="sr-only">
        Notes
      </h2>
      <div dir="auto" className={classes('max-w-[100ch] break-words', isLong(notes) && !isOpen && 'line-clamp-3')}>
        <Markdown text={notes} />
      </div>
      {isLong(notes) && (
        <Button look="quiet" size="small" className="-ml-2.5" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Less of the notes' : 'All of the notes'}
        </Button>
      )}
    </section>
  );
}
