import { roundAt, spanOf } from '@rondo/protocol/rewind';
import { History, Pause, Play, SkipBack, SkipForward, X } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useNavigationType } from 'react-router';
import { useAddress } from '../../hooks/useAddress.ts';
import { useLeavePast } from '../../hooks/useEnterPast.ts';
import { useMomentOfAddress } from '../../hooks/useMomentOfAddress.ts';
import { useOnLeavePast, usePresentRun, useShowPast } from '../../hooks/usePast.ts';
import { usePastView, useStored } from '../../hooks/usePastParts.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { throttle } from '../../lib/throttle.ts';
import { Button } from '../ui/Button.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Select } from '../ui/Select.tsx';
import { clampMoment, describeMoment, momentOfKey, playFrom, speeds, writeMoment } from './moment.ts';
import { Track } from './Track.tsx';

/** Between two pictures while it plays: ten in a second are enough to see what happens. */
const pictureMs = 100;
/** Between two writes of the address while the moment moves; browsers refuse more than 100 in 30 s. */
const addressMs = 1_000;

/** Shows the run as it was at the moment that the address names, and moves that moment. */
export function TimeMachine() {
  const run = usePresentRun();
  const named = useMomentOfAddress();
  const [, change] = useAddress();
  const kind = useNavigationType();
  const showPast = useShowPast();
  const { stored, error } = useStored(run?.run_id ?? null, run?.status === 'running');
  const present = stored?.present.run ?? run;
  const span = useMemo(
    () => (present === null ? null : spanOf(present, stored?.readAtMs ?? Date.now())),
    [present, stored],
  );
  const [chosenMs, setChosen] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<(typeof speeds)[number]>(60);
  const written = useRef<string | null>(null);
  // From then on nothing here may name a moment again, however late it comes.
  const hasLeft = useRef(false);
  const atMs = span === null ? 0 : clampMoment(chosenMs ?? named ?? span.to, span);
  const { view, waitsFor, error: partsError } = usePastView(run?.run_id ?? null, stored, atMs);
  const problem = useProblemDetail(stored === undefined ? error : partsError);

  const write = useCallback(
    (ms: number) => {
      written.current = writeMoment(ms);
      change({ at: written.current });
    },
    [change],
  );
  const end = useLeavePast();

  // Back, Forward and a link name another moment; a link within the run that names none keeps this one.
  const address = named === null ? null : writeMoment(named);
  useEffect(() => {
    if (address !== null) {
      if (kind === 'POP') hasLeft.current = false;
      if (address !== written.current) setChosen(named);
      written.current = address;
    } else if (kind === 'POP') showPast(null);
    else if (written.current !== null && !hasLeft.current) change({ at: written.current });
  }, [address, named, kind, change, showPast]);

  useEffect(() => {
    if (view !== null && !hasLeft.current) showPast(view);
  }, [view, showPast]);
  useEffect(() => () => showPast(null), [showPast]);

  const move = (ms: number) => setChosen(ms);
  const isReady = view !== null;
  const latest = useRef({ atMs, isReady, span });
  useEffect(() => {
    latest.current = { atMs, isReady, span };
  });
  useEffect(() => {
    if (!isPlaying) return;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const elapsedMs = now - before;
      before = now;
      const { atMs: from, isReady: mayGoOn, span: within } = latest.current;
      // The clock waits for the parts, so that nothing is skipped.
      if (!mayGoOn || within === null) return;
      const next = playFrom(from, elapsedMs, speed, within);
      setChosen(next.atMs);
      if (next.isOver) setPlaying(false);
    }, pictureMs);
    return () => clearInterval(timer);
  }, [isPlaying, speed]);

  // A copied link and a reload hold the moment, so the address follows it.
  const follow = useMemo(() => throttle(() => write(latest.current.atMs), addressMs), [write]);
  useEffect(() => follow.cancel, [follow]);
  const leave = useCallback(() => {
    hasLeft.current = true;
    follow.cancel();
  }, [follow]);
  useOnLeavePast(leave);
  useEffect(() => {
    if (chosenMs !== null && !hasLeft.current && writeMoment(chosenMs) !== written.current) follow();
  }, [chosenMs, follow]);

  if (run === null || span === null) return null;
  const isRunning = run.status === 'running';
  const starts = stored?.past.rounds.map(({ started_at }) => Date.parse(started_at)) ?? [];
  const round = stored === undefined ? undefined : roundAt(stored.past, atMs);
  const words = describeMoment({ atMs, span, isRunning, round, numRounds: run.num_rounds });
  const toggle = () => {
    // At the end there is nothing to play, so it starts again.
    if (!isPlaying && atMs >= span.to) setChosen(span.from);
    setPlaying(!isPlaying);
  };
  const goBy = (key: string) => {
    const next = momentOfKey(key, atMs, span, starts);
    if (next !== null) move(next);
    return next !== null;
  };
  return (
    <section
      aria-label="Time machine"
      data-testid="time-machine"
      data-at={writeMoment(atMs)}
      data-shown={view === null ? undefined : writeMoment(view.atMs)}
      data-playing={isPlaying}
      className="sticky top-0 z-30 max-sm:static -mx-3 -mt-3 mb-4 border-b-2 border-accent bg-panel px-3 py-2 shadow-lg sm:-mx-5 sm:-mt-5 sm:px-5"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <p className="flex min-w-0 items-center gap-2 text-sm">
          <History aria-hidden size={16} className="shrink-0 text-accent" />
          <span className="min-w-0">
            You see <strong className="font-semibold">{words}</strong>
          </span>
        </p>
        <span role="status" className="text-xs text-muted">
          {problem !== null ? (
            <span className="text-failed">The past could not be loaded. {problem}</span>
          ) : stored === undefined ? (
            'Loading what is stored of this run…'
          ) : waitsFor !== null ? (
            `Loading the parts of round ${waitsFor}…`
          ) : (
            ''
          )}
        </span>
        <span className="ml-auto flex items-center gap-1.5">
          <CopyButton text={linkTo(atMs)} what="to this moment" label="Copy link" />
          <Button size="small" look="primary" onClick={end}>
            <X aria-hidden size={13} />
            {isRunning ? 'Back to live' : 'Back to the end'}
          </Button>
        </span>
      </div>
      <div className="mt-2 flex items-center gap-1.5">
        <Button
          look="quiet"
          size="smallIcon"
          aria-label="Round before"
          title="Round before (Page down)"
          onClick={() => goBy('PageDown')}
        >
          <SkipBack aria-hidden size={14} />
        </Button>
        <Button
          size="smallIcon"
          aria-label={isPlaying ? 'Pause' : 'Play'}
          title={isPlaying ? 'Pause (space)' : 'Play (space)'}
          onClick={toggle}
        >
          {isPlaying ? <Pause aria-hidden size={14} /> : <Play aria-hidden size={14} />}
        </Button>
        <Button
          look="quiet"
          size="smallIcon"
          aria-label="Round after"
          title="Round after (Page up)"
          onClick={() => goBy('PageUp')}
        >
          <SkipForward aria-hidden size={14} />
        </Button>
        <Track
          atMs={atMs}
          span={span}
          words={words}
          rounds={stored?.past.rounds ?? []}
          episodes={stored?.past.episodes ?? []}
          onMove={move}
          onKey={goBy}
          onToggle={toggle}
        />
        <Select
          aria-label="Speed"
          value={speed}
          onChange={({ target }) => setSpeed(Number(target.value) as (typeof speeds)[number])}
        >
          {speeds.map((each) => (
            <option key={each} value={each}>
              {each}×
            </option>
          ))}
        </Select>
      </div>
    </section>
  );
}

function linkTo(atMs: number): string {
  const url = new URL(location.href);
  url.searchParams.set('at', writeMoment(atMs));
  return url.href;
}
