// The page /analytics/operations.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { choiceAddress, readChoice } from '../choice';
import type { Choice, Dashboard, Model, Operation } from '../dashboard';
import { clockTime, shortDay } from '../format';
import { useDashboard } from '../use_dashboard';
import { Cards } from './cards';
import { Controls } from './controls';
import { FiguresTable, type NameColumn } from './figures_table';
import { EmptyNotice, ErrorNotice, SignInNotice, Skeleton } from './notices';
import { Trend } from './trend';

const operationNames: NameColumn<Operation>[] = [
    { key: 'operation_id', label: 'Operation', of: row => row.operation_id },
];
const modelNames: NameColumn<Model>[] = [
    { key: 'model', label: 'Model', of: row => row.model },
    { key: 'provider', label: 'Provider', of: row => row.provider },
];
const dearestFirst = { key: 'cost_usd', descending: true };

function ZoneNote({ dashboard }: { dashboard: Dashboard }) {
    return dashboard.granularity === 'day' ? null : (
        <p class="note" data-granularity={dashboard.granularity}>
            Days are UTC days: finer sums, of which days in {dashboard.time_zone} could be made, are not kept.
        </p>
    );
}

function Section({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
    return (
        <section aria-labelledby={`${id}-title`}>
            <h2 id={`${id}-title`}>{title}</h2>
            {children}
        </section>
    );
}

function Figures({ dashboard }: { dashboard: Dashboard }) {
    if (dashboard.operations.length === 0) {
        return <EmptyNotice days={dashboard.days} />;
    }
    return (
        <>
            <Cards dashboard={dashboard} />
            <Section id="trend" title="Cost by day">
                <Trend days={dashboard.trend} />
            </Section>
            <Section id="operations" title="By operation">
                <FiguresTable
                    id="operations"
                    caption="By operation"
                    names={operationNames}
                    rows={dashboard.operations}
                    order={dearestFirst}
                />
            </Section>
            <Section id="models" title="By model">
                <FiguresTable
                    id="models"
                    caption="By model"
                    names={modelNames}
                    rows={dashboard.models}
                    order={dearestFirst}
                />
            </Section>
        </>
    );
}

export function Page({ token }: { token: string | null }) {
    const [choice, setChoice] = useState(() => readChoice(location.search));
    const { dashboard, error, loading, signIn, reload } = useDashboard(token, choice);
    const change = (chosen: Choice): void => {
        history.replaceState(history.state, '', choiceAddress(chosen));
        setChoice(chosen);
    };
    const time = dashboard === null ? null : clockTime(dashboard.as_of, dashboard.time_zone);
    const isOther =
        dashboard !== null && loading && (dashboard.days !== choice.days || dashboard.time_zone !== choice.timeZone);

    return (
        <>
            <header>
                <div>
                    <h1>Operations</h1>
                    {dashboard === null || signIn !== 'good' ? null : (
                        <p class="period">
                            {shortDay(dashboard.start_date)} – {shortDay(dashboard.end_date)}, as of <time>{time}</time>
                        </p>
                    )}
                </div>
                {signIn === 'good' ? <Controls choice={choice} onChange={change} /> : null}
            </header>
            <main aria-busy={loading} class={isOther ? 'changing' : undefined}>
                {signIn !== 'good' ? (
                    <SignInNotice reason={signIn} />
                ) : (
                    <>
                        {error === null ? null : <ErrorNotice error={error} shownSince={time} onRetry={reload} />}
                        {dashboard === null ? (
                            error === null && <Skeleton />
                        ) : (
                            <>
                                <ZoneNote dashboard={dashboard} />
                                <Figures dashboard={dashboard} />
                            </>
                        )}
                    </>
                )}
            </main>
        </>
    );
}
