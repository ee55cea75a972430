import { Download, FileImage, Image, Link2, MoreHorizontal, Table2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ChartPicture } from '../../charts/export/chart-svg.ts';
import { copyText } from '../../lib/copy.ts';
import { downloadText } from '../../lib/download.ts';
import { Button } from '../ui/Button.tsx';
import { Popover } from '../ui/Popover.tsx';

interface ChartMenuProps {
  /** What the chart shows, for its name in a screen reader. */
  readonly what: string;
  readonly isDisabled: boolean;
  /** Without an ending. */
  readonly filename: string;
  /** Made when it is asked for. */
  readonly picture: (() => ChartPicture) | null;
  readonly csv: () => string;
  /** Absent where the chart has no table. */
  readonly table?: { readonly isOn: boolean; readonly onChange: (isOn: boolean) => void };
}

/** A name of a run or a metric may hold anything; a file's name may not. */
const safeName = (name: string): string => name.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 120);

/** Takes a chart away: as a link, a picture, or its values. */
export function ChartMenu({ what, isDisabled, filename, picture, csv, table }: ChartMenuProps) {
  const name = safeName(filename);
  // Drawing for paper is not part of the page.
  const save = async (as: 'savePng' | 'saveSvg') => {
    const parts = await import('../../charts/export/save-picture.ts');
    if (picture) await parts[as](name, picture());
  };
  return (
    <Popover
      label={`Menu of ${what}`}
      face={<MoreHorizontal aria-hidden size={14} />}
      buttonProps={{
        size: 'smallIcon',
        'aria-label': `Menu of ${what}`,
        title: 'Copy, download, table',
        disabled: isDisabled,
      }}
      align="end"
      className="w-52"
    >
      {(close) => {
        const act = (run: () => unknown) => () => {
          void run();
          close();
        };
        return (
          <ul className="flex flex-col">
            {table && (
              <Item icon={<Table2 aria-hidden size={14} />} onClick={act(() => table.onChange(!table.isOn))}>
                {table.isOn ? 'Show the chart' : 'Show as a table'}
              </Item>
            )}
            <Item icon={<Link2 aria-hidden size={14} />} onClick={act(() => copyText(location.href))}>
              Copy the link to this view
            </Item>
            <Item
              icon={<Download aria-hidden size={14} />}
              onClick={act(() => downloadText(`${name}.csv`, csv(), 'text/csv'))}
            >
              Download as CSV
            </Item>
            {picture && (
              <>
                <Item icon={<Image aria-hidden size={14} />} onClick={act(() => save('savePng'))}>
                  Download as PNG
                </Item>
                <Item icon={<FileImage aria-hidden size={14} />} onClick={act(() => save('saveSvg'))}>
                  Download as SVG
                </Item>
              </>
            )}
          </ul>
        );
      }}
    </Popover>
  );
}

interface ItemProps {
  readonly icon: ReactNode;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Item({ icon, onClick, children }: ItemProps) {
  return (
    <li>
      <Button look="quiet" size="small" className="w-full justify-start gap-2 text-soft" onClick={onClick}>
        {icon}
        {children}
      </Button>
    </li>
  );
}
