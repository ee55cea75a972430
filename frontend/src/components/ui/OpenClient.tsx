interface OpenClientProps {
  readonly client_id: string;
  readonly onOpen: (client_id: string) => void;
}

/** The name of a client in a table, which opens it. As wide as its column lets it be. */
export const OpenClient = ({ client_id, onOpen }: OpenClientProps) => (
  <button
    type="button"
    title={client_id}
    onClick={() => onOpen(client_id)}
    className="block min-h-6 max-w-full truncate rounded-control text-left hover:text-accent hover:underline"
  >
    <bdi>{client_id}</bdi>
  </button>
);
