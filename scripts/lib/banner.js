import { relative } from 'node:path';
import { dataDir } from './paths.js';

const isColoured = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = paint(1);
const faint = paint(2);

/** The text that a user needs once the server runs. */
export function banner({ url, sign_in_link, admin_needs_password }) {
  const folder = relative(process.cwd(), dataDir);
  const rows = [
    ['Dashboard', bold(url)],
    sign_in_link && ['Sign in', `${bold(sign_in_link)}  ${faint('works once, within an hour')}`],
    admin_needs_password && ['Password', 'none yet: set one under Settings, Users, or use the link of the next start'],
    ['API', `${url}/docs`],
    ['Data', folder.startsWith('..') ? dataDir : `./${folder}`],
    ['Stop', 'Ctrl-C; the data stays'],
  ];
  const lines = rows.filter(Boolean).map(([name, text]) => `  ${faint(name.padEnd(10))} ${text}`);
  return ['', `  ${bold('Rondo')} is running`, '', ...lines, ''].join('\n');
}
