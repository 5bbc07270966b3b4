/** The stylesheet and the icon of the plain pages: no framework, no font, no script. Light and dark by the reader's own setting. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #f4f6f8; --card: #ffffff; --line: #dde3e9; --text: #17202a; --soft: #566573;
  --accent: #0b5cad; --good: #1a7f37; --warn: #8a5300; --bad: #b42318;
  --good-back: #e3f4e7; --warn-back: #fdf1dc; --bad-back: #fde8e6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0f1419; --card: #182029; --line: #2c3947; --text: #e6edf3; --soft: #9fb0c0;
    --accent: #7ab8ff; --good: #63d183; --warn: #f0b35a; --bad: #ff8a80;
    --good-back: #14301d; --warn-back: #35260d; --bad-back: #3a1715;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 80rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
p { margin: .25rem 0; }
a { color: var(--accent); }
main { display: grid; gap: 1rem; grid-template-columns: repeat(12, minmax(0, 1fr)); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; grid-column: span 12; }
footer, .soft { color: var(--soft); }
footer { font-size: .9rem; }
code { font: .93em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.big { font-size: 1.7rem; font-weight: 650; line-height: 1.2; }
.pill { display: inline-block; border-radius: 1rem; padding: .1rem .65rem; font-size: .88rem; font-weight: 600; }
.good { color: var(--good); background: var(--good-back); }
.warn { color: var(--warn); background: var(--warn-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.finding { border-left: .3rem solid var(--warn); padding: .1rem 0 .1rem .8rem; margin: .7rem 0; overflow-wrap: anywhere; }
.finding.critical { border-color: var(--bad); }
.finding.info { border-color: var(--accent); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; white-space: nowrap; }
th, td { padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; max-width: 18rem; }
td code { overflow-wrap: inherit; }
.short { white-space: nowrap; }
.small { font-size: .85rem; }
summary { cursor: pointer; color: var(--soft); }
td.wide { overflow-wrap: anywhere; max-width: none; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
@media (min-width: 48rem) { .third { grid-column: span 4; } }
@media (min-width: 75rem) { .half { grid-column: span 6; } }
@media (max-width: 47.99rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem 0; max-width: none; overflow-wrap: anywhere; }
  td:has(> span:empty) { display: none; }
  .short { white-space: normal; }
  td::before { content: attr(data-label); color: var(--soft); font-size: .85rem; flex: 0 0 auto; }
  td > * { min-width: 0; }
  .number { text-align: left; }
  td.wide { display: block; }
  td.wide::before { display: block; }
  td > span { text-align: right; }
  td.wide > span { text-align: left; }
}
`

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#0b5cad" d="M16 2 4 7v8c0 7.5 5 12.6 12 15 7-2.4 12-7.5 12-15V7z"/><path fill="#fff" d="M8 15h16v3H8z"/></svg>`
