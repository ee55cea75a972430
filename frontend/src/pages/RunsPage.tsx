import { RunTable } from '../components/RunTable/RunTable.tsx';

export function RunsPage() {
  return <RunTable />;
}
