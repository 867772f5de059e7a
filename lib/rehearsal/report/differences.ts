import { counted } from './format';
import { type Html, html } from './html';
import type { RehearsalReport, StandInNote } from './report';

/** What was not the real thing: stand-ins, shims, and what was not played. */
export function differencesSection({ standIns, shims, notPlayed, ok }: RehearsalReport): Html {
  return html`<section aria-labelledby="differences">
<h2 id="differences">What was not the real thing</h2>
<p>The servers and the handler were real. This took the place of what cannot run on this machine.</p>
<h3>Stand-ins</h3>
${standIns.length === 0 ? html`<p>None.</p>` : html`<div class="cards">${standIns.map(standIn)}</div>`}
<h3>Shims</h3>
${shims.length === 0 ? html`<p>None.</p>` : html`<p>Set otherwise than in the cloud:</p><dl class="pairs">${shims.map(({ name, reason }) => html`<dt>${name}</dt><dd>${reason}</dd>`)}</dl>`}
<h3>Not played</h3>
${
  notPlayed.length === 0
    ? html`<p>${ok ? 'Every resource of the stack was played.' : 'Nothing was recorded.'}</p>`
    : html`<dl class="pairs">${notPlayed.map(({ type, count, reason }) => html`<dt>${type}${count === 1 ? undefined : html` <span class="quiet">× ${count}</span>`}</dt><dd>${reason}</dd>`)}</dl>`
}
</section>`;
}

function standIn({ name, reason, behaviours, notReproduced = [] }: StandInNote): Html {
  return html`<article><h4>${name}</h4><p>${reason}</p>${
    behaviours.length === 0
      ? undefined
      : html`<details><summary>Reproduces ${counted(behaviours.length, 'behaviour')}</summary><ul>${behaviours.map((behaviour) => html`<li>${behaviour}</li>`)}</ul></details>`
  }${
    notReproduced.length === 0
      ? undefined
      : html`<details><summary>Does not reproduce ${counted(notReproduced.length, 'behaviour')}</summary><ul>${notReproduced.map((behaviour) => html`<li>${behaviour}</li>`)}</ul></details>`
  }</article>`;
}

/** What was left behind, and where secrets were looked for. */
export function remainsSection({ leftovers, secretScan }: RehearsalReport): Html {
  const { secrets, places, found, notSearched } = secretScan;
  return html`<section aria-labelledby="remains">
<h2 id="remains">What was left behind</h2>
<h3>Objects, processes, directories</h3>
${leftovers.length === 0 ? html`<p>Nothing.</p>` : html`<ul class="bad">${leftovers.map((leftover) => html`<li>${leftover}</li>`)}</ul>`}
<h3>Secrets</h3>
${
  places.length === 0
    ? html`<p class="bad">Nothing was searched for secrets.</p>`
    : html`<p>${counted(secrets, 'secret')} looked for in ${places.join(', ')}: ${found.length === 0 ? 'none was found.' : 'found!'}</p>`
}
${found.length === 0 ? undefined : html`<ul class="bad">${found.map((place) => html`<li>${place}</li>`)}</ul>`}
${
  notSearched.length === 0
    ? undefined
    : html`<p>Nobody could look here:</p><dl class="pairs">${notSearched.map(({ place, reason }) => html`<dt>${place}</dt><dd>${reason}</dd>`)}</dl>`
}
</section>`;
}
