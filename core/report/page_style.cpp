#include "core/report/page_style.hpp"

namespace ringside {

namespace {

// The colors of marks are told apart by people who see no red, no green or no blue (after Okabe & Ito 2008), and differ
// in lightness besides.
constexpr std::string_view sheet = R"(
:root {
  color-scheme: light dark;
  --paper: #f6f5f1; --card: #ffffff; --text: #1d2433; --soft: #5a6374; --rule: #dcdad2; --track: #eeece5;
  --accent: #0b5c8f; --guest: #1f78b4; --monitor: #f0a02e; --host: #c77bb0; --waiting: #d5d3cb; --exits: #33658a;
  --ink: rgba(70, 38, 0, .55); --good: #1b6e4b; --bad: #a8321e; --shadow: 0 1px 2px rgba(29, 36, 51, .08), 0 6px 20px rgba(29, 36, 51, .05);
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161f; --card: #1b212d; --text: #e8eaf0; --soft: #a3adbf; --rule: #323a4a; --track: #252d3b;
    --accent: #7cc0ec; --guest: #4ea5de; --monitor: #f2b04d; --host: #d596c4; --waiting: #545d6e; --exits: #86b3d1;
    --ink: rgba(20, 12, 0, .6); --good: #7fd0a8; --bad: #ff9d85; --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--text);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main, header, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 3rem; }
.brand { margin: 0; color: var(--accent); font-size: .82rem; font-weight: 650; letter-spacing: .09em; text-transform: uppercase; }
h1 { margin: .3rem 0 .2rem; font-size: clamp(1.9rem, 5vw, 2.7rem); line-height: 1.15; letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { margin: 0 0 .25rem; font-size: 1.3rem; letter-spacing: -.01em; }
h3 { margin: 0; font-size: 1.08rem; }
.lead { margin: .2rem 0 0; color: var(--soft); font-size: 1.13rem; max-width: 46rem; overflow-wrap: anywhere; }
.note, caption, .idea { color: var(--soft); font-size: .9rem; }
.note, .idea { margin: .35rem 0 0; max-width: 50rem; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1rem; margin: 1.6rem 0 0; padding: 0; list-style: none; }
.tiles li, .card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; box-shadow: var(--shadow); }
.tiles li { padding: .9rem 1.1rem 1rem; }
.tiles .label { display: block; color: var(--soft); font-size: .84rem; }
.tiles .figure { display: block; font-size: 1.4rem; font-weight: 650; letter-spacing: -.015em; line-height: 1.25; }
.tiles .small { display: block; color: var(--soft); font-size: .88rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
.card { margin: 1.25rem 0 0; padding: 1.4rem 1.5rem 1.5rem; }
.pair { display: grid; grid-template-columns: minmax(0, 4fr) minmax(0, 8fr); gap: 0 1.8rem; align-items: start; margin-top: .6rem; }
.pair th, .pair td { padding-left: .4rem; padding-right: .4rem; } .pair table { font-size: .84rem; }
.small table { width: auto; min-width: min(24rem, 100%); }
.legend { display: flex; flex-wrap: wrap; gap: .35rem 1.3rem; margin: .8rem 0 0; padding: 0; list-style: none; font-size: .88rem; color: var(--soft); }
.legend b { color: var(--text); font-weight: 600; }
.swatch { vertical-align: -2px; margin-right: .45rem; }
.definitions { position: absolute; }
.chart { display: block; overflow: visible; margin: .4rem 0 .6rem; font-size: 14px; }
.chart text { fill: var(--text); paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round; }
.chart .name { font-weight: 600; }
.chart .value { fill: var(--soft); }
.chart .tick { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--rule); stroke-width: 1; }
.track { fill: var(--track); fill-opacity: .55; }
.halo { stroke: var(--card); stroke-width: 4; stroke-linecap: round; opacity: .75; }
.whisker { stroke: var(--text); stroke-width: 1.6; stroke-linecap: round; }
.dot { stroke: var(--card); stroke-width: 2; }
.fill-guest { fill: var(--guest); } .fill-monitor { fill: var(--monitor); } .fill-host { fill: var(--host); }
.fill-waiting { fill: var(--waiting); } .fill-exits { fill: var(--exits); }
.ink { stroke: var(--ink); stroke-width: 1.3; fill: none; } .ink-dot { fill: var(--ink); }
.scroll { overflow-x: auto; margin-top: .8rem; }
table { width: 100%; border-collapse: collapse; font-size: .88rem; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .38rem .6rem; border-top: 1px solid var(--rule); text-align: right; vertical-align: top; }
thead th { border-top: 0; color: var(--soft); font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child, .words td { text-align: left; }
th[scope=row], .figures td { white-space: nowrap; }
th[scope=row] { font-weight: 600; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
.notes { margin: .6rem 0 0; padding-left: 1.15rem; } .notes li { margin: .25rem 0; overflow-wrap: anywhere; }
details { margin-top: .9rem; } summary { cursor: pointer; color: var(--accent); font-weight: 600; }
pre { margin: .6rem 0 0; padding: .8rem 1rem; border-radius: 8px; background: var(--track); font: .82rem/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { padding-top: 1.4rem; padding-bottom: 3rem; color: var(--soft); font-size: .88rem; }
@media (max-width: 56rem) { .pair { grid-template-columns: minmax(0, 1fr); } .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 34rem) {
  header { padding-top: 1.6rem; } main, header, footer { padding-left: .8rem; padding-right: .8rem; }
  .card { padding: 1rem; } .chart { font-size: 13px; }
}
@media print {
  :root { --paper: #fff; --card: #fff; --text: #000; --soft: #444; --rule: #bbb; --track: #f2f2f2; --accent: #0b5c8f; --guest: #1f78b4; --monitor: #f0a02e; --host: #c77bb0; --waiting: #d5d3cb; --exits: #33658a; --ink: rgba(70, 38, 0, .55); --good: #1b6e4b; --bad: #a8321e; --shadow: none; color-scheme: light; }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main, header, footer { max-width: none; padding: 0; } header { padding-top: 0; }
  .tiles li, .card { border-radius: 4px; } .tiles li, svg, tr { break-inside: avoid; } h2, h3, caption { break-after: avoid; }
  .tiles { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .5rem; } .tiles .figure { font-size: 1.05rem; }
  .pair { grid-template-columns: minmax(0, 1fr); } .scroll { overflow: visible; } table { font-size: 8.5pt; } th, td { padding: .2rem .35rem; }
}
)";

}

std::string_view page_style()
{
    return sheet;
}

}
