import { Link, useLocation, useSearchParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { texts } from './texts.ts';

/** On pages that are not of one run: the title, or the way back to where the page belongs. */
export function PageHeader() {
  const { pathname } = useLocation();
  const area = pathname.split('/')[1] ?? '';
  const title = texts.titles[area];
  if (title !== undefined) return <h1 className="text-base leading-7 font-semibold">{title}</h1>;
  if (area !== 'compare' && area !== 'clients') return null;
  return (
    <nav
      aria-label="Breadcrumb"
      className="flex min-w-0 items-center text-base text-muted max-sm:basis-full sm:-ml-1.5"
    >
      <Link to="/runs" className={linkLook}>
        {texts.runs}
      </Link>
      <span aria-hidden>/</span>
      {area === 'clients' ? <OfRun /> : <span className="px-1.5">{texts.compare}</span>}
    </nav>
  );
}

function OfRun() {
  const [params] = useSearchParams();
  const run_id = params.get('run');
  const name = useFLData(({ viewer }) => (viewer.run_id === run_id ? (viewer.run?.name ?? null) : null));
  return (
    <>
      {run_id !== null && (
        <>
          <Link to={runPath(run_id, 'clients')} dir="auto" title={name ?? run_id} className={`${linkLook} truncate`}>
            {name ?? run_id}
          </Link>
          <span aria-hidden>/</span>
        </>
      )}
      <span className="px-1.5">{texts.client}</span>
    </>
  );
}

const linkLook = 'rounded-control px-1.5 leading-7 hover:text-text hover:underline';
