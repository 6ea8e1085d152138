// Owns: colors that a user chose, made readable: WCAG's contrast of at least 4.5 against what they stand on.

type Channels = [number, number, number];

function channels(color: string): Channels {
    const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
    if (!match) {
        throw new RangeError(`not a color: ${color}`);
    }
    return [match[1], match[2], match[3]].map(part => parseInt(part as string, 16)) as Channels;
}

function luminance(color: string): number {
    const [red, green, blue] = channels(color).map(value => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as Channels;
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(a: string, b: string): number {
    const [light, dark] = [luminance(a), luminance(b)].sort((first, second) => second - first) as [number, number];
    return (light + 0.05) / (dark + 0.05);
}

function mixed(color: string, other: string, share: number): string {
    const others = channels(other);
    const parts = channels(color).map((value, place) =>
        Math.round(value + ((others[place] as number) - value) * share),
    );
    return `#${parts.map(part => part.toString(16).padStart(2, '0')).join('')}`;
}

/** The color, or as little darker or lighter as makes text of it readable on `ground`. */
export function readable(color: string, ground: string): string {
    const end = luminance(ground) > 0.18 ? '#000000' : '#ffffff';
    for (let share = 0; share < 1; share += 0.02) {
        const tried = mixed(color, end, share);
        if (contrast(tried, ground) >= 4.5) {
            return tried;
        }
    }
    return end;
}
