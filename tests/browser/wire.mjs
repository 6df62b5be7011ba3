// The wire between the pages and the daemons, where a test can cut it or write into it; and pages of
// their own at its end, so that whatever a test does there nobody else sees.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { required } from './chromium.mjs';

/** The length of a frame's header. */
const HEADER_BYTES = 10;

/** What a fault answers when the connection is to end without a word. */
export const CUT = Symbol('cut');

/** Where the daemons are, by their names. */
export const DAEMONS = Object.fromEntries(
  required('AGENCIA_DAEMONS').split(',').map((pair) => pair.split('=')),
);

/** An error as a daemon writes it. */
export function refusal(code, about = {}) {
  return { erro: { codigo: code, mensagem: code, ...about } };
}

/** Asks a daemon. */
export function ask(name, request) {
  return new Promise((resolve, reject) => {
    const socket = dial(DAEMONS[name]).once('error', reject);
    eachFrame(socket, (body) => {
      socket.destroy();
      resolve(JSON.parse(body));
    });
    socket.write(frame(JSON.stringify(request)));
  });
}

function dial(address) {
  const [host, port] = address.split(':');
  return connect(Number(port), host);
}

function frame(body) {
  return Buffer.concat([Buffer.from(`${Buffer.byteLength(body)}`.padEnd(HEADER_BYTES)), Buffer.from(body)]);
}

/** Calls this with the body of every frame that arrives. */
function eachFrame(socket, call) {
  let bytes = Buffer.alloc(0);
  socket.on('data', (data) => {
    bytes = Buffer.concat([bytes, data]);
    while (bytes.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + Number(bytes.subarray(0, HEADER_BYTES).toString());
      if (bytes.length < end) return;
      const body = bytes.subarray(HEADER_BYTES, end).toString();
      bytes = bytes.subarray(end);
      call(body);
    }
  });
}

/** What the pages answer to a form of which no more than its head arrives. */
export function sendSlowly(site, path, lang) {
  const { hostname, port } = new URL(site);
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    `origin: ${site}`,
    `accept-language: ${lang}`,
    'content-type: application/x-www-form-urlencoded',
    'content-length: 10',
    'connection: close',
  ];
  return new Promise((resolve, reject) => {
    const bytes = [];
    const socket = connect(Number(port), hostname).once('error', reject);
    socket.on('data', (data) => bytes.push(data));
    socket.on('end', () => {
      socket.destroy();
      const reply = Buffer.concat(bytes).toString();
      const end = reply.indexOf('\r\n\r\n');
      const [status, ...fields] = reply.slice(0, end).split('\r\n');
      const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/s, 2)));
      resolve({ status: Number(status.split(' ')[1]), headers, body: reply.slice(end + 4) });
    });
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
  });
}

/** Stands before a daemon and passes everything on, but for what its fault does. */
class Relay {
  /** Takes a request and says what becomes of it: `CUT`, a reply, a function that changes the daemon's
   * own reply, or nothing. */
  fault = () => undefined;

  async listen(address) {
    this.server = createServer((near) => this.#pass(near, dial(address)));
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.address = `127.0.0.1:${this.server.address().port}`;
    return this;
  }

  #pass(near, far) {
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    // What was asked and is not answered yet: replies come in the order of the requests.
    const waiting = [];
    const answer = () => {
      while (waiting[0]?.reply) near.write(frame(JSON.stringify(waiting.shift().reply)));
    };
    eachFrame(near, (body) => {
      const request = JSON.parse(body);
      const fate = typeof request === 'string' ? undefined : this.fault(request);
      if (fate === CUT) return end();
      const passes = fate === undefined || typeof fate === 'function';
      if (passes) far.write(frame(body));
      if (typeof request !== 'string') {
        waiting.push(passes ? { change: fate ?? ((reply) => reply) } : { reply: fate });
      }
      answer();
    });
    eachFrame(far, (body) => {
      const asked = waiting.find(({ reply }) => !reply);
      asked.reply = asked.change(JSON.parse(body));
      answer();
    });
  }
}

/** Pages whose every word with a daemon goes through a relay. */
export class Pages {
  static async start() {
    const pages = new Pages();
    pages.relays = {};
    for (const [name, address] of Object.entries(DAEMONS)) {
      pages.relays[name] = await new Relay().listen(address);
    }
    pages.folder = mkdtempSync(path.join(tmpdir(), 'agencia-states-'));
    const peers = path.join(pages.folder, 'pares.toml');
    const daemon = ([name, { address }]) => `[[daemon]]\nname = "${name}"\naddress = "${address}"\n`;
    writeFileSync(peers, Object.entries(pages.relays).map(daemon).join(''));
    pages.process = spawn(
      required('AGENCIA_WEB'),
      ['--peers', peers, '--state', pages.folder, '--keys', pages.folder, '--port', '0',
        '--listen', '127.0.0.1', '--log', 'info'],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...SETTINGS } },
    );
    pages.site = await new Promise((resolve, reject) => {
      const lines = [];
      createInterface(pages.process.stderr).on('line', (line) => {
        lines.push(line);
        const port = line.match(/Listening for connections on .*:(\d+)$/)?.[1];
        if (port) resolve(`http://localhost:${port}`);
      });
      pages.process.on('exit', () => reject(new Error(lines.join('\n'))));
    });
    return pages;
  }

  /** From now on these daemons have these faults, and the others none. */
  suffer(faults = {}) {
    for (const [name, relay] of Object.entries(this.relays)) {
      relay.fault = faults[name] ?? (() => undefined);
    }
  }

  /** Their end. */
  async stop() {
    const over = new Promise((done) => this.process.on('exit', done));
    this.process.kill('SIGKILL');
    await over;
    for (const { server } of Object.values(this.relays)) server.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** What makes the pages give up soon, also a form that does not arrive, and ask for everything each time. */
const SETTINGS = {
  AGENCIA_WEB_HTTP__BODY_SECS: '2',
  AGENCIA_WEB_DAEMONS__DESTINATIONS_SECS: '0',
  AGENCIA_WEB_TRIPS__LEAD_MILLIS: '400',
  AGENCIA_WEB_TRIPS__PAUSE_MILLIS: '50',
};
