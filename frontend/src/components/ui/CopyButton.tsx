import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { classes } from '../../lib/classes.ts';
import { copyText } from '../../lib/copy.ts';
import { Button } from './Button.tsx';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, in words, for a screen reader. */
  readonly what: string;
  /** Only the icon, where room is short: everywhere or on a phone. */
  readonly isSmall?: boolean | 'phone';
  /** Shown instead of "Copy". */
  readonly label?: string;
}

/** Copies, and says whether it did. */
export function CopyButton({ text, what, isSmall = false, label = 'Copy' }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  const copy = () =>
    copyText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  const words = outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Select and copy it by hand' : label;
  // The name begins with the visible words where these are a command (WCAG 2.5.3).
  const verb = label.startsWith('Copy') ? label : 'Copy';
  const isIcon = isSmall === true;
  return (
    <Button
      look="quiet"
      size={isIcon ? 'tinyIcon' : 'small'}
      className={classes(isSmall === 'phone' && 'max-sm:size-6 max-sm:px-0')}
      aria-label={outcome === null ? `${verb} ${what}` : `${words}: ${what}`}
      title={words}
      onClick={() => void copy()}
      onBlur={() => setOutcome(null)}
    >
      {outcome === 'copied' ? (
        <Check aria-hidden size={isIcon ? 12 : 14} className="text-returned" />
      ) : (
        <Copy aria-hidden size={isIcon ? 12 : 14} />
      )}
      {isSmall === 'phone' ? <span className="max-sm:sr-only">{words}</span> : !isIcon && words}
    </Button>
  );
}
