// What can be chosen: the days, and the time zone that they are days of.
import { ranges, zones } from '../choice';
import type { Choice } from '../dashboard';

interface ControlsProps {
    choice: Choice;
    onChange: (choice: Choice) => void;
}

export function Controls({ choice, onChange }: ControlsProps) {
    return (
        <form class="controls" onSubmit={event => event.preventDefault()}>
            <fieldset class="ranges">
                <legend class="hidden">Days</legend>
                {ranges.map(days => (
                    <label key={days}>
                        <input
                            type="radio"
                            name="days"
                            value={days}
                            checked={days === choice.days}
                            onChange={() => onChange({ ...choice, days })}
                        />
                        <span>{days} days</span>
                    </label>
                ))}
            </fieldset>
            <label class="zone">
                <span class="hidden">Time zone</span>
                <select
                    name="zone"
                    value={choice.timeZone}
                    onChange={event => onChange({ ...choice, timeZone: event.currentTarget.value })}
                >
                    {zones(choice.timeZone).map(zone => (
                        <option key={zone} value={zone}>
                            {zone}
                        </option>
                    ))}
                </select>
            </label>
        </form>
    );
}
