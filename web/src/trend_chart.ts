// Owns: ECharts, with the parts alone that the trend needs. Loaded apart from the page, which shows its figures meanwhile.
//
// The policy of the page forbids style in markup, so ECharts' own tooltip is not used: components/trend.tsx has one.
import { LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Day } from './dashboard';
import { shortDay } from './format';
import { themeChanged } from './theme';

use([LineChart, GridComponent, SVGRenderer]);

/** Where a day stands in the chart, in pixels. */
export interface Place {
    x: number;
    y: number;
}

export interface TrendChart {
    show: (days: Day[]) => void;
    /** The day nearest to a pixel. */
    dayAt: (x: number) => number;
    placeOf: (day: number) => Place;
    resize: () => void;
    dispose: () => void;
}

// Positions of points and ticks are all that floats are used for. What is read stands in the text of the tooltip and the table.
const costOf = (day: Day): number => Number(day.cost_usd);

function tick(value: number): string {
    return `${value < 0 ? '-' : ''}$${Math.abs(value).toLocaleString('en-US', { maximumSignificantDigits: 3 })}`;
}

/** What the browser makes of the variables of style/base.css, in the scheme of the moment. */
function colorsOf(element: HTMLElement, names: string[]): Record<string, string> {
    const probe = element.ownerDocument.createElement('span');
    element.append(probe);
    const found = names.map(name => {
        probe.style.color = `var(--${name})`;
        return [name, getComputedStyle(probe).color];
    });
    probe.remove();
    return Object.fromEntries(found) as Record<string, string>;
}

function options(days: Day[], colors: Record<string, string>) {
    const axisText = { color: colors['quiet'], fontSize: 12, fontFamily: 'inherit' };
    const line = { type: 'line' as const, silent: true };
    return {
        animation: false,
        grid: { left: 8, right: 16, top: 16, bottom: 4, containLabel: true },
        xAxis: {
            type: 'category' as const,
            data: days.map(day => shortDay(day.date)),
            boundaryGap: false,
            axisLabel: { ...axisText, hideOverlap: true, margin: 12, padding: [0, 6] },
            axisLine: { lineStyle: { color: colors['line'] } },
            axisTick: { show: false },
        },
        yAxis: {
            type: 'value' as const,
            splitNumber: 4,
            axisLabel: { ...axisText, formatter: tick },
            splitLine: { lineStyle: { color: colors['line'] } },
        },
        series: [
            {
                ...line,
                data: days.map(day => Number(day.previous_cost_usd)),
                showSymbol: false,
                lineStyle: { color: colors['quiet'], width: 1.5, type: [4, 4] },
            },
            {
                ...line,
                data: days.map(costOf),
                showSymbol: days.length <= 31,
                symbol: 'circle',
                symbolSize: 5,
                lineStyle: { color: colors['accent'], width: 2 },
                itemStyle: { color: colors['accent'] },
                areaStyle: { color: colors['accent'], opacity: 0.12 },
            },
        ],
    };
}

export function drawTrend(element: HTMLElement): TrendChart {
    const chart: EChartsType = init(element, null, { renderer: 'svg' });
    let days: Day[] = [];
    const draw = (): void => {
        if (days.length > 0) {
            const colors = colorsOf(element, ['quiet', 'line', 'accent']);
            chart.setOption(options(days, colors), { notMerge: true });
        }
    };
    document.addEventListener(themeChanged, draw);
    return {
        show: shown => {
            days = shown;
            draw();
        },
        dayAt: x => {
            const found = chart.convertFromPixel({ xAxisIndex: 0 }, x) as unknown as number;
            return Math.min(Math.max(Math.round(found), 0), days.length - 1);
        },
        placeOf: day => {
            const [x, y] = chart.convertToPixel({ seriesIndex: 1 }, [day, costOf(days[day] as Day)]) as [
                number,
                number,
            ];
            return { x, y };
        },
        resize: () => chart.resize(),
        dispose: () => {
            document.removeEventListener(themeChanged, draw);
            chart.dispose();
        },
    };
}
