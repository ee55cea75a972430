import { Command } from 'cmdk';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { useNavigate } from 'react-router';
import { useFLData, useMetricNames } from '../../hooks/useFLData.ts';
import { useRunSearch } from '../../hooks/useRunList.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { runPath, runTabs } from '../../lib/run-tabs.ts';
import { keyCaps, type ShortcutAction, shortcuts } from '../../lib/shortcuts.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';
import { KeyCaps } from './KeyCaps.tsx';
import { firstMatches, roundIn } from './palette-matches.ts';
import { isMac } from './ShortcutHelp.tsx';

interface PaletteProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly onAction: (action: ShortcutAction) => void;
}

export function Palette({ isOpen, onOpenChange, onAction }: PaletteProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      title="Search or jump to"
      description="Runs, rounds, clients, metrics and pages."
      testId="palette"
    >
      <Lines onAction={onAction} onClose={() => onOpenChange(false)} />
    </Dialog>
  );
}

const forAll = ['account', 'alerts'] as const;
const forAdmins = [...forAll, 'users', 'keys', 'audit'] as const;
const settingNames = {
  account: 'Account',
  alerts: 'Alerts',
  users: 'Users',
  keys: 'API keys',
  audit: 'Audit log',
} as const;

interface LinesProps {
  readonly onAction: (action: ShortcutAction) => void;
  readonly onClose: () => void;
}

function Lines({ onAction, onClose }: LinesProps) {
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim());
  const navigate = useNavigate();
  const isAdmin = useIsAdmin();
  const run = useFLData((state) => state.viewer.run);
  const clients = useFLData((state) => state.viewer.clients);
  const metrics = useMetricNames(run?.run_id ?? null, null).data?.items ?? [];
  const runs = useRunSearch(wanted);
  const go = (path: string) => () => {
    onClose();
    void navigate(path);
  };
  const round = roundIn(wanted);
  const pages = [
    ...shortcuts.filter(({ action }) => action.startsWith('go:')),
    ...(isAdmin ? forAdmins : forAll).map((key) => ({
      keys: '',
      action: `go:/settings/${key}`,
      label: `Settings: ${settingNames[key]}`,
    })),
  ];
  const actions = shortcuts.filter(({ action }) => ['copy-link', 'theme', 'wall', 'help'].includes(action));

  const groups: readonly { readonly heading: string; readonly items: readonly Item[] }[] = [
    {
      heading: run === null ? '' : `In ${run.name}`,
      items:
        run === null
          ? []
          : [
              ...(round === null
                ? []
                : [
                    {
                      id: `round-${round}`,
                      label: `Round ${round}`,
                      onSelect: go(runPath(run.run_id, `rounds/${round}`)),
                    },
                  ]),
              ...firstMatches(namesOf(runTabs), wanted, 7).map(({ key, name }) => ({
                id: `tab-${key}`,
                label: name,
                onSelect: go(runPath(run.run_id, key)),
              })),
              ...(wanted === ''
                ? []
                : firstMatches(
                    Object.keys(clients).map((name) => ({ name })),
                    wanted,
                    12,
                  )
              ).map(({ name }) => ({
                id: `client-${name}`,
                label: name,
                kind: 'client',
                onSelect: () => {
                  onClose();
                  void navigate(`${runPath(run.run_id, 'clients')}?${new URLSearchParams({ client: name })}`);
                },
              })),
              ...(wanted === '' ? [] : firstMatches(metrics, wanted, 12)).map(({ name }) => ({
                id: `metric-${name}`,
                label: name,
                kind: 'metric',
                onSelect: go(`${runPath(run.run_id, 'metrics')}?${new URLSearchParams({ name })}`),
              })),
            ],
    },
    {
      heading: 'Runs',
      items: (runs.data?.items ?? []).map((found) => ({
        id: `run-${found.run_id}`,
        label: found.name,
        kind: <RunStatusText run={found} />,
        onSelect: go(runPath(found.run_id)),
      })),
    },
    {
      heading: 'Pages',
      items: firstMatches(namesOf(pages), wanted, pages.length).map(({ keys, action, name }) => ({
        id: action,
        label: name,
        keys,
        onSelect: go(action.slice('go:'.length)),
      })),
    },
    {
      heading: 'Do',
      items: firstMatches(namesOf(actions), wanted, actions.length).map(({ keys, action, name }) => ({
        id: action,
        label: name,
        keys,
        onSelect: () => onAction(action),
      })),
    },
  ];
  // The best line is chosen again whenever the lines change: what was found later must not need an arrow key.
  const ids = groups.flatMap(({ items }) => items.map(({ id }) => id));
  const [chosen, setChosen] = useState('');
  const current = ids.includes(chosen) ? chosen : (ids[0] ?? '');

  return (
    <Command
      label="Search or jump to"
      shouldFilter={false}
      loop
      value={current}
      onValueChange={setChosen}
      className="-mx-2 flex min-h-0 flex-col"
    >
      <Command.Input
        // The dialog would focus its close button, and the palette is for typing.
        autoFocus
        value={text}
        onValueChange={(next) => {
          setText(next);
          setChosen('');
        }}
        placeholder="A run, a round number, a client, a metric, a page…"
        className="mx-2 h-9 rounded-control border border-line bg-panel px-3 text-base text-text placeholder:text-faint"
      />
      <Command.List className="mt-2 max-h-[min(420px,60dvh)] overflow-y-auto px-2">
        <Command.Empty className="px-2 py-3 text-sm text-muted">
          {runs.isLoading ? 'Searching…' : `Nothing matches “${wanted}”.`}
        </Command.Empty>
        {groups
          .filter(({ items }) => items.length > 0)
          .map(({ heading, items }) => (
            <Group key={heading} heading={heading}>
              {items.map(({ id, label, kind, keys, onSelect }) => (
                <Line key={id} id={id} kind={kind} keys={keys} onSelect={onSelect}>
                  {label}
                </Line>
              ))}
            </Group>
          ))}
      </Command.List>
    </Command>
  );
}

interface Item {
  readonly id: string;
  readonly label: string;
  readonly kind?: ReactNode;
  readonly keys?: string;
  readonly onSelect: () => void;
}

/** Things with a label, as things with a name. */
const namesOf = <T extends { readonly label: string }>(things: readonly T[]) =>
  things.map((thing) => ({ ...thing, name: thing.label }));

function Group({ heading, children }: { readonly heading: string; readonly children: ReactNode }) {
  return (
    <Command.Group
      heading={<bdi>{heading}</bdi>}
      className="[&_[cmdk-group-heading]]:truncate [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted"
    >
      {children}
    </Command.Group>
  );
}

interface LineProps {
  readonly id: string;
  readonly kind: ReactNode;
  readonly keys: string | undefined;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}

function Line({ id, kind, keys = '', onSelect, children }: LineProps) {
  return (
    <Command.Item
      value={id}
      onSelect={onSelect}
      className="flex min-h-8 items-center gap-3 rounded-control px-2 text-sm data-[selected=true]:bg-raised"
    >
      <bdi className="min-w-0 flex-1 truncate">{children}</bdi>
      {kind !== undefined && <span className="shrink-0 text-xs text-muted">{kind}</span>}
      {keys !== '' && <KeyCaps caps={keyCaps(keys, isMac)} />}
    </Command.Item>
  );
}
