// A switch with its name, saved as it is switched.
import type { Saving } from '../use_settings';
import { Saved } from './saved';

interface SwitchProps {
    field: string;
    label: string;
    checked: boolean;
    savings: ReadonlyMap<string, Saving>;
    onChange: (checked: boolean) => void;
}

export function Switch({ field, label, checked, savings, onChange }: SwitchProps) {
    return (
        <div class="setting">
            <label class="switch">
                <input
                    type="checkbox"
                    role="switch"
                    name={field}
                    checked={checked}
                    onChange={event => onChange(event.currentTarget.checked)}
                />
                <span>{label}</span>
            </label>
            <Saved field={field} savings={savings} />
        </div>
    );
}
