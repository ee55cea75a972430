import { useParams } from 'react-router';
import { ClientView } from '../components/ClientView/ClientView.tsx';
import { NotFound } from '../components/ui/NotFound.tsx';

export function ClientPage() {
  const { client_id } = useParams();
  if (client_id === undefined) return <NotFound />;
  return <ClientView key={client_id} client_id={client_id} />;
}
