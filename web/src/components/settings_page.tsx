// The page /settings. All is saved as it is changed.
import { useEffect } from 'preact/hooks';
import type { Client } from '../client';
import { applyTheme, rememberTheme } from '../theme';
import { useSettings } from '../use_settings';
import { ModelCards } from './model_cards';
import { ErrorNotice, SignInNotice, Skeleton } from './notices';
import { OperationSettings } from './operation_settings';
import { Header, SignedIn } from './shell';
import { LayoutSettings, NotificationSettings, ThemeSettings } from './theme_settings';

const title = 'Settings';

function Settings({ client }: { client: Client }) {
    const { shown, savings, error, isExpired, change, reload } = useSettings(client);
    const theme = shown?.theme;
    useEffect(() => {
        if (theme !== undefined) {
            applyTheme(theme);
            rememberTheme(theme);
        }
    }, [theme?.color_scheme, theme?.accent_color, theme?.compact_mode]);
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
    const part = { savings, onChange: change };
    return (
        <>
            <Header title={title} about={<p class="period">Each change is saved at once.</p>} />
            <main aria-busy={shown === null && error === null}>
                {error === null ? null : (
                    <ErrorNotice what="The settings" error={error} shownSince={null} onRetry={reload} />
                )}
                {shown === null ? (
                    error === null && <Skeleton what="the settings" />
                ) : (
                    <>
                        <ModelCards models={shown.models} operations={shown.operations} />
                        <OperationSettings operations={shown.operations} models={shown.models} {...part} />
                        <div class="triple">
                            <ThemeSettings theme={shown.theme} {...part} />
                            <LayoutSettings theme={shown.theme} {...part} />
                            <NotificationSettings theme={shown.theme} {...part} />
                        </div>
                    </>
                )}
            </main>
        </>
    );
}

export function SettingsPage({ token }: { token: string | null }) {
    return (
        <SignedIn token={token} title={title}>
            {client => <Settings client={client} />}
        </SignedIn>
    );
}
