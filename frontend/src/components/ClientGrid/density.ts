/** How large one client is drawn, by how many there are. */
export interface Density {
  readonly look: 'card' | 'tile';
  readonly minWidth: number;
  readonly height: number;
  readonly gap: number;
}

const card: Density = { look: 'card', minWidth: 60, height: 36, gap: 6 };
/** Past two hundred, names no longer fit but colour and glyph do. A target has at least 24 px. [B19] */
const tile: Density = { look: 'tile', minWidth: 26, height: 26, gap: 3 };

/** Of a letter at the size of a card's name, and what stands beside it. */
const [letterPx, sidesPx] = [6.5, 14];
const widestCard = 96;

/** `longest` is the length of the longest name: what distinguishes a client stands at its end, so it is not cut off. */
export function densityFor(count: number, longest = 0): Density {
  if (count > 200) return tile;
  return { ...card, minWidth: Math.min(widestCard, Math.max(card.minWidth, sidesPx + letterPx * longest)) };
}

/** A few clients have the width for their whole names: this is as wide as a card gets. */
const roomyWidth = 120;

export function columnsFor({ look, minWidth, gap }: Density, width: number, count: number): number {
  const fitting = (least: number) => Math.max(1, Math.floor((width + gap) / (least + gap)));
  const most = fitting(minWidth);
  return look === 'card' ? Math.min(most, Math.max(fitting(roomyWidth), count)) : most;
}

/** Where an arrow key leads from `index`, or `null` for another key. */
export function moveFrom(index: number, key: string, columns: number, count: number): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * 8,
    PageDown: columns * 8,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined ? null : Math.min(count - 1, Math.max(0, index + step));
}
