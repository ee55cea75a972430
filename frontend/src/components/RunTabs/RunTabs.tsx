import { NavLink, useLocation, useParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useTabInView } from '../../hooks/useTabInView.ts';
import { useWall } from '../../hooks/useWall.ts';
import { classes } from '../../lib/classes.ts';
import { runPath, runTabs, tabOf } from '../../lib/run-tabs.ts';

/** The pages of one run. On `/` they lead to those of the run that is followed. */
export function RunTabs() {
  const picked = useParams().run_id;
  const followed = useFLData((state) => state.viewer.run_id);
  const shown = tabOf(useLocation().pathname);
  const run_id = picked ?? followed;
  const [isWall] = useWall();
  const strip = useTabInView(run_id === null ? null : shown);
  if (run_id === null || isWall) return null;
  return (
    <nav
      ref={strip}
      aria-label="Pages of the run"
      className="-mx-3 -mt-3 mb-4 flex gap-1 overflow-x-auto border-b border-line px-3 sm:-mx-5 sm:-mt-5 sm:px-5"
    >
      {runTabs.map(({ key, label }) => (
        <NavLink
          key={key}
          to={key === '' && picked === undefined ? '/' : runPath(run_id, key)}
          end
          aria-current={key === shown ? 'page' : undefined}
          className={classes(
            '-mb-px flex h-10 shrink-0 items-center border-b-2 px-2.5 text-sm',
            key === shown
              ? 'border-accent font-medium text-text'
              : 'border-transparent text-muted hover:border-edge hover:text-text',
          )}
        >
          {label}
        </NavLink>
      ))}
    </nav>
  );
}
