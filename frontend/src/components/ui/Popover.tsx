import { type ReactNode, useRef, useState } from 'react';
import { Button } from './Button.tsx';
import { lazyPart } from './lazy-part.tsx';

/** Positioning and focus traps are not needed for the first page. */
const PopoverPanel = lazyPart({
  what: 'The menu',
  load: async () => (await import('./PopoverPanel.tsx')).PopoverPanel,
  isDialog: true,
});

interface PopoverProps {
  readonly label: string;
  /** What the button shows. */
  readonly face: ReactNode;
  readonly buttonProps: Omit<React.ComponentProps<typeof Button>, 'onClick' | 'ref'> &
    Record<`data-${string}`, unknown>;
  readonly align: 'start' | 'end';
  readonly className: string;
  readonly children: (close: () => void) => ReactNode;
}

/** A button and what it opens. */
export function Popover({ label, face, buttonProps, align, className, children }: PopoverProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        {...buttonProps}
        ref={button}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen((before) => !before)}
      >
        {face}
      </Button>
      {isOpen && (
        <PopoverPanel
          button={button}
          label={label}
          align={align}
          className={className}
          onClose={() => setOpen(false)}
          onDismiss={() => setOpen(false)}
        >
          {children(() => setOpen(false))}
        </PopoverPanel>
      )}
    </>
  );
}
