import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { copyText } from '../../lib/copy.ts';
import { Button } from './Button.tsx';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, in words, for a screen reader. */
  readonly what: string;
  /** Only the icon, where room is short. */
  readonly isSmall?: boolean;
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
  return (
    <Button
      look="quiet"
      size={isSmall ? 'tinyIcon' : 'small'}
      aria-label={outcome === null ? `${verb} ${what}` : `${words}: ${what}`}
      title={words}
      onClick={() => void copy()}
      onBlur={() => setOutcome(null)}
    >
      {outcome === 'copied' ? (
        <Check aria-hidden size={isSmall ? 12 : 14} className="text-returned" />
      ) : (
        <Copy aria-hidden size={isSmall ? 12 : 14} />
      )}
      {!isSmall && words}
    </Button>
  );
}
