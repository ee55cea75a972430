const ansi = new RegExp(
  [
    '\\x1b\\[[0-?]*[ -/]*[@-~]',
    '\\x1b\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)?',
    '\\x1b[PX^_][^\\x1b]*(?:\\x1b\\\\)?',
    '\\x1b[ -/]*[0-~]',
    '\\x9b[0-?]*[ -/]*[@-~]',
  ].join('|'),
  'g',
);
// The last frame of a long progress bar is at its end; a text longer than this is not a bar.
const maxBarUnits = 1_000_000;

/** The text without ANSI codes, and of each line only what a terminal shows after its carriage returns. [R33] */
export function readable(text: string): string {
  if (text.length > maxBarUnits) return text.slice(0, maxBarUnits);
  const plain = text.includes('\x1b') || text.includes('\x9b') ? text.replace(ansi, '') : text;
  return plain.includes('\r') ? plain.split('\n').map(lastFrame).join('\n') : plain;
}

/** A bar may end with a carriage return: the frame before it is still on the screen. */
function lastFrame(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === '\r') end--;
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
}
