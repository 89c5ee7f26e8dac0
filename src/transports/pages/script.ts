/** What the page can do beyond a plain form. Everything works without it; it keeps nothing and asks nobody but us. */
export const SCRIPT = `
(() => {
'use strict';
const byId = (id) => document.getElementById(id);
const live = byId('live');
const form = byId('form');
const say = (text) => { live.textContent = text; };
const focusOn = (element) => { if (element) { element.focus(); element.scrollIntoView({ block: 'nearest' }); } };
const focused = document.querySelector('[autofocus]');
if (focused) focused.focus();
if (!form) return;

for (const area of form.querySelectorAll('textarea[data-secret]')) area.classList.add('hides');
for (const button of form.querySelectorAll('[data-shows]')) {
  const input = byId(button.dataset.shows);
  button.hidden = false;
  button.addEventListener('click', () => {
    const shows = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(shows));
    if (input.tagName === 'TEXTAREA') input.classList.toggle('hides', !shows);
    else input.type = shows ? 'text' : 'password';
  });
}

const MOST_FILE_BYTES = 200000;
const fill = async (input, file) => {
  if (!file) return;
  if (file.size > MOST_FILE_BYTES) return say(file.name + ' is too large for a key or a certificate.');
  input.value = await file.text();
  say(file.name + ' is in the field.');
};
for (const chooser of form.querySelectorAll('[data-fills]')) {
  const input = byId(chooser.dataset.fills);
  chooser.hidden = false;
  form.querySelector('[data-file="' + input.id + '"]').hidden = false;
  chooser.addEventListener('change', async () => { await fill(input, chooser.files[0]); chooser.value = ''; });
  input.addEventListener('dragover', (event) => { event.preventDefault(); input.classList.add('drop'); });
  input.addEventListener('dragleave', () => input.classList.remove('drop'));
  input.addEventListener('drop', (event) => {
    input.classList.remove('drop');
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    void fill(input, file);
  });
}

const whole = byId('whole');
const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
const known = [...document.querySelectorAll('table td')].map((cell) => cell.textContent.trim().toLowerCase());
const takeApart = (text) => {
  const found = /^[a-z][a-z0-9+.-]*:\\/\\/(?:([^:@\\/?#]*)(?::([^@\\/?#]*))?@)?([^\\/?#:,]*|\\[[^\\]]*\\])(?::(\\d+))?(?:\\/([^?#]*))?(.*)$/i.exec(text.trim());
  if (!found) return false;
  const [, username, password, host, port, database, rest] = found;
  const parts = Object.entries({ username, password, host, port, database }).filter(([, value]) => value);
  const filled = [];
  let left = rest !== '';
  for (const [name, value] of parts) {
    const input = form.elements.namedItem('value.' + name);
    if (input) { input.value = decoded(value); filled.push(name); }
    else if (!known.includes(decoded(value).toLowerCase())) left = true;
  }
  if (filled.length === 0) return false;
  say('Filled in from the connection string: ' + filled.join(', ') + '.');
  return left ? 'in part' : 'whole';
};
if (whole) {
  whole.addEventListener('input', () => { if (takeApart(whole.value) === 'whole') whole.value = ''; });
  const follow = (name, pattern) => form.elements.namedItem('value.' + name)?.addEventListener('input', ({ target }) => {
    whole.value = whole.value.replace(pattern, (all, before, after) => before + encodeURIComponent(target.value) + after);
  });
  follow('username', /^([a-z][a-z0-9+.-]*:\\/\\/)[^:@\\/?#]*([:@])/i);
  follow('password', /^([a-z][a-z0-9+.-]*:\\/\\/[^:@\\/?#]*:)[^@\\/?#]*(@)/i);
  for (const input of form.querySelectorAll('input[name^="value."]')) {
    input.addEventListener('paste', (event) => {
      const text = event.clipboardData.getData('text');
      if (!/^\\s*[a-z][a-z0-9+.-]*:\\/\\/[^\\s]*@/i.test(text)) return;
      event.preventDefault();
      if (takeApart(text) !== 'whole') whole.value = text.trim();
    });
  }
}

const time = document.querySelector('#expiry time');
const until = Date.parse(time.dateTime);
let over = false;
const tick = () => {
  const left = Math.ceil((until - Date.now()) / 60000);
  if (left > 0) {
    const clock = new Date(until).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    time.textContent = clock + ' (' + left + (left === 1 ? ' minute' : ' minutes') + ' left)';
  } else if (!over) {
    over = true;
    byId('expiry').textContent = 'The time of this page is over. Go back to your conversation and ask for a new link.';
    say(byId('expiry').textContent);
  }
};
tick();
setInterval(tick, 5000);

const send = byId('send');
let sending = false;
const show = (outcome) => {
  byId('summary').innerHTML = outcome.summary;
  byId('report').innerHTML = outcome.report;
  byId('skip').innerHTML = outcome.skip;
  document.title = outcome.title;
  for (const field of form.querySelectorAll('.field')) {
    const input = field.querySelector('[aria-describedby]');
    const problem = outcome.problems[input.id] || '';
    byId(input.id + '-problem').textContent = problem;
    field.classList.toggle('wrong', problem !== '');
    if (problem) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
  say('');
  focusOn(byId('problems'));
};
const lost = () => {
  byId('summary').innerHTML = '<div class="alarm" role="alert" tabindex="-1" id="problems"><h2>No answer</h2><p>The connection to Headwater was lost. Try again, or ask for a new link in your conversation.</p></div>';
  focusOn(byId('problems'));
};
const events = {
  go: ({ url }) => { location.assign(url); },
  step: ({ step, say: text }) => { byId('running').insertAdjacentHTML('beforeend', step); say(text); },
  outcome: show,
  page: ({ title, main }) => {
    document.title = title;
    byId('main').innerHTML = main;
    say('');
    focusOn(byId('main'));
  },
};
const read = async (body) => {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let last;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return last;
    const lines = (rest + value).split('\\n');
    rest = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      last = event.is;
      events[event.is](event);
    }
  }
};
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (sending) return;
  sending = true;
  send.setAttribute('aria-disabled', 'true');
  byId('summary').textContent = '';
  const tests = event.submitter?.value !== 'provider';
  byId('report').innerHTML = tests ? '<h2>Testing</h2><ol class="steps" id="running"></ol>' : '';
  say(tests ? 'Testing' : 'Going on');
  try {
    const answer = await fetch(location.pathname, {
      method: 'POST',
      headers: { accept: 'application/x-ndjson' },
      body: new URLSearchParams(new FormData(form, event.submitter)),
      credentials: 'same-origin',
    });
    const last = await read(answer.body);
    if (!last || last === 'step') lost();
  } catch {
    lost();
  } finally {
    sending = false;
    send.removeAttribute('aria-disabled');
  }
});
})();
`;
