/** The page's looks: two colour schemes, from 320 px on, nothing to load. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#16202a;--quiet:#4b5a68;--ground:#fff;--field:#fff;--line:#76838f;--soft:#eef2f5;--accent:#0b5cad;--on-accent:#fff;--bad:#b3141d;--bad-ground:#fdf0f0;--good:#14663a;--warn:#7a4b00}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--quiet:#aab6c2;--ground:#12181e;--field:#1a222a;--line:#7d8a97;--soft:#1f2932;--accent:#7db9f5;--on-accent:#0b1620;--bad:#ff9d9d;--bad-ground:#331a1c;--good:#7ddba4;--warn:#f0c060}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:40rem;margin:0 auto;padding:1.5rem 1rem 4rem;outline:0;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 1rem}
h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
p{margin:.35rem 0}
a{color:var(--accent)}
.quiet{color:var(--quiet);font-size:.925rem}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;padding:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap;border:0}
.match{border:2px solid var(--accent);border-radius:.5rem;padding:.75rem 1rem}
.match h2{margin:0}
.code{font:700 clamp(1.4rem,6vw,2rem)/1.3 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:.12em}
table{border-collapse:collapse;width:100%;margin-top:1.5rem}
caption{text-align:left;font-weight:700;font-size:1.15rem;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-top:1px solid var(--soft);font-weight:400}
th{color:var(--quiet);width:35%}
.field{margin:1.25rem 0}
.field>label:first-child{font-weight:600;display:block}
.wrong{border-left:4px solid var(--bad);padding-left:.75rem}
.problem{color:var(--bad);font-weight:600}
.problem:empty,p.quiet:empty,#skip:empty{display:none}
input:not([type=hidden]):not([type=file]),textarea,select{display:block;width:100%;min-height:2.75rem;padding:.5rem .65rem;font:inherit;color:inherit;background:var(--field);border:1px solid var(--line);border-radius:.35rem}
textarea{font:.9rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;resize:vertical}
textarea.hides{-webkit-text-security:disc}
textarea.drop{outline:3px dashed var(--accent);outline-offset:2px}
[aria-invalid=true]{border:2px solid var(--bad)!important}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button,label.small{min-height:2.75rem;padding:.5rem 1.1rem;font:inherit;font-weight:600;border:2px solid var(--accent);border-radius:.35rem;background:var(--accent);color:var(--on-accent);cursor:pointer}
button.second,button.small,label.small{background:transparent;color:var(--accent)}
button.small,label.small{min-height:2rem;padding:.15rem .7rem;margin-top:.4rem;font-size:.925rem;border-width:1px;font-weight:400}
label.small:not([hidden]){display:inline-block}
input[type=file]:focus-visible{outline:0}
label.small:has(+input:focus-visible){outline:3px solid var(--accent);outline-offset:2px}
button[aria-disabled=true]{opacity:.6;cursor:default}
.actions{margin:1.25rem 0}
.alarm{border:2px solid var(--bad);background:var(--bad-ground);border-radius:.5rem;padding:.75rem 1rem;margin:1rem 0}
.alarm h2{margin:0 0 .25rem}
.alarm ul{margin:0;padding-left:1.1rem}
.alarm a{color:var(--bad)}
.good{border-left:4px solid var(--good);padding-left:.75rem}
.steps{list-style:none;margin:.5rem 0;padding:0}
.step{display:flex;gap:.65rem;padding:.4rem 0;border-top:1px solid var(--soft)}
.step>div{min-width:0;flex:1}
.sign{font-weight:700;width:1.1rem;text-align:center}
.word{color:var(--quiet);font-size:.925rem}
.pass .sign{color:var(--good)}.fail .sign,.fail .word{color:var(--bad)}.warn .sign,.warn .word{color:var(--warn)}
pre{background:var(--soft);padding:.65rem;border-radius:.35rem;overflow-x:auto;white-space:pre-wrap;font-size:.875rem}
summary{cursor:pointer;padding:.35rem 0;color:var(--accent)}
@media (forced-colors:active){.step .sign{forced-color-adjust:none}}
`;
