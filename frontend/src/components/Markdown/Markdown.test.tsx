import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Markdown } from './Markdown.tsx';

it('shows headings, lists, emphasis and links as such', () => {
  render(<Markdown text={'## Baseline\n\n- **alpha** = 0.1\n- see [the paper](https://example.org/p)'} />);
  expect(screen.getByRole('heading', { name: 'Baseline' }).tagName).toBe('H3');
  expect(screen.getAllByRole('listitem')).toHaveLength(2);
  expect(screen.getByText('alpha').tagName).toBe('STRONG');
  expect(screen.getByRole('link', { name: 'the paper' }).getAttribute('rel')).toContain('noopener');
});

it.each([
  ['<img src=x onerror=alert(1)>', 'img'],
  ['<script>alert(1)</script>', 'script'],
  ['![tracker](https://evil.example/p.png)', 'img'],
  ['<iframe src="https://evil.example"></iframe>', 'iframe'],
])('%s becomes no element', (text, element) => {
  const { container } = render(<Markdown text={text} />);
  expect(container.querySelector(element)).toBeNull();
});

it.each(['javascript:alert(1)', 'data:text/html,x', 'vbscript:x'])('a link to %s leads nowhere', (address) => {
  const { container } = render(<Markdown text={`[press](${address})`} />);
  expect(container.querySelector('a')?.getAttribute('href') ?? '').toBe('');
});
