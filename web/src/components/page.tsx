// The page /analytics/operations.
import { useState } from 'preact/hooks';
import { type Choice, choiceAddress, isFiltered, noFilter, readChoice } from '../choice';
import type { Client } from '../client';
import type { Dashboard, Model, Operation } from '../dashboard';
import { clockTime, shortDay } from '../format';
import { useDashboard } from '../use_dashboard';
import { useTheme } from '../use_theme';
import { Budgets } from './budgets';
import { Callouts } from './callouts';
import { Cards } from './cards';
import { Controls, Filters } from './controls';
import { DimensionTable } from './dimension_table';
import { FiguresTable, type NameColumn } from './figures_table';
import { EmptyNotice, ErrorNotice, SignInNotice, Skeleton } from './notices';
import { CostByOperation } from './pie';
import { Providers } from './providers';
import { RecommendationList } from './recommendations';
import { Header, SignedIn } from './shell';
import { Trend } from './trend';

const title = 'Operations';

const operationNames: NameColumn<Operation>[] = [
    { key: 'operation_id', label: 'Operation', of: row => row.operation_id },
];
const modelNames: NameColumn<Model>[] = [
    { key: 'model', label: 'Model', of: row => row.model },
    { key: 'provider', label: 'Provider', of: row => row.provider },
];
const dearestFirst = { key: 'cost_usd', descending: true };

/** Credits alone are figures too. */
const isEmpty = ({ totals }: Dashboard): boolean => totals.executions === 0 && totals.cost_usd === '0';

function Parts({ dashboard }: { dashboard: Dashboard }) {
    return dashboard.operations.length === 0 ? null : (
        <>
            <div class="pair">
                <CostByOperation operations={dashboard.operations} />
                <Providers providers={dashboard.providers} />
            </div>
            <FiguresTable
                id="operations"
                title="By operation"
                names={operationNames}
                rows={dashboard.operations}
                order={dearestFirst}
            />
            <FiguresTable
                id="models"
                title="By model"
                names={modelNames}
                rows={dashboard.models}
                order={dearestFirst}
            />
        </>
    );
}

function Figures({ dashboard, onClear }: { dashboard: Dashboard; onClear: (() => void) | null }) {
    if (isEmpty(dashboard)) {
        return <EmptyNotice days={dashboard.days} onClear={onClear} />;
    }
    return (
        <>
            <Cards dashboard={dashboard} />
            <Trend days={dashboard.trend} length={dashboard.days} />
            <Parts dashboard={dashboard} />
        </>
    );
}

function Operations({ client }: { client: Client }) {
    const [choice, setChoice] = useState(() => readChoice(location.search));
    const { dashboard, answers, error, loading, isExpired, reload } = useDashboard(client, choice);
    useTheme(client);
    const change = (chosen: Choice): void => {
        history.replaceState(history.state, '', choiceAddress(chosen));
        setChoice(chosen);
    };
    if (isExpired) {
        return (
            <>
                <Header title={title} />
                <main>
                    <SignInNotice reason="expired" />
                </main>
            </>
        );
    }
    const time = dashboard === null ? null : clockTime(dashboard.as_of, dashboard.time_zone);
    const isOther = dashboard !== null && answers !== choiceAddress(choice);
    const { filter } = choice;
    const setFilter = (chosen: typeof filter): void => change({ ...choice, filter: chosen });
    const period =
        dashboard === null ? null : (
            <p class="period">
                {shortDay(dashboard.start_date)} – {shortDay(dashboard.end_date)}, as of <time>{time}</time>
            </p>
        );

    return (
        <>
            <Header title={title} about={period}>
                <Controls choice={choice} onChange={change} />
            </Header>
            <main aria-busy={loading} class={isOther && loading ? 'changing' : undefined}>
                <Filters filter={filter} dashboard={dashboard} onChange={setFilter} />
                {error === null ? null : (
                    <ErrorNotice what="The figures" error={error} shownSince={time} onRetry={reload} />
                )}
                {dashboard === null ? (
                    error === null && <Skeleton what="the figures" />
                ) : (
                    <>
                        <Callouts dashboard={dashboard} />
                        <Figures
                            dashboard={dashboard}
                            onClear={isFiltered(filter) ? () => setFilter(noFilter) : null}
                        />
                        {dashboard.dimension === null ? null : (
                            <DimensionTable
                                dimension={dashboard.dimension}
                                onChoose={value => setFilter({ ...noFilter, dimension: filter.dimension, value })}
                            />
                        )}
                        <Budgets budgets={dashboard.budgets} />
                        <RecommendationList client={client} />
                    </>
                )}
            </main>
        </>
    );
}

export function Page({ token }: { token: string | null }) {
    return (
        <SignedIn token={token} title={title}>
            {client => <Operations client={client} />}
        </SignedIn>
    );
}
