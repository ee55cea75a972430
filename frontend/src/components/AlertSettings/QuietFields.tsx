import type { QuietHours } from '@rondo/protocol';
import { Choice } from '../ui/Choice.tsx';
import { Field } from '../ui/Field.tsx';

interface QuietFieldsProps {
  readonly hours: QuietHours | null;
  readonly onChange: (hours: QuietHours | null) => void;
}

const usual = (): QuietHours => ({
  from: '22:00',
  to: '07:00',
  time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  except_critical: true,
});

/** Hours in which messages wait. */
export function QuietFields({ hours, onChange }: QuietFieldsProps) {
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="sr-only">Quiet hours</legend>
      <Choice
        type="checkbox"
        label="Quiet hours"
        hint="Messages wait until they are over; nothing is lost."
        checked={hours !== null}
        onChange={(event) => onChange(event.target.checked ? usual() : null)}
      />
      {hours && (
        <>
          <div className="grid grid-cols-2 gap-3">
            <Field
              label="From"
              type="time"
              required
              value={hours.from}
              onChange={(event) => onChange({ ...hours, from: event.target.value })}
            />
            <Field
              label="To"
              type="time"
              required
              value={hours.to}
              onChange={(event) => onChange({ ...hours, to: event.target.value })}
            />
          </div>
          <Field
            label="Time zone, such as Europe/Berlin"
            required
            value={hours.time_zone}
            onChange={(event) => onChange({ ...hours, time_zone: event.target.value })}
          />
          <Choice
            type="checkbox"
            label="Critical alerts do not wait"
            checked={hours.except_critical}
            onChange={(event) => onChange({ ...hours, except_critical: event.target.checked })}
          />
        </>
      )}
    </fieldset>
  );
}
