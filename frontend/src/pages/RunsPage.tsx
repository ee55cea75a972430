import { RunTable } from '../components/RunTable/RunTable.tsx';

export function RunsPage() {
  return (
    <>
      <h1 className="mb-4 text-[20px] leading-7 font-semibold">Runs</h1>
      <RunTable />
    </>
  );
}
