import type { Model } from '@rondo/protocol';
import { Check, Download as DownloadIcon, RotateCcw, X } from 'lucide-react';
import { useDownload } from '../../hooks/useDownload.ts';
import { Button } from '../ui/Button.tsx';
import { ProgressBar } from '../ui/ProgressBar.tsx';
import { describeDownload } from './describe-download.ts';

interface DownloadModelProps {
  readonly model: Model;
  /** Only icons, for a row of a table. */
  readonly isSmall?: boolean;
}

/** Fetches a checkpoint to disk, and shows how that goes as far as this page can know. */
export function DownloadModel({ model, isSmall = false }: DownloadModelProps) {
  const [download, start] = useDownload(model);
  if (download?.state === 'running') {
    const words = describeDownload(download, model.size_bytes, Date.now());
    return (
      <div className={isSmall ? 'flex items-center justify-end gap-1.5' : 'flex flex-col gap-2'}>
        <div className={isSmall ? 'w-14' : 'flex flex-col gap-1'}>
          <ProgressBar
            label={`Download of ${model.version}`}
            value={download.received}
            max={model.size_bytes}
            text={words.long}
          />
          {isSmall ? (
            <span aria-hidden className="block text-right text-2xs leading-4 text-muted">
              {words.short}
            </span>
          ) : (
            <p className="text-xs text-muted">{words.long}</p>
          )}
        </div>
        <Button
          look="quiet"
          size={isSmall ? 'tinyIcon' : 'small'}
          className={isSmall ? undefined : 'self-start'}
          aria-label={`Call off the download of ${model.version}`}
          onClick={download.cancel}
        >
          <X aria-hidden size={14} />
          {!isSmall && 'Call off'}
        </Button>
      </div>
    );
  }
  const Icon = download?.state === 'done' ? Check : download?.state === 'failed' ? RotateCcw : DownloadIcon;
  const note = noteOf(download?.state === 'failed' ? download.detail : undefined, download?.state);
  return (
    <>
      <Button
        look={isSmall ? 'quiet' : 'primary'}
        size={isSmall ? 'smallIcon' : 'medium'}
        aria-label={`Download ${model.version}${note === null ? '' : `. ${note}`}`}
        title={note ?? `Download ${model.version}`}
        data-download={download?.state ?? 'none'}
        onClick={start}
      >
        <Icon aria-hidden size={14} className={download?.state === 'failed' ? 'text-failed' : undefined} />
        {!isSmall && (download?.state === 'failed' ? 'Try again' : 'Download')}
      </Button>
      {note !== null &&
        (isSmall ? (
          <span role="status" className="sr-only">
            {note}
          </span>
        ) : (
          <p role="status" className={download?.state === 'failed' ? 'text-xs text-failed' : 'text-xs text-muted'}>
            {note}
          </p>
        ))}
    </>
  );
}

function noteOf(detail: string | undefined, state: string | undefined): string | null {
  if (detail !== undefined) return detail;
  if (state === 'done') return 'Saved, every byte of it.';
  if (state === 'handed_over') return 'Your browser downloads it; its own list of downloads shows how far it is.';
  return null;
}
