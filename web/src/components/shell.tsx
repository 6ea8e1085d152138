// The frame of every page: its name, the way to the others, and who is not signed in.
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { Client } from '../client';
import { sessionOf } from '../session';
import { SignInNotice } from './notices';

const pages = [
    { path: '/analytics/operations', title: 'Operations' },
    { path: '/settings', title: 'Settings' },
];

export function Navigation() {
    return (
        <nav aria-label="Pages">
            {pages.map(({ path, title }) => (
                <a key={path} href={path} aria-current={location.pathname === path ? 'page' : undefined}>
                    {title}
                </a>
            ))}
        </nav>
    );
}

interface HeaderProps {
    title: string;
    /** Below the title. */
    about?: ComponentChildren;
    children?: ComponentChildren;
}

export function Header({ title, about, children }: HeaderProps) {
    return (
        <header>
            <div>
                <Navigation />
                <h1>{title}</h1>
                {about}
            </div>
            {children}
        </header>
    );
}

interface SignedInProps {
    token: string | null;
    title: string;
    children: (client: Client) => ComponentChildren;
}

/** The page of somebody who is signed in; else it says what is missing. */
export function SignedIn({ token, title, children }: SignedInProps) {
    const client = useMemo(() => {
        const session = sessionOf(token);
        return session === null ? null : new Client(session);
    }, [token]);
    if (client === null) {
        return (
            <>
                <Header title={title} />
                <main>
                    <SignInNotice reason="missing" />
                </main>
            </>
        );
    }
    return <>{children(client)}</>;
}
