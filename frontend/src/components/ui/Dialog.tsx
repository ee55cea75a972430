import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { classes } from '../../lib/classes.ts';
import { Button } from './Button.tsx';

interface DialogProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly title: string;
  readonly description?: ReactNode;
  /** `side` and the wider `panel` slide over the right edge and leave the page in view. */
  readonly place?: 'center' | 'side' | 'panel';
  readonly testId?: string;
  /** The page beside it stays in sight and in use: a press on it does not close the dialog. */
  readonly isPeek?: boolean;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly children: ReactNode;
}

const places = {
  center: 'top-1/2 left-1/2 w-[min(440px,calc(100vw-32px))] -translate-x-1/2 -translate-y-1/2 rounded-panel border',
  side: 'inset-y-0 right-0 w-[min(480px,100vw)] border-l',
  panel: 'inset-y-0 right-0 w-[min(680px,100vw)] border-l',
} as const;

export function Dialog(props: DialogProps) {
  const { isOpen, onOpenChange, title, description, place = 'center', testId, isPeek = false, children } = props;
  const giveFocusBack = useFocusReturn(isOpen);
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange} modal={!isPeek}>
      <Radix.Portal>
        {!isPeek && <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />}
        <Radix.Content
          {...(description === undefined && { 'aria-describedby': undefined })}
          data-testid={testId}
          onCloseAutoFocus={giveFocusBack}
          onKeyDown={props.onKeyDown}
          {...(isPeek && { onInteractOutside: (event) => event.preventDefault() })}
          className={classes(
            'fixed z-50 flex max-h-dvh flex-col gap-4 overflow-y-auto border-line bg-panel p-5 text-text focus:outline-none',
            places[place],
            isPeek && 'shadow-[0_0_32px_rgb(0_0_0/0.35)]',
          )}
        >
          <div className="flex items-start justify-between gap-4">
            <div className="min-w-0">
              <Radix.Title dir="auto" className="text-[16px] leading-6 font-semibold break-words">
                {title}
              </Radix.Title>
              {description !== undefined && (
                <Radix.Description className="mt-1 text-sm text-muted">{description}</Radix.Description>
              )}
            </div>
            <Radix.Close asChild>
              <Button look="quiet" size="smallIcon" aria-label="Close">
                <X size={16} aria-hidden />
              </Button>
            </Radix.Close>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Radix gives the focus back to its Trigger, and there is none: the element that opened the dialog gets it. [B5] */
function useFocusReturn(isOpen: boolean): (event: Event) => void {
  const [opener, setOpener] = useState<Element | null>(() => (isOpen ? document.activeElement : null));
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (wasOpen !== isOpen) {
    setWasOpen(isOpen);
    if (isOpen) setOpener(document.activeElement);
  }
  return (event) => {
    if (!(opener instanceof HTMLElement) || !opener.isConnected || opener === document.body) return;
    event.preventDefault();
    opener.focus();
  };
}
