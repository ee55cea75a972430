import { useParams } from 'react-router';
import { RoundDetail } from '../components/RoundDetail/RoundDetail.tsx';
import { RunTabs } from '../components/RunTabs/RunTabs.tsx';
import { NotFound } from '../components/ui/NotFound.tsx';

export function RoundPage() {
  const { run_id, round } = useParams();
  if (run_id === undefined || !/^\d{1,10}$/.test(round ?? '')) return <NotFound />;
  return (
    <>
      <RunTabs />
      <RoundDetail key={`${run_id} ${round}`} run_id={run_id} round={Number(round)} />
    </>
  );
}
