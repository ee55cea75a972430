import { Popover as Radix } from 'radix-ui';
import type { ReactNode, RefObject } from 'react';
import { classes } from '../../lib/classes.ts';

interface PopoverPanelProps {
  readonly button: RefObject<HTMLButtonElement | null>;
  readonly label: string;
  readonly align: 'start' | 'end';
  readonly className: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function PopoverPanel({ button, label, align, className, onClose, children }: PopoverPanelProps) {
  return (
    <Radix.Root open onOpenChange={onClose}>
      <Radix.Anchor virtualRef={button as RefObject<HTMLButtonElement>} />
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={6}
          aria-label={label}
          className={classes(
            'z-50 rounded-panel border border-edge bg-panel p-1.5 text-text shadow-[0_8px_24px_rgb(0_0_0/0.25)]',
            className,
          )}
          // The button closes it itself; closing it here too would make its click open it again.
          onInteractOutside={(event) => {
            if (event.target instanceof Node && button.current?.contains(event.target)) event.preventDefault();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            button.current?.focus();
          }}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
