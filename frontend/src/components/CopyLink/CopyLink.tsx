import { Link2 } from 'lucide-react';
import { useNotify } from '../../hooks/useNotices.ts';
import { copyText } from '../../lib/copy.ts';
import { Button } from '../ui/Button.tsx';
import { texts } from './texts.ts';

/** Copies the address of the page as it is now: filters, zoom and open drawers are part of it. */
export function CopyLink() {
  const notify = useNotify();
  const copy = () =>
    copyText(location.href).then(
      () => notify({ text: texts.copied }),
      () => notify({ text: texts.failed }),
    );
  return (
    <Button
      size="icon"
      className="max-sm:hidden"
      aria-label={texts.copy}
      title={`${texts.copy} (Y)`}
      onClick={() => void copy()}
    >
      <Link2 aria-hidden size={15} />
    </Button>
  );
}
