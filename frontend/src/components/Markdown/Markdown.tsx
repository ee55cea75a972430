import ReactMarkdown, { type Components } from 'react-markdown';

/** Headings of a note are below those of the page. */
const Heading: Components['h1'] = ({ children }) => <h3 className="mt-2 mb-1 font-semibold text-text">{children}</h3>;

const components: Components = {
  h1: Heading,
  h2: Heading,
  h3: Heading,
  h4: Heading,
  h5: Heading,
  h6: Heading,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener" className="text-accent underline">
      {children}
    </a>
  ),
  ul: ({ children }) => <ul className="my-1 list-disc pl-5">{children}</ul>,
  ol: ({ children }) => <ol className="my-1 list-decimal pl-5">{children}</ol>,
  code: ({ children }) => <code className="rounded-xs bg-raised px-1 font-mono text-xs">{children}</code>,
  pre: ({ children }) => <pre className="my-1 overflow-x-auto rounded-control bg-raised p-2 text-xs">{children}</pre>,
  p: ({ children }) => <p className="my-1">{children}</p>,
  blockquote: ({ children }) => <blockquote className="border-l-2 border-line pl-3 text-muted">{children}</blockquote>,
};

/** Markdown of a person. HTML in it is shown as text, and pictures, which would call other servers, as their description. */
export function Markdown({ text }: { readonly text: string }) {
  return (
    <ReactMarkdown components={components} disallowedElements={['img']} unwrapDisallowed>
      {text}
    </ReactMarkdown>
  );
}
