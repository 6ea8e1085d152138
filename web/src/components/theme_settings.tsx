// How the pages look, how the application lays its lists out, and what it tells the user of.
import { type Change, type Interface, themeChange } from '../settings';
import { applyTheme } from '../theme';
import type { Saving } from '../use_settings';
import { Saved } from './saved';
import { Section } from './section';
import { Select, Words } from './select';
import { Switch } from './switch';

interface PartProps {
    theme: Interface;
    savings: ReadonlyMap<string, Saving>;
    onChange: (change: Change) => void;
}

const schemes = [
    { value: 'light', label: 'Light' },
    { value: 'dark', label: 'Dark' },
    { value: 'auto', label: 'As the system' },
] as const;

export function ThemeSettings({ theme, savings, onChange }: PartProps) {
    return (
        <Section id="theme" title="Theme">
            <div class="setting">
                <fieldset class="ranges">
                    <legend class="hidden">Colors</legend>
                    {schemes.map(({ value, label }) => (
                        <label key={value}>
                            <input
                                type="radio"
                                name="color_scheme"
                                value={value}
                                checked={theme.color_scheme === value}
                                onChange={() => onChange(themeChange('color_scheme', value))}
                            />
                            <span>{label}</span>
                        </label>
                    ))}
                </fieldset>
                <Saved field="color_scheme" savings={savings} />
            </div>
            <div class="setting">
                <label class="color">
                    <span>Accent color</span>
                    <input
                        type="color"
                        name="accent_color"
                        value={theme.accent_color.toLowerCase()}
                        onInput={event => applyTheme({ ...theme, accent_color: event.currentTarget.value })}
                        onChange={event => onChange(themeChange('accent_color', event.currentTarget.value))}
                    />
                </label>
                <Saved field="accent_color" savings={savings} />
            </div>
        </Section>
    );
}

const choices = [
    { name: 'email_list_view', label: 'Email list', words: ['grid', 'list', 'compact'] },
    { name: 'calendar_view', label: 'Calendar', words: ['month', 'week', 'day', 'agenda'] },
    { name: 'tasks_sort_by', label: 'Order of tasks', words: ['priority', 'due_date', 'created_at', 'alphabetical'] },
] as const;

const layouts = [
    { name: 'compact_mode', label: 'Compact' },
    { name: 'sidebar_collapsed', label: 'Sidebar collapsed' },
] as const;

export function LayoutSettings({ theme, savings, onChange }: PartProps) {
    return (
        <Section id="layout" title="Layout">
            {choices.map(({ name, label, words }) => (
                <Select
                    key={name}
                    field={name}
                    label={label}
                    value={theme[name]}
                    savings={savings}
                    onChange={value => onChange(themeChange(name, value as Interface[typeof name]))}
                >
                    <Words words={words} />
                </Select>
            ))}
            {layouts.map(({ name, label }) => (
                <Switch
                    key={name}
                    field={name}
                    label={label}
                    checked={theme[name]}
                    savings={savings}
                    onChange={checked => onChange(themeChange(name, checked))}
                />
            ))}
        </Section>
    );
}

const notifications = [
    { name: 'notify_on_operation_completion', label: 'An operation has completed' },
    { name: 'notify_on_operation_failure', label: 'An operation has failed' },
    { name: 'notify_on_cost_limit_warning', label: 'A budget is near its limit' },
    { name: 'notify_on_cost_limit_exceeded', label: 'A budget is used up' },
] as const;

export function NotificationSettings({ theme, savings, onChange }: PartProps) {
    return (
        <Section id="notifications" title="Notifications">
            {notifications.map(({ name, label }) => (
                <Switch
                    key={name}
                    field={name}
                    label={label}
                    checked={theme[name]}
                    savings={savings}
                    onChange={checked => onChange(themeChange(name, checked))}
                />
            ))}
        </Section>
    );
}
