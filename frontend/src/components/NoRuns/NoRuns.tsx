import { Tabs } from 'radix-ui';
import { Link } from 'react-router';
import { serverAddress } from '../../lib/base-path.ts';
import { CopyButton } from '../ui/CopyButton.tsx';
import { waysFor } from './ways.ts';

/** Nothing has been reported yet: how to connect an FL server, or to see one at work. */
export function NoRuns() {
  const ways = waysFor(serverAddress());
  return (
    <section aria-labelledby="no-runs" className="panel mx-auto mt-[6vh] max-w-[680px] p-6 sm:p-8">
      <h2 id="no-runs" className="text-[20px] leading-7 font-semibold">
        Waiting for the first run
      </h2>
      <p className="mt-2 text-base leading-6 text-muted">
        Let your FL server report here. Rounds and clients show here as soon as it starts; there is nothing to reload.
      </p>
      <Tabs.Root defaultValue="flower" className="mt-6">
        <Tabs.List aria-label="Way to connect" className="mb-3 flex flex-wrap gap-1">
          {ways.map(({ key, label }) => (
            <Tabs.Trigger
              key={key}
              value={key}
              className="h-8 rounded-control px-3 text-sm text-muted hover:text-text data-[state=active]:bg-raised data-[state=active]:font-medium data-[state=active]:text-text"
            >
              {label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {ways.map(({ key, code }) => (
          <Tabs.Content key={key} value={key}>
            <CodeBlock code={code} />
          </Tabs.Content>
        ))}
      </Tabs.Root>
      <p className="mt-4 text-sm leading-5 text-muted">
        Reporters read <Code>RONDO_URL</Code> ({serverAddress()}) and <Code>RONDO_API_KEY</Code> from the environment;
        an admin makes a key under{' '}
        <Link to="/settings/keys" className="text-accent underline">
          Settings, API keys
        </Link>
        . No FL server at hand? <Code>npm run demo</Code> trains a small federation of 50 clients.
      </p>
    </section>
  );
}

function Code({ children }: { readonly children: string }) {
  return <code className="rounded-[4px] bg-raised px-1 py-0.5 font-mono text-2xs text-soft">{children}</code>;
}

function CodeBlock({ code }: { readonly code: string }) {
  return (
    <div className="rounded-control border border-line bg-ground">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code that scrolls sideways must be reachable by keyboard. */}
      <pre tabIndex={0} className="overflow-x-auto p-4 font-mono text-xs leading-5 text-soft">
        {code}
      </pre>
      <div className="flex justify-end border-t border-line p-1">
        <CopyButton text={code} what="the code" />
      </div>
    </div>
  );
}
