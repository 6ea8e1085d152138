// A choice of a few words with its name, saved as it is chosen.
import type { ComponentChildren } from 'preact';
import type { Saving } from '../use_settings';
import { Saved } from './saved';

interface SelectProps {
    field: string;
    label: string;
    value: string;
    savings: ReadonlyMap<string, Saving>;
    onChange: (value: string) => void;
    children: ComponentChildren;
}

export function Select({ field, label, value, savings, onChange, children }: SelectProps) {
    return (
        <div class="setting">
            <label>
                <span>{label}</span>
                <select name={field} value={value} onChange={event => onChange(event.currentTarget.value)}>
                    {children}
                </select>
            </label>
            <Saved field={field} savings={savings} />
        </div>
    );
}

/** The options of a list of words. */
export function Words({ words }: { words: readonly string[] }) {
    return (
        <>
            {words.map(word => (
                <option key={word} value={word}>
                    {word.replaceAll('_', ' ')}
                </option>
            ))}
        </>
    );
}
