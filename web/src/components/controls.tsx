// What can be chosen: the days, the time zone that they are days of, and what is looked at.
import { type Choice, type Filter, changedFilter, isFiltered, noFilter, ranges, zones } from '../choice';
import type { Choices, Dashboard } from '../dashboard';

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

interface PartProps {
    name: keyof Filter;
    label: string;
    /** What stands for null. */
    all: string;
    options: string[];
    filter: Filter;
    onChange: (filter: Filter) => void;
}

function Part({ name, label, all, options, filter, onChange }: PartProps) {
    const chosen = filter[name];
    const listed = chosen === null || options.includes(chosen) ? options : [chosen, ...options];
    return (
        <label>
            <span>{label}</span>
            <select
                name={name}
                value={chosen ?? ''}
                onChange={event => onChange(changedFilter(filter, name, event.currentTarget.value || null))}
            >
                <option value="">{all}</option>
                {listed.map(option => (
                    <option key={option} value={option}>
                        {option}
                    </option>
                ))}
            </select>
        </label>
    );
}

const noChoices: Choices = { operations: [], providers: [], models: [], dimensions: [] };

interface FiltersProps {
    filter: Filter;
    /** Null while nothing is loaded: then what is chosen can still be seen, and taken away. */
    dashboard: Dashboard | null;
    onChange: (filter: Filter) => void;
}

export function Filters({ filter, dashboard, onChange }: FiltersProps) {
    const { operations, providers, models, dimensions } = dashboard?.choices ?? noChoices;
    const values = (dashboard?.dimension?.values ?? []).flatMap(({ value }) => (value === null ? [] : [value]));
    const part = { filter, onChange };
    return (
        <form class="filters" aria-label="Filter" onSubmit={event => event.preventDefault()}>
            <Part {...part} name="operation" label="Operation" all="All operations" options={operations} />
            <Part {...part} name="provider" label="Provider" all="All providers" options={providers} />
            <Part {...part} name="model" label="Model" all="All models" options={models} />
            {dimensions.length === 0 && filter.dimension === null ? null : (
                <Part {...part} name="dimension" label="Dimension" all="None" options={dimensions} />
            )}
            {filter.dimension === null ? null : (
                <Part {...part} name="value" label={`Value of ${filter.dimension}`} all="All values" options={values} />
            )}
            {isFiltered(filter) || filter.dimension !== null ? (
                <button type="button" class="quiet" onClick={() => onChange(noFilter)}>
                    Remove the filter
                </button>
            ) : null}
        </form>
    );
}
