// A part of a page with its heading, and what can be done with all of it.
import type { ComponentChildren } from 'preact';

interface SectionProps {
    id: string;
    title: string;
    /** Beside the heading. */
    actions?: ComponentChildren;
    children: ComponentChildren;
}

export function Section({ id, title, actions, children }: SectionProps) {
    return (
        <section aria-labelledby={`${id}-title`} data-section={id}>
            <div class="heading">
                <h2 id={`${id}-title`}>{title}</h2>
                {actions}
            </div>
            {children}
        </section>
    );
}
