import { Tabs } from 'radix-ui';
import { Link } from 'react-router';
import { useCreateKey, useManaging } from '../../hooks/usePeople.ts';
import { serverAddress } from '../../lib/base-path.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { texts } from './texts.ts';
import { environmentOf, waysFor } from './ways.ts';

/** Nothing has been reported yet: a key, what to install and what to write, all in one place. */
export function NoRuns() {
  const { secret, progress, create } = useCreateKey();
  const mayMakeKeys = useManaging() === true;
  const ways = waysFor(serverAddress());
  return (
    <section aria-labelledby="no-runs" className="panel mx-auto mt-[4vh] max-w-[760px] p-5 sm:p-8">
      <h2 id="no-runs" className="text-[20px] leading-7 font-semibold">
        {texts.title}
      </h2>
      <p className="mt-2 text-base leading-6 text-muted">{texts.intro}</p>
      <ol className="mt-6 flex flex-col gap-6">
        <Step number={1} title={texts.key.title}>
          {secret !== null ? (
            <p className="text-sm text-muted">{texts.key.made(secret.name)}</p>
          ) : mayMakeKeys ? (
            <div className="flex flex-wrap items-center gap-3">
              <Button
                look="primary"
                disabled={progress.state === 'busy'}
                onClick={() => void create({ name: texts.key.name, scopes: ['ingest', 'models'] })}
              >
                {texts.key.make}
              </Button>
              <span className="text-xs text-muted">
                {texts.key.more}{' '}
                <Link to="/settings/keys" className="inline-flex min-h-6 items-center text-accent underline">
                  {texts.key.settings}
                </Link>
              </span>
            </div>
          ) : (
            <p className="text-sm text-muted">{texts.key.ask}</p>
          )}
          {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
          <CodeBlock
            code={environmentOf(serverAddress(), secret?.key ?? null)}
            what={texts.key.code}
            testId="first-key"
          />
        </Step>
        <Step number={2} title={texts.code.title}>
          <Tabs.Root defaultValue="flower">
            <Tabs.List aria-label={texts.code.ways} className="mb-2 flex flex-wrap gap-1">
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
            {ways.map(({ key, label, install, code }) => (
              <Tabs.Content key={key} value={key} className="flex flex-col gap-2">
                {install !== null && <CodeBlock code={install} what={texts.code.install(label)} />}
                <CodeBlock code={code} what={texts.code.snippet(label)} />
              </Tabs.Content>
            ))}
          </Tabs.Root>
        </Step>
      </ol>
      <p className="mt-6 border-t border-line pt-4 text-sm leading-5 text-muted">
        {texts.demo.before} <Code>npm run demo</Code> {texts.demo.after}
      </p>
    </section>
  );
}

interface StepProps {
  readonly number: number;
  readonly title: string;
  readonly children: React.ReactNode;
}

function Step({ number, title, children }: StepProps) {
  return (
    <li className="flex min-w-0 gap-3">
      <span
        aria-hidden
        className="flex size-6 shrink-0 items-center justify-center rounded-full border border-edge text-xs font-medium text-soft"
      >
        {number}
      </span>
      <div className="flex min-w-0 grow flex-col gap-2">
        <h3 className="text-base leading-6 font-medium">{title}</h3>
        {children}
      </div>
    </li>
  );
}

function Code({ children }: { readonly children: string }) {
  return <code className="rounded-[4px] bg-raised px-1 py-0.5 font-mono text-2xs text-soft">{children}</code>;
}

interface CodeBlockProps {
  readonly code: string;
  readonly what: string;
  readonly testId?: string;
}

function CodeBlock({ code, what, testId }: CodeBlockProps) {
  return (
    <div className="relative rounded-control border border-line bg-ground" data-testid={testId}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code that scrolls sideways must be reachable by keyboard. */}
      <pre tabIndex={0} className="overflow-x-auto p-3 pr-10 font-mono text-xs leading-5 text-soft">
        {code}
      </pre>
      <span className="absolute top-2 right-2">
        <CopyButton isSmall text={code} what={what} />
      </span>
    </div>
  );
}
