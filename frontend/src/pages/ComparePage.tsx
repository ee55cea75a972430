import { CompareRuns } from '../components/CompareRuns/CompareRuns.tsx';

export function ComparePage() {
  return (
    <>
      <h1 className="mb-4 text-[20px] leading-7 font-semibold">Compare runs</h1>
      <CompareRuns />
    </>
  );
}
