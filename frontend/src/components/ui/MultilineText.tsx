import { stripAnsi } from '../../lib/log-filter.ts';

/** Text that may be a traceback: its line breaks and its indentation are kept. [B20] */
export function MultilineText({ text }: { readonly text: string }) {
  const clean = stripAnsi(text);
  if (!clean.trimEnd().includes('\n')) return <bdi>{clean}</bdi>;
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: text that scrolls sideways must be reachable by keyboard.
      tabIndex={0}
      className="mt-1 max-h-80 overflow-auto rounded-control border border-line bg-ground p-3 font-mono text-xs leading-5 whitespace-pre text-soft"
    >
      {clean}
    </pre>
  );
}
