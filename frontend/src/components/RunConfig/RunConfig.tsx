import { ChevronRight } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useFLData } from '../../hooks/useFLData.ts';
import { plural } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { type ConfigNode, configTree, countLeaves, searchTree } from './config-tree.ts';

/** What the run was started with, as a tree to search and as JSON. */
export function RunConfig() {
  const config = useFLData((state) => state.viewer.run?.config);
  const [text, setText] = useState('');
  const [isRaw, setRaw] = useState(false);
  const tree = useMemo(() => configTree(config ?? {}), [config]);
  const shown = useMemo(() => searchTree(tree, text), [tree, text]);
  if (tree.length === 0) {
    return (
      <Panel title="Config" testId="run-config">
        <EmptyState title="This run reported no config">
          An FL server reports it with <code className="font-mono text-2xs">run_started</code>, in{' '}
          <code className="font-mono text-2xs">config</code>.
        </EmptyState>
      </Panel>
    );
  }
  const json = JSON.stringify(config, null, 2);
  const count = countLeaves(shown);
  return (
    <Panel
      title="Config"
      note={<span aria-live="polite">{text === '' ? plural(count, 'value') : `${plural(count, 'value')} found`}</span>}
      testId="run-config"
      actions={
        <div className="flex flex-wrap items-center gap-1.5">
          <input
            type="search"
            aria-label="Search the config by path or value"
            placeholder="Search path or value…"
            value={text}
            disabled={isRaw}
            onChange={({ target }) => setText(target.value)}
            className="h-7 w-48 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-faint"
          />
          <Button size="small" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
            JSON
          </Button>
          <CopyButton text={json} what="the config as JSON" />
        </div>
      }
    >
      {isRaw ? (
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls must be reachable by keyboard.
          tabIndex={0}
          className="max-h-[max(360px,calc(100dvh-236px))] overflow-auto rounded-control border border-line bg-ground p-4 font-mono text-xs leading-5 text-soft"
        >
          {json}
        </pre>
      ) : shown.length === 0 ? (
        <EmptyState title={`Nothing in the config matches “${text}”`} />
      ) : (
        <Branch nodes={shown} />
      )}
    </Panel>
  );
}

function Branch({ nodes }: { readonly nodes: readonly ConfigNode[] }) {
  return (
    <ul className="flex flex-col">
      {nodes.map((node) => (
        <li key={node.path} className="min-w-0">
          {node.value === null ? (
            <details open className="group">
              <summary className="flex h-8 cursor-pointer items-center gap-1.5 rounded-control px-1.5 font-mono text-xs text-soft hover:bg-raised">
                <ChevronRight aria-hidden size={12} className="shrink-0 text-muted group-open:rotate-90" />
                <bdi className="truncate">{node.name}</bdi>
                <span className="text-muted">{countLeaves(node.children)}</span>
              </summary>
              <div className="ml-3 border-l border-line pl-2">
                <Branch nodes={node.children} />
              </div>
            </details>
          ) : (
            <Leaf node={node} value={node.value} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Leaf({ node, value }: { readonly node: ConfigNode; readonly value: string }) {
  return (
    <div className="group/near flex min-h-(--row) items-center gap-x-3 rounded-control px-1.5 py-0.5 font-mono text-xs hover:bg-raised">
      <bdi className="min-w-0 basis-28 break-all text-muted sm:basis-40">{node.name}</bdi>
      <span dir="auto" className="min-w-0 flex-1 break-all text-text">
        {value}
      </span>
      <span className="flex shrink-0 gap-1 font-sans near:opacity-0">
        <CopyButton text={node.path} what={`the path ${node.path}`} label="Copy path" isSmall="phone" />
        <CopyButton text={value} what={`the value of ${node.path}`} label="Copy value" isSmall="phone" />
      </span>
    </div>
  );
}
