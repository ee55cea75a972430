import type { AlertWhen, AttentionRule, Severity } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { attentionWords, kindWords, severityWords } from '../../lib/alert-words.ts';
import { Choice } from '../ui/Choice.tsx';
import { Field } from '../ui/Field.tsx';
import { SelectField } from '../ui/SelectField.tsx';

interface WhenFieldsProps<W extends AlertWhen = AlertWhen> {
  readonly when: W;
  readonly onChange: (when: AlertWhen) => void;
}

const firstOf: Readonly<Record<AlertWhen['kind'], AlertWhen>> = {
  attention: { kind: 'attention', rules: [], min_severity: 'warning' },
  run_failed: { kind: 'run_failed' },
  run_complete: { kind: 'run_complete' },
  metric_threshold: { kind: 'metric_threshold', name: 'global_loss', op: '>', value: 1, for_rounds: 1 },
};

const kinds = Object.keys(firstOf) as AlertWhen['kind'][];

/** What the rule waits for. */
export function WhenFields({ when, onChange }: WhenFieldsProps) {
  return (
    <>
      <SelectField
        label="Alert when"
        value={when.kind}
        onChange={(event) => onChange(firstOf[event.target.value as AlertWhen['kind']])}
      >
        {kinds.map((kind) => (
          <option key={kind} value={kind}>
            {kindWords[kind]}
          </option>
        ))}
      </SelectField>
      {when.kind === 'attention' && <AttentionFields when={when} onChange={onChange} />}
      {when.kind === 'metric_threshold' && <ThresholdFields when={when} onChange={onChange} />}
    </>
  );
}

const severities: readonly Severity[] = ['critical', 'warning', 'info'];
const allRules = Object.entries(attentionWords) as [AttentionRule, string][];

function AttentionFields({ when, onChange }: WhenFieldsProps<Extract<AlertWhen, { kind: 'attention' }>>) {
  const toggle = (rule: AttentionRule, isOn: boolean) =>
    onChange({ ...when, rules: isOn ? [...when.rules, rule] : when.rules.filter((each) => each !== rule) });
  return (
    <>
      <SelectField
        label="Severity"
        value={when.min_severity}
        onChange={(event) => onChange({ ...when, min_severity: event.target.value as Severity })}
      >
        {severities.map((severity) => (
          <option key={severity} value={severity}>
            {severityWords[severity]}
          </option>
        ))}
      </SelectField>
      <details className="rounded-control border border-line px-3 py-2" open={when.rules.length > 0}>
        <summary className="min-h-6 cursor-pointer text-sm text-soft">
          {when.rules.length === 0 ? 'Any rule; choose some' : `${when.rules.length} of ${allRules.length} rules`}
        </summary>
        <fieldset className="mt-2 flex max-h-56 flex-col gap-2 overflow-y-auto">
          <legend className="sr-only">Only these rules</legend>
          {allRules.map(([rule, words]) => (
            <Choice
              key={rule}
              type="checkbox"
              label={words}
              checked={when.rules.includes(rule)}
              onChange={(event) => toggle(rule, event.target.checked)}
            />
          ))}
        </fieldset>
      </details>
    </>
  );
}

const opWords = { '>': 'above', '>=': 'at or above', '<': 'below', '<=': 'at or below' } as const;

function ThresholdFields({ when, onChange }: WhenFieldsProps<Extract<AlertWhen, { kind: 'metric_threshold' }>>) {
  return (
    <>
      <Field
        label="Metric of the rounds or of the FL server"
        required
        maxLength={limits.name}
        value={when.name}
        onChange={(event) => onChange({ ...when, name: event.target.value })}
      />
      <div className="grid grid-cols-2 gap-3">
        <SelectField
          label="Is"
          value={when.op}
          onChange={(event) => onChange({ ...when, op: event.target.value as keyof typeof opWords })}
        >
          {Object.entries(opWords).map(([op, words]) => (
            <option key={op} value={op}>
              {words}
            </option>
          ))}
        </SelectField>
        <Field
          size="small"
          label="Bound"
          type="number"
          step="any"
          required
          value={when.value}
          onChange={(event) => onChange({ ...when, value: event.target.valueAsNumber })}
        />
      </div>
      <Field
        label="For this many values in a row"
        type="number"
        min={1}
        max={limits.alertRounds}
        required
        value={when.for_rounds}
        onChange={(event) => onChange({ ...when, for_rounds: event.target.valueAsNumber })}
      />
    </>
  );
}
