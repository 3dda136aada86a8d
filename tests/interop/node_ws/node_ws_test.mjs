// Node's ws as the client of an echo_server: node node_ws_test.mjs ECHO_SERVER
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, test } from "node:test";

const SKIPPED = 77;
const { WebSocket } = await import("ws").catch(() => {
  console.log("SKIPPED: no ws: run npm ci in tests/interop/node_ws");
  process.exit(SKIPPED);
});

const server = spawn(process.argv[2], { stdio: ["ignore", "pipe", "inherit"] });
const [line] = await once(createInterface({ input: server.stdout }), "line");
const [port, ...can] = line.split(" ");
const skipDeflate = can.includes("deflate") ? false : "built without zlib";
after(async () => {
  server.kill();
  assert.deepEqual(await once(server, "exit"), [0, null]);
});

// A connection whose messages, pongs and end are awaited one after the other.
class Client {
  constructor(path = "/echo", options = {}) {
    const headers = { Authorization: "Bearer secret" };
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, ...options });
    this.opened = once(this.socket, "open");
    this.closed = once(this.socket, "close").then(([code, reason]) => [code, reason.toString()]);
    this.closed.catch(() => {});
    this.received = [];
    this.waiting = [];
    this.socket.on("message", (data, isBinary) => {
      const message = isBinary ? data : data.toString();
      const waiting = this.waiting.shift();
      waiting ? waiting.resolve(message) : this.received.push(message);
    });
    this.socket.on("error", (error) => this.waiting.forEach(({ reject }) => reject(error)));
    this.socket.on("close", (code) =>
      this.waiting.forEach(({ reject }) => reject(new Error(`closed with ${code}`))));
  }

  async receive() {
    if (this.received.length) return this.received.shift();
    return await new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async checkEcho(message) {
    this.socket.send(message);
    assert.deepEqual(await this.receive(), message);
  }

  async close(code = 1000, reason = "") {
    this.socket.close(code, reason);
    return await this.closed;
  }
}

async function connect(...options) {
  const client = new Client(...options);
  await client.opened;
  return client;
}

const numbers = Array.from({ length: 200_000 }, (_, i) => i).join(" ");
const someText = (size) => numbers.slice(0, size);

for (const perMessageDeflate of [false, true]) {
  const how = perMessageDeflate ? "with deflate offered" : "uncompressed";

  test(`text and binary of every length class, ${how}`, async () => {
    const client = await connect("/echo", { perMessageDeflate });
    for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1_000_000]) {
      await client.checkEcho(someText(size));
      await client.checkEcho(Buffer.from(someText(size)));
    }
    for (const text of ["\0", "κόσμε", "日本語", "🌾🌊".repeat(1000), "\u{10ffff}"])
      await client.checkEcho(text);
    await client.close();
  });

  test(`fragments are one message, also around a ping, ${how}`, async () => {
    const client = await connect("/echo", { perMessageDeflate });
    const pong = once(client.socket, "pong");
    client.socket.send("Hel", { fin: false });
    client.socket.ping("in between");
    client.socket.send("", { fin: false });
    client.socket.send("lo, wörld");
    assert.equal((await pong).toString(), "in between");
    assert.equal(await client.receive(), "Hello, wörld");

    client.socket.send(Buffer.from([255]), { fin: false });
    client.socket.send(Buffer.from(someText(70_000)));
    assert.deepEqual(await client.receive(), Buffer.from("\xff" + someText(70_000), "latin1"));
    await client.close();
  });
}

test("each parameter of compression", { skip: skipDeflate }, async () => {
  const windows = { serverMaxWindowBits: 9, clientMaxWindowBits: 10 };
  const fresh = { serverNoContextTakeover: true, clientNoContextTakeover: true };
  for (const asked of [{}, windows, fresh, { ...windows, ...fresh }]) {
    const client = await connect("/echo", { perMessageDeflate: { threshold: 0, ...asked } });
    assert.match(client.socket.extensions, /^permessage-deflate/);
    for (let i = 0; i < 3; ++i)
      for (const size of [100, 600, 100_000]) await client.checkEcho(someText(size));
    await client.close();
  }
});

test("messages come back in order", async () => {
  const client = await connect();
  const messages = Array.from({ length: 2000 }, (_, i) => String(i).repeat(i % 50));
  messages.forEach((message) => client.socket.send(message));
  for (const message of messages) assert.equal(await client.receive(), message);
  await client.close();
});

test("pings are answered with their payload", async () => {
  const client = await connect();
  for (const payload of ["", "hello", "x".repeat(125)]) {
    const pong = once(client.socket, "pong");
    client.socket.ping(payload);
    assert.equal((await pong).toString(), payload);
  }
  await client.close();
});

test("the client closes", async () => {
  for (const [code, reason] of [[1000, ""], [1001, "away"], [3000, "library"], [4999, "ä".repeat(61)]])
    assert.equal((await (await connect()).close(code, reason))[0], code);
  const client = await connect();
  client.socket.close();
  assert.deepEqual(await client.closed, [1005, ""]);
});

test("the server closes", async () => {
  for (const [code, reason] of [[1000, "done"], [1012, "restart"], [4000, "ä".repeat(61)]]) {
    const client = await connect("/close");
    client.socket.send(`${code} ${reason}`);
    assert.deepEqual(await client.closed, [code, reason]);
  }
});

test("a message too big ends the connection", async () => {
  const client = await connect("/echo", { perMessageDeflate: false });
  await client.checkEcho(Buffer.alloc(4 * 1024 * 1024));
  client.socket.send(Buffer.alloc(4 * 1024 * 1024 + 1));
  assert.equal((await client.closed)[0], 1009);
});

test("guards", async () => {
  const alice = await connect("/who");
  alice.socket.send("who am I?");
  assert.equal(await alice.receive(), "alice");
  await alice.close();

  const byQuery = await connect("/echo?token=secret", { headers: {}, origin: "https://app.example" });
  await byQuery.checkEcho("by the query");
  await byQuery.close();

  for (const [status, path, options] of [
    [401, "/echo", { headers: {} }],
    [401, "/echo", { headers: { Authorization: "Bearer wrong" } }],
    [403, "/echo", { origin: "https://evil.example" }],
    [404, "/nothing", {}],
  ]) {
    const client = new Client(path, options);
    await assert.rejects(client.opened, { message: `Unexpected server response: ${status}` });
  }
});
