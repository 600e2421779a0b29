"""How a page looks in a browser, and the one script that it has: tables are sorted and folded where they stand."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

__all__ = ["CSS", "SCRIPT", "policy"]

CSS = """
:root{--ground:#fff;--card:#f8fafc;--ink:#0f172a;--soft:#5b6779;--line:#d3dce8;--accent:#2563eb;--bar:#2563eb22;
--good:#047857;--bad:#be123c;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ground:#0d1117;--card:#151b23;--ink:#e6edf3;--soft:#9aa7b5;--line:#303a47;
--accent:#60a5fa;--bar:#60a5fa33;--good:#34d399;--bad:#fb7185}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{display:flex;flex-wrap:wrap;gap:2rem;align-items:flex-start;padding:1.5rem 2rem}
.text{flex:0 0 auto;max-width:100%}li{max-width:70ch}
figure{flex:1 1 24rem;min-width:0;margin:0;max-width:max-content;max-height:calc(100vh - 3rem);overflow:auto;
position:sticky;top:1.5rem;border:1px solid var(--line);border-radius:8px}
figure svg{display:block}figure.small svg{max-width:100%;height:auto}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}
h2,h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
p{margin:.4rem 0;max-width:70ch}.facts{color:var(--soft)}
code,.formula{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.93em}
.formula{overflow-wrap:anywhere}
ul{margin:.4rem 0;padding-left:1.2rem}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding-bottom:.3rem}
th{position:sticky;top:0;background:var(--ground);text-align:left;font-weight:600;color:var(--soft);
border-bottom:2px solid var(--line)}
th,td{padding:.22rem .75rem .22rem 0;white-space:nowrap;vertical-align:top}
td.prose{white-space:normal}
.r{text-align:right}
tbody tr:hover{background:var(--card)}
tr.total td{border-top:2px solid var(--line);font-weight:600}
tr.dim{color:var(--soft)}tr.bold{font-weight:600}
td.bar{background:linear-gradient(to left,var(--bar) var(--share),transparent var(--share)) no-repeat}
th button,tr.group button,tr.more button{all:unset;cursor:pointer;font:inherit}
th button:hover,tr.group button:hover,tr.more button{color:var(--accent)}
th button:focus-visible,tr.group button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
th[aria-sort=descending] button::after{content:" ↓";content:" ↓" / ""}
th[aria-sort=ascending] button::after{content:" ↑";content:" ↑" / ""}
tr.group td{background:var(--card);font-weight:600}
tr.group button::before{content:"▾ ";content:"▾ " / ""}
tr.group button[aria-expanded=false]::before{content:"▸ ";content:"▸ " / ""}
pre{overflow-x:auto;background:var(--card);padding:.75rem;border-radius:6px}
.added{color:var(--good)}.gone{color:var(--bad)}
footer{color:var(--soft);font-size:.85rem;padding:0 2rem 1.5rem}
@media print{figure{position:static;max-height:none}}
"""

SCRIPT = """
"use strict";
const MANY = 1000;  // rows from which a table begins folded, and of which twice as many are shown at once
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0], rows = [...body.rows].filter(row => !row.classList.contains("total"));
  const last = [...body.rows].filter(row => row.classList.contains("total"));
  const value = (row, at) => row.cells[at].dataset.v ?? row.cells[at].textContent;
  const numeric = at => rows.every(row => value(row, at) === "" || !isNaN(value(row, at)));
  const closed = new Set(), headers = new Map();
  const groups = row => (row.dataset.name ?? "").split(".").slice(0, -1);
  const grouped = rows.some(row => groups(row).length);
  let most = 2 * MANY;
  if (rows.length > MANY)
    for (const row of rows) groups(row).forEach((_, at, all) => closed.add(all.slice(0, at + 1).join(".")));
  function put(shown) {
    const rest = shown.length - most;
    if (rest <= 0) { body.replaceChildren(...shown, ...last); return; }
    const row = document.createElement("tr"), button = document.createElement("button");
    row.className = "more";
    button.textContent = `${rest.toLocaleString("en")} more rows`;
    button.onclick = () => { most = Infinity; put(shown); };
    row.insertCell().append(button);
    body.replaceChildren(...shown.slice(0, most), row, ...last);
  }
  function header(name, depth, members) {
    const row = document.createElement("tr"), button = document.createElement("button");
    row.className = "group";
    button.textContent = name;
    button.setAttribute("aria-expanded", String(!closed.has(name)));
    button.onclick = () => {
      headers.delete(name);
      closed.has(name) ? closed.delete(name) : closed.add(name);
      unsorted();
      headers.get(name).querySelector("button").focus();
    };
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      const cell = row.insertCell();
      if (at === 0) { cell.style.paddingLeft = depth + "em"; cell.append(button); }
      else if (head.dataset.sum !== undefined) {
        cell.className = "r";
        cell.textContent = members.reduce((sum, one) => sum + BigInt(value(one, at) || 0), 0n).toLocaleString("en");
      }
    });
    return row;
  }
  function unsorted() {
    if (!grouped) { put(rows); return; }
    const shown = [], open = [];
    rows.forEach((row, place) => {
      const names = groups(row);
      let same = 0;
      while (same < open.length && same < names.length && open[same] === names[same]) same++;
      open.length = same;
      let hidden = open.some((_, at) => closed.has(open.slice(0, at + 1).join(".")));
      for (let depth = same; depth < names.length && !hidden; depth++) {
        open.push(names[depth]);
        const name = open.join(".");
        if (!headers.has(name)) {
          const members = [];
          for (let at = place; at < rows.length && rows[at].dataset.name.startsWith(name + "."); at++)
            members.push(rows[at]);
          headers.set(name, header(name, depth, members));
        }
        shown.push(headers.get(name));
        hidden = closed.has(name);
      }
      if (!hidden) {
        row.cells[0].style.paddingLeft = names.length + "em";
        shown.push(row);
      }
    });
    put(shown);
  }
  [...(table.tHead?.rows[0].cells ?? [])].forEach((head, at) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.onclick = () => {
      const before = head.getAttribute("aria-sort"), number = numeric(at);
      const next = { null: number ? "descending" : "ascending",
                     descending: number ? "ascending" : null, ascending: number ? null : "descending" }[before];
      for (const one of table.tHead.rows[0].cells) one.removeAttribute("aria-sort");
      if (next === null) { unsorted(); return; }
      head.setAttribute("aria-sort", next);
      const compare = number ? (a, b) => value(a, at) - value(b, at)
                             : (a, b) => value(a, at).localeCompare(value(b, at));
      const sign = next === "descending" ? -1 : 1;
      for (const row of rows) row.cells[0].style.paddingLeft = "";
      put([...rows].sort((a, b) => sign * compare(a, b)));
    };
  });
  unsorted();
}
"""


def policy() -> str:
    """What a browser may do for the page: apply its own style and run this script, load nothing."""
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
