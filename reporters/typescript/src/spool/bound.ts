import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { eachLine, parse } from './records.ts';
import { type BatchLine, makeSegment, noteEvent, type Segment, segmentPath } from './state.ts';

interface Bounded {
  readonly folder: string;
  readonly segments: Segment[];
  readonly settled: number;
  /** The batch that is sent or will be again; its events stay. */
  readonly held: Pick<BatchLine, 'from' | 'to'> | null;
  /** Called before they are deleted. */
  readonly onDropped: (kind: 't' | 'f', count: number) => void;
  /** The events of this segment have moved, and so many were dropped. */
  readonly onRewritten: (index: number, dropped: number) => void;
}

/** Writes the oldest segments again without their telemetry, then without their facts, until `bytes` are left. [R24] */
export function dropDownTo(bytes: number, maxSegments: number, spool: Bounded): void {
  let left = maxSegments;
  for (const kind of ['t', 'f'] as const) {
    for (const segment of spool.segments.slice(0, -1)) {
      const size = spool.segments.reduce((sum, each) => sum + each.size, 0);
      if (size <= bytes || left <= 0) return;
      if ((kind === 't' ? segment.telemetry : segment.facts) === 0) continue;
      // One that holds only what has to stay costs the others nothing.
      if (rewriteWithout(segment, kind, spool) < segment.size) left--;
    }
  }
}

function rewriteWithout(segment: Segment, kind: 't' | 'f', spool: Bounded): number {
  const { folder, segments, held, settled, onDropped, onRewritten } = spool;
  const path = segmentPath(folder, segment.index);
  const content = readFileSync(path);
  const kept: Buffer[] = [];
  const rewritten = makeSegment(segment.index);
  let dropped = 0;
  eachLine(content, (text, start) => {
    const record = parse(text);
    if (record === null) return true;
    if (record.kind === 'E') {
      const { event } = record;
      if (event.n < settled) return true;
      const isHeld = held !== null && event.n >= held.from && event.n < held.to;
      if (event.class === kind && !isHeld) {
        dropped++;
        return true;
      }
      noteEvent(rewritten, event);
    }
    kept.push(content.subarray(start, start + text.length + 1));
    return true;
  });
  const left = Buffer.concat(kept);
  rewritten.size = left.length;
  const beside = path.replace(/log$/, 'tmp');
  try {
    writeFileSync(beside, left, { mode: 0o600 });
    if (dropped > 0) onDropped(kind, dropped);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  segments[segments.indexOf(segment)] = rewritten;
  onRewritten(segment.index, dropped);
  return rewritten.size;
}
