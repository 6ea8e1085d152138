// A button that hands a table over as CSV.
import { type Cell, csv, download } from '../csv';

interface CsvButtonProps {
    /** What the rows are, such as «operations». The file has this name. */
    name: string;
    heading: string[];
    rows: Cell[][];
}

export function CsvButton({ name, heading, rows }: CsvButtonProps) {
    return (
        <button
            type="button"
            class="quiet"
            data-csv={name}
            aria-label={`Download ${name} as CSV`}
            onClick={() => download(`helix-${name}.csv`, csv(heading, rows))}
        >
            CSV
        </button>
    );
}
