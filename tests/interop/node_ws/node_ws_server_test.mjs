// Node's ws as the server of an echo_client: node node_ws_server_test.mjs ECHO_CLIENT
import assert from "node:assert/strict";
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createPlainServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const SKIPPED = 77;
const NOT_BUILT = 2;
const { WebSocketServer } = await import("ws").catch(() => {
  console.log("SKIPPED: no ws: run npm ci in tests/interop/node_ws");
  process.exit(SKIPPED);
});
const program = process.argv[2];

/** Returns the exit status and what was printed. */
const runClient = (url, options) => new Promise((resolve) =>
  execFile(program, [url, "--max-message-bytes", String(2 ** 21), ...options], { timeout: 30_000 },
    (error, stdout) => resolve([error ? error.code : 0, stdout.trim()])));

/** A connection whose messages, pongs and end are awaited one after the other. */
class Connection {
  constructor(socket) {
    this.socket = socket;
    this.received = [];
    this.waiting = [];
    this.closed = once(socket, "close").then(([code]) => code);
    socket.on("message", (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      const waiting = this.waiting.shift();
      waiting ? waiting.resolve(message) : this.received.push(message);
    });
    socket.on("close", (code) =>
      this.waiting.forEach(({ reject }) => reject(new Error(`closed with ${code}`))));
  }

  async receive() {
    if (this.received.length) return this.received.shift();
    return await new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  send(...parts) {
    parts.forEach((part, i) => this.socket.send(part, { fin: i + 1 === parts.length }));
  }

  async checkEcho(...parts) {
    this.send(...parts);
    const whole = typeof parts[0] === "string" ? parts.join("") : Buffer.concat(parts);
    assert.deepEqual(await this.receive(), whole);
  }

  async close(code = 1000, reason = "") {
    this.socket.close(code, reason);
    return await this.closed;
  }
}

/** What the client prints while a server of these options has the conversation with it. */
async function converse(conversation, { options = [], scheme = "ws", host = "localhost", tls, ...server } = {}) {
  const http = tls ? createTlsServer(tls) : createPlainServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, ...server });
  let failure;
  let connections = 0;
  sockets.on("connection", async (socket) => {
    ++connections;
    const connection = new Connection(socket);
    await conversation(connection).catch((error) => { failure = error; });
    await connection.close();
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const [status, output] = await runClient(`${scheme}://${host}:${http.address().port}/`, options);
  http.close();
  http.closeAllConnections();
  if (failure) throw failure;
  assert.equal(connections, status === 0 ? 1 : 0);
  return { status, output };
}

async function expectNormal(conversation, options) {
  assert.deepEqual(await converse(conversation, options), { status: 0, output: "closed 1000" });
}

const [withoutParts] = await runClient("wss://localhost:1/", ["--deflate"]);
const skip = withoutParts === NOT_BUILT ? "built without zlib or OpenSSL" : false;
const skipTls = spawnSync("openssl", ["version"]).status === 0 ? skip : "no openssl";

const numbers = Array.from({ length: 200_000 }, (_, i) => i).join(" ");
const large = numbers.slice(0, 2 ** 20);

async function checkAllEchoes(connection) {
  for (const text of ["Hello", "", "\0", "κόσμε", "日本語 🌾", "\u{10ffff}", "ä".repeat(32768), large]) {
    await connection.checkEcho(text);
    await connection.checkEcho(Buffer.from(text));
  }
  await connection.checkEcho("Hel", "lo", "", ", wörld");
  await connection.checkEcho(Buffer.from([255]), Buffer.alloc(0), Buffer.from(numbers.slice(0, 70_000)));
}

test("text and binary, whole and in fragments", () => expectNormal(checkAllEchoes));

test("messages come back in order", () => expectNormal(async (connection) => {
  const messages = Array.from({ length: 2000 }, (_, i) => String(i).repeat(i % 50));
  messages.forEach((message) => connection.send(message));
  for (const message of messages) assert.equal(await connection.receive(), message);
}));

test("pings are answered with their payload, also within a message", () => expectNormal(async (connection) => {
  for (const payload of ["", "hello", "x".repeat(125)]) {
    const pong = once(connection.socket, "pong");
    connection.socket.send("Hel", { fin: false });
    connection.socket.ping(payload);
    connection.socket.send("lo");
    assert.equal((await pong).toString(), payload);
    assert.equal(await connection.receive(), "Hello");
  }
}));

test("the server closes, or is gone", async () => {
  for (const [code, reason] of [[1000, "done"], [1001, ""], [1012, "restart"], [4000, "ä".repeat(61)]]) {
    const { output } = await converse(async (connection) => {
      await connection.checkEcho("Hello");
      assert.equal(await connection.close(code, reason), code);
    });
    assert.equal(output, `closed ${code}`);
  }
  const { output } = await converse(async ({ socket }) => socket.terminate());
  assert.equal(output, "closed 1006");
});

test("subprotocols", async () => {
  const options = ["--subprotocol", "chat.v2", "--subprotocol", "chat.v1"];
  for (const chosen of ["chat.v1", "chat.v2", false]) {
    const { output } = await converse(async (connection) => {
      assert.equal(connection.socket.protocol, chosen || "");
      await connection.checkEcho("Hello");
    }, { options, handleProtocols: () => chosen });
    assert.equal(output, chosen ? `closed 1000 ${chosen}` : "closed 1000");
  }
});

test("compression with each parameter", { skip }, async () => {
  const windows = { serverMaxWindowBits: 9, clientMaxWindowBits: 10 };
  const fresh = { serverNoContextTakeover: true, clientNoContextTakeover: true };
  for (const asked of [{}, windows, fresh, { ...windows, ...fresh }])
    await expectNormal(async (connection) => {
      assert.match(connection.socket.extensions, /^permessage-deflate/);
      for (let i = 0; i < 3; ++i) await checkAllEchoes(connection);
    }, { options: ["--deflate"], perMessageDeflate: { threshold: 0, ...asked } });
});

test("a message too big ends the connection, also one that inflates to it", { skip }, async () => {
  for (const [size, perMessageDeflate] of [[2 ** 21 + 1, false], [2 ** 20, true]]) {
    const { output } = await converse(async (connection) => {
      connection.send("x".repeat(size));
      assert.equal(await connection.closed, 1009);
    }, { options: ["--deflate"], perMessageDeflate });
    assert.equal(output, "closed 1006");
  }
});

test("TLS, and certificates that are refused", { skip: skipTls }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-node-ws-"));
  after(() => rm(folder, { recursive: true }));
  const file = (name) => join(folder, name);
  const make = (name, subject, ...options) => execFileSync("openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
      "-subj", `/CN=${subject}`, "-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), ...options],
    { stdio: "ignore" });
  make("ca", "Authority");
  make("stranger", "Stranger");
  make("server", "server", "-CA", file("ca.pem"), "-CAkey", file("ca.key"),
    "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE");
  const tls = { key: await readFile(file("server.key")), cert: await readFile(file("server.pem")) };

  await expectNormal(checkAllEchoes, { tls, scheme: "wss", options: ["--ca", file("ca.pem")] });
  for (const [authority, host, reason] of [
    ["stranger", "localhost", "unable to get local issuer certificate"],
    ["ca", "127.0.0.1", "IP address mismatch"],
  ]) {
    const outcome = await converse(checkAllEchoes,
      { tls, host, scheme: "wss", options: ["--ca", file(`${authority}.pem`)] });
    assert.deepEqual(outcome, { status: 1, output: `failed ${reason}` });
  }
});
