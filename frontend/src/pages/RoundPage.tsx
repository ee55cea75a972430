import { useParams } from 'react-router';
import { RoundDetail } from '../components/RoundDetail/RoundDetail.tsx';
import { NotFoundPage } from './NotFoundPage.tsx';

export function RoundPage() {
  const { run_id, round } = useParams();
  if (run_id === undefined || !/^\d{1,10}$/.test(round ?? '')) return <NotFoundPage />;
  return <RoundDetail key={`${run_id} ${round}`} run_id={run_id} round={Number(round)} />;
}
